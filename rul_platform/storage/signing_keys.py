"""The keys that sign the ledger's anchors and the provenance of models.

    signing.key              the key that signs now: on machines that train and decide, and only there
    signing-<id>.pub.pem     each key that ever signed, by the first digits of its id

They lie beside the keys of pseudonyms (``RUL_KEYS``), away from the database; the one that signs may
have a place of its own (``RUL_SIGNING_KEY``), which only those who sign can reach. A process without it
checks, and signs nothing: so the service runs.

Belongs here: the files. Does not belong here: what is signed (``anchors``, ``operation.provenance``),
what the ledger says of keys (``operation.signing``).
"""

import re
import shlex
from pathlib import Path

from rul_platform.core.signatures import PrivateKey, PublicKey
from rul_platform.errors import KeyFileError
from rul_platform.storage import key_files
from rul_platform.storage.plain_files import write_whole

PRIVATE = "signing.key"
ID_DIGITS = 16
"""Of a key's id in its file's name."""

_ONE_TOO_MANY = (
    "there are two, and one must go: `RUL_SIGNING_KEY= rul keys list` says whether this one signs"
)
_PUBLIC = re.compile(r"signing-[0-9a-f]{16}\.pub\.pem", re.ASCII)


def public_file(key: PublicKey) -> str:
    """How the file of a public key is called."""
    return f"signing-{key.id[:ID_DIGITS]}.pub.pem"


class SigningKeys:
    """The keys of an installation, as far as this process has them.

    Attributes:
        folder: Where the public ones are.
        private: File of the one that signs, there or not; None for a process that signs nothing.
    """

    def __init__(self, folder: Path, private: Path | None) -> None:
        self.folder, self.private = folder, private

    @classmethod
    def beside(cls, folder: Path) -> "SigningKeys":
        """All of them in one folder."""
        return cls(folder, folder / PRIVATE)

    @classmethod
    def apart(cls, folder: Path, private: Path) -> "SigningKeys":
        """The public ones in one folder, and the one that signs elsewhere.

        Raises:
            KeyFileError: One lies beside the public ones, where it would be missed.
        """
        beside = folder / PRIVATE
        if not beside.exists():
            return cls(folder, private)
        raise KeyFileError(
            str(beside),
            found="a key that signs",
            expected=f"not there, since RUL_SIGNING_KEY says that it is {private}",
            remedy=_ONE_TOO_MANY if private.exists() else _moving(beside, private),
        )

    def signer(self) -> PrivateKey | None:
        """The key that signs now, or None where this process has none.

        Raises:
            KeyFileError: It is damaged, or others may read or replace it.
        """
        if self.private is None or not self.private.exists():
            return None
        return PrivateKey.from_pem(key_files.read(self.private), source=str(self.private))

    def known(self) -> dict[str, PublicKey]:
        """Every public key by its id.

        Raises:
            KeyFileError: One is damaged.
        """
        paths = sorted(p for p in self.folder.glob("*") if _PUBLIC.fullmatch(p.name))
        keys = [PublicKey.from_pem(path.read_bytes(), source=str(path)) for path in paths]
        return {key.id: key for key in keys}

    def make_first(self) -> PrivateKey | None:
        """Make the first key, where there is neither a private nor a public one.

        Returns:
            It, or None where there were keys, or this process signs nothing. Of processes that come at
            once, all get the same.
        """
        if self.private is None or self.private.exists() or self.known():
            return None
        key_files.create(self.private, PrivateKey.generate().pem)
        key = self.signer()
        assert key is not None  # noqa: S101  it was just made
        self.publish(key.public)
        return key

    def publish(self, key: PublicKey) -> Path:
        """Keep a public key for good."""
        key_files.make_folder(self.folder)
        path = self.folder / public_file(key)
        write_whole(path, key.pem)
        return path

    def replace(self, key: PrivateKey) -> None:
        """Sign with another key from now on; the private key before is gone.

        Only where :meth:`signer` gave one.
        """
        assert self.private is not None  # noqa: S101  who replaces a key has one
        self.publish(key.public)
        key_files.create(self.private, key.pem, replace=True)


def _moving(source: Path, target: Path) -> str:
    place, *paths = (shlex.quote(str(path)) for path in (target.parent, source, target))
    how = f"mkdir -p -m 700 {place} && mv {' '.join(paths)}"
    return f"move it, once, as whom the platform runs: {how}"
