"""Which code runs here, as exactly as it can be told.

Belongs here: the commit of a checkout, the hash of the source, the lock file, and every installed
package. Does not belong here: what is done with it (``provenance``).
"""

import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

import rul_platform
from rul_platform.core.canonical import canonical_json, sha256, source_fingerprint

LOCK_FILE = "constraints.txt"
_PATIENCE_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """The code that runs.

    Attributes:
        fingerprint: Hash of the package's source files, first 16 hex digits.
        commit: Of the checkout that it runs from; empty where it was installed otherwise.
        is_changed: Whether tracked files differ from that commit; None where there is no commit.
        lock: Hex sha256 of the checkout's lock file; empty where there is none.
        packages: Name to version of all that is installed.
    """

    fingerprint: str
    commit: str
    is_changed: bool | None
    lock: str
    packages: dict[str, str]

    @property
    def packages_sha256(self) -> str:
        """One hash of all that is installed."""
        return sha256(canonical_json(self.packages))


@cache
def source_state() -> SourceState:
    """The code of this process; read once, as it runs from memory afterwards."""
    package = Path(rul_platform.__file__).parent
    root = package.parent
    commit, is_changed = _commit(root) if (root / ".git").exists() else ("", None)
    lock = root / LOCK_FILE
    return SourceState(
        fingerprint=source_fingerprint(package, ("",)),
        commit=commit,
        is_changed=is_changed,
        lock=sha256(lock.read_bytes()) if lock.is_file() else "",
        packages=installed(),
    )


def installed() -> dict[str, str]:
    """Name to version of every package that Python sees, names in lower case, sorted."""
    found = {each.name.lower(): each.version for each in distributions() if each.name}
    return dict(sorted(found.items()))


def _commit(root: Path) -> tuple[str, bool | None]:
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return "", None
    return commit, bool(changed)


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(  # noqa: S603  fixed words; the git that the person uses
        ("git", "-C", str(root), *words),  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
        timeout=_PATIENCE_SECONDS,
    )
    return done.stdout.strip()
