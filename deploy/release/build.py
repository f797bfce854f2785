"""`make release KEY=release.key`: a folder that anybody can check before they install it.

The same commit gives the same bytes, whoever builds it: files are taken from git, with the commit's
time, in the order of their names. ``SHA256SUMS`` lists every file, and its signature (Ed25519) is by a
key that lies neither in the checkout nor on the machine that runs tests.

Belongs here: making the folder. Does not belong here: checking one
(``rul_platform.operation.releases``).
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from deploy.release.lock import COMMON, GPU, TOP, read
from deploy.release.sbom import bill
from rul_platform.core.signatures import PrivateKey
from rul_platform.operation.releases import PUBLIC_KEY, SIGNATURE, SUMS

SBOM = "sbom.cdx.json"
BESIDE = (COMMON, GPU, "CHANGELOG.md", "LICENSE")
"""What a release holds of the checkout as it is."""

USAGE = """\
A release is signed. Give the key: make release KEY=PATH

  openssl genpkey -algorithm ed25519 -out release.key      makes one, once; keep it off this machine
"""


def build(source: Path, target: Path, *, key: PrivateKey, moment: datetime) -> Path:
    """Make the release's folder in ``target``.

    Args:
        source: A clean copy of the checkout's files; build output is left in it.
        target: Where the folder is made.
        key: Signs.
        moment: Stands for the time of every file.

    Returns:
        The folder, named by product and version. One that was there is replaced.
    """
    project = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name = f"{project['name'].replace('-', '_')}-{project['version']}"
    folder = target / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    wheel = _distributions(source, folder, moment)
    for each in BESIDE:
        shutil.copyfile(source / each, folder / each)
    locked = sorted((*read(source / COMMON), *read(source / GPU)), key=lambda each: each.name)
    made = bill(project["version"], locked, sha256=_sha256(wheel), moment=moment)
    (folder / SBOM).write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    _sign(folder, key)
    return folder


def exported(folder: Path) -> datetime:
    """Write what git has at the newest commit into ``folder``, and give the commit's time."""
    packed = _git("-c", "tar.umask=0022", "archive", "HEAD")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return datetime.fromtimestamp(int(_git("log", "-1", "--format=%ct")), UTC)


def main() -> None:
    """Build the newest commit, whole."""
    if len(sys.argv) != 2:
        sys.exit(USAGE)
    path = Path(sys.argv[1])
    key = PrivateKey.from_pem(path.read_bytes(), source=str(path))
    if changed := _git("status", "--porcelain").decode().strip():
        sys.exit(f"A release is what was committed, and this is not:\n{changed}")
    with tempfile.TemporaryDirectory() as folder:
        moment = exported(Path(folder))
        made = build(Path(folder), TOP / "dist", key=key, moment=moment)
    for line in (made / SUMS).read_text(encoding="utf-8").splitlines():
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{made}, signed by key {key.public.id}\n")


def _distributions(source: Path, folder: Path, moment: datetime) -> Path:
    """Wheel and source distribution; gives the wheel."""
    epoch = str(int(moment.timestamp()))
    environ = os.environ | {"SOURCE_DATE_EPOCH": epoch, "PYTHONHASHSEED": "0"}  # noqa: TID251  a door
    for path in (source, *source.rglob("*")):
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    for kind in ("wheel", "sdist"):
        code = f"from setuptools import build_meta; build_meta.build_{kind}({str(folder)!r})"
        subprocess.run(  # noqa: S603  no word of it comes from outside
            [sys.executable, "-c", code], cwd=source, env=environ, check=True,
            stdout=subprocess.DEVNULL, umask=0o022,
        )  # fmt: skip
    (packed,) = folder.glob("*.tar.gz")
    _evened(packed, int(epoch))
    (wheel,) = folder.glob("*.whl")
    return wheel


def _evened(path: Path, epoch: int) -> None:
    """Write an archive again, without the traces of the machine and the moment that made it."""
    target = io.BytesIO()
    with tarfile.open(path) as before, tarfile.open(fileobj=target, mode="w") as after:
        for member in sorted(before.getmembers(), key=lambda each: each.name):
            data = before.extractfile(member) if member.isfile() else None
            member.mtime, member.uid, member.gid, member.uname, member.gname = epoch, 0, 0, "", ""
            member.pax_headers = {}
            after.addfile(member, data)
    path.write_bytes(gzip.compress(target.getvalue(), mtime=epoch))


def _sign(folder: Path, key: PrivateKey) -> None:
    lines = [f"{_sha256(path)}  {path.name}\n" for path in sorted(folder.iterdir())]
    sums = "".join(lines).encode()
    (folder / SUMS).write_bytes(sums)
    (folder / SIGNATURE).write_bytes(key.sign(sums))
    (folder / PUBLIC_KEY).write_bytes(key.public.pem)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _git(*words: str) -> bytes:
    return subprocess.run(  # noqa: S603
        ["git", *words],  # noqa: S607  the git that the checkout came with
        cwd=TOP, check=True, capture_output=True,
    ).stdout  # fmt: skip


if __name__ == "__main__":
    main()
