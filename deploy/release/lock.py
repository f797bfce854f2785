"""`make lock`: every distribution that an installation needs, with the hashes of its files.

``constraints.txt`` says which versions; the resolver ``uv`` adds the hashes that the package index
publishes. Two files, because PyTorch is built in two ways: ``requirements.lock`` fits every machine;
``requirements-gpu.lock`` is PyTorch as the index has it, with what it takes to use a GPU.

Belongs here: writing and reading locks. Does not belong here: what they are for (``build``, ``sbom``).
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
COMMON, GPU = "requirements.lock", "requirements-gpu.lock"
ROOT = "torch"
ONLY_LINUX = "sys_platform == 'linux'"
"""How the index marks what PyTorch needs for a GPU; what it needs anyway has no such marker."""

_PIN = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9-]*)(\[[^]]*\])?==(?P<version>[^ ;\\]+)( ; (?P<marker>[^\\]+?))? ?\\?$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """One distribution of a lock.

    Attributes:
        name: As the index spells it.
        version: Its one version.
        marker: For which machines; empty for all.
        hashes: Hex sha256 of each of its files.
        via: Names of those that need it.
        text: Its lines in the file.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    via: frozenset[str]
    text: str


def read(path: Path) -> tuple[Locked, ...]:
    """All distributions of a lock, in its order.

    Raises:
        ValueError: A line is none that ``make lock`` writes.
    """
    blocks = re.split(r"\n(?=[a-z0-9])", path.read_text(encoding="utf-8").strip())
    return tuple(_locked(block) for block in blocks)


def split(found: Iterable[Locked]) -> tuple[tuple[Locked, ...], tuple[Locked, ...]]:
    """What every machine needs, and PyTorch with what it alone brings for a GPU."""
    everything = tuple(found)
    gpu = {ROOT}
    while more := {each.name for each in everything if _is_for_gpu(each, gpu)} - gpu:
        gpu |= more
    common = tuple(each for each in everything if each.name not in gpu)
    return common, tuple(each for each in everything if each.name in gpu)


def write(path: Path, locked: Iterable[Locked]) -> None:
    """Write a lock that ``pip install --require-hashes`` takes."""
    path.write_text("".join(f"{each.text}\n" for each in locked), encoding="utf-8")


def main() -> None:
    """Ask the index, and write both files."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [f"--extra={name}" for name in project["optional-dependencies"] if name != "dev"]
    resolved = TOP / "build" / COMMON
    resolved.parent.mkdir(exist_ok=True)
    command = [
        Path(sys.executable).with_name("uv"), "pip", "compile", "pyproject.toml", *extras,
        "--constraint", "constraints.txt", "--universal", "--generate-hashes", "--no-header",
        "--quiet", "--python-version", project["requires-python"].removeprefix(">="),
        "--output-file", resolved,
    ]  # fmt: skip
    resolved.unlink(missing_ok=True)  # else the resolver would rather keep than renew
    done = subprocess.run(command, cwd=TOP, check=False)  # noqa: S603  no word of it comes from outside
    if done.returncode:
        sys.exit(
            "No lock was written: the package index gave no answer that can be used; see above."
        )
    for name, part in zip((COMMON, GPU), split(read(resolved)), strict=True):
        write(TOP / name, part)
        sys.stdout.write(f"{name}: {len(part)} distributions\n")


def _is_for_gpu(each: Locked, gpu: set[str]) -> bool:
    return ONLY_LINUX in each.marker and bool(each.via) and each.via <= gpu


def _locked(block: str) -> Locked:
    first, *others = block.splitlines()
    pin = _PIN.fullmatch(first)
    if pin is None:
        message = f"{first!r} is no line of a lock, expected NAME==VERSION: run `make lock`"
        raise ValueError(message)
    return Locked(
        name=pin["name"],
        version=pin["version"],
        marker=(pin["marker"] or "").strip(),
        hashes=tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", block)),
        via=frozenset(_via(others)),
        text=block.rstrip(),
    )


def _via(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        words = line.strip().removeprefix("# via").removeprefix("#").strip()
        if line.strip().startswith("#") and words and not words.startswith("-c "):
            yield words.partition(" (")[0]


if __name__ == "__main__":
    main()
