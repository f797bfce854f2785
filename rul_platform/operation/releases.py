"""A release before it is installed: is every file the one that was signed, and who signed?

    rul_platform-….whl, ….tar.gz, requirements.lock, sbom.cdx.json, …
    SHA256SUMS        one line for each of them
    SHA256SUMS.sig    Ed25519 over those lines
    release.pub.pem   the key that checks it: believe it only by its fingerprint

Belongs here: checking. Does not belong here: making one (``release`` of the checkout).
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from rul_platform.core.signatures import PublicKey
from rul_platform.errors import KeyFileError, ReleaseError

SUMS, SIGNATURE, PUBLIC_KEY = "SHA256SUMS", "SHA256SUMS.sig", "release.pub.pem"
_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._+-]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A folder in which nothing is missing, changed or added.

    Attributes:
        files: Names that the signature covers.
        key_id: Fingerprint of the key that signed.
    """

    files: tuple[str, ...]
    key_id: str


def check(folder: Path, *, fingerprint: str | None = None) -> Release:
    """Check a folder whole.

    Args:
        folder: As ``make release`` writes it.
        fingerprint: Of the key that may sign, from elsewhere than this folder; without it, any may.

    Raises:
        ReleaseError: A file is missing, changed or not listed; or another key signed, or none.
    """
    sums, signature = (_read(folder, name) for name in (SUMS, SIGNATURE))
    key = _key(folder)
    if fingerprint is not None and key.id != fingerprint.lower():
        raise ReleaseError(folder / PUBLIC_KEY, f"the key {key.id}", f"the key {fingerprint}")
    if not key.has_signed(signature, sums):
        found = "no signature of that key over the list of files"
        raise ReleaseError(folder / SIGNATURE, found, "one")
    listed = _listed(folder, sums)
    for name, sha256 in listed.items():
        found = hashlib.sha256(_read(folder, name)).hexdigest()
        if found != sha256:
            raise ReleaseError(folder / name, f"a file with sha256 {found}", f"sha256 {sha256}")
    for path in sorted(folder.iterdir()):
        if path.name not in {*listed, SUMS, SIGNATURE, PUBLIC_KEY}:
            raise ReleaseError(path, "a file that nobody signed", "none beside those listed")
    return Release(files=tuple(listed), key_id=key.id)


def _listed(folder: Path, sums: bytes) -> dict[str, str]:
    listed = dict[str, str]()
    for line in sums.decode("ascii", errors="replace").splitlines():
        entry = _LINE.fullmatch(line)
        if entry is None or entry[2] in listed:
            raise ReleaseError(
                folder / SUMS, f"the line {line!r}", "a sha256 and a name, once each"
            )
        listed[entry[2]] = entry[1]
    return listed


def _key(folder: Path) -> PublicKey:
    try:
        return PublicKey.from_pem(_read(folder, PUBLIC_KEY), source=str(folder / PUBLIC_KEY))
    except KeyFileError as error:
        raise ReleaseError(folder / PUBLIC_KEY, error.found, error.expected) from error


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ReleaseError(path, f"nothing that can be read ({reason})", "a file") from error
