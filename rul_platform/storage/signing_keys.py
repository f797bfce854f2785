"""The keys that sign the ledger's anchors and the provenance of models.

    signing.key              the key that signs now: on machines that train and decide, and only there
    signing-<id>.pub.pem     each key that ever signed, by the first digits of its id

They lie beside the keys of pseudonyms (``RUL_KEYS``), away from the database. A process that finds
public keys and no private one checks, and signs nothing: so the service runs.

Belongs here: the files. Does not belong here: what is signed (``anchors``, ``operation.provenance``),
what the ledger says of keys (``operation.signing``).
"""

import re
from pathlib import Path

from rul_platform.core.signatures import PrivateKey, PublicKey
from rul_platform.storage import key_files
from rul_platform.storage.plain_files import write_whole

PRIVATE = "signing.key"
ID_DIGITS = 16
"""Of a key's id in its file's name."""

_PUBLIC = re.compile(r"signing-[0-9a-f]{16}\.pub\.pem", re.ASCII)


def public_file(key: PublicKey) -> str:
    """How the file of a public key is called."""
    return f"signing-{key.id[:ID_DIGITS]}.pub.pem"


class SigningKeys:
    """The keys in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where they are."""
        return self._folder

    def signer(self) -> PrivateKey | None:
        """The key that signs now, or None where this process has none.

        Raises:
            KeyFileError: It is damaged, or others may read or replace it.
        """
        path = self._folder / PRIVATE
        if not path.exists():
            return None
        return PrivateKey.from_pem(key_files.read(path), source=str(path))

    def known(self) -> dict[str, PublicKey]:
        """Every public key by its id.

        Raises:
            KeyFileError: One is damaged.
        """
        paths = sorted(p for p in self._folder.glob("*") if _PUBLIC.fullmatch(p.name))
        keys = [PublicKey.from_pem(path.read_bytes(), source=str(path)) for path in paths]
        return {key.id: key for key in keys}

    def make_first(self) -> PrivateKey | None:
        """Make the first key, where there is neither a private nor a public one.

        Returns:
            It, or None where there were keys. Of processes that come at once, all get the same.
        """
        if (self._folder / PRIVATE).exists() or self.known():
            return None
        key_files.create(self._folder / PRIVATE, PrivateKey.generate().pem)
        key = self.signer()
        assert key is not None  # noqa: S101  it was just made
        self.publish(key.public)
        return key

    def publish(self, key: PublicKey) -> Path:
        """Keep a public key for good."""
        path = self._folder / public_file(key)
        write_whole(path, key.pem)
        return path

    def replace(self, key: PrivateKey) -> None:
        """Sign with another key from now on; the private key before is gone."""
        self.publish(key.public)
        key_files.create(self._folder / PRIVATE, key.pem, replace=True)
