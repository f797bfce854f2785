"""Ed25519 keys and signatures, in the forms that ``openssl`` reads and writes too.

Belongs here: keys, signing, checking. Does not belong here: where keys are kept
(``storage.signing_keys``), what is signed (``dsse``, ``ledger_anchor``).

Source: RFC 8032 for the signatures, RFC 8410 for the PEM of the keys.
"""

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from rul_platform.errors import KeyFileError

_UNREADABLE = "nothing that can be read"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that checks signatures.

    Attributes:
        raw: The 32 bytes of the key.
    """

    raw: bytes

    @classmethod
    def from_pem(cls, data: bytes, *, source: str) -> "PublicKey":
        """Read a ``BEGIN PUBLIC KEY`` block.

        Raises:
            KeyFileError: It is none, or of another algorithm.
        """
        try:
            key = load_pem_public_key(data)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise _unusable(source, _UNREADABLE, "a public key in PEM") from error
        if not isinstance(key, Ed25519PublicKey):
            raise _unusable(source, "a key of another algorithm", "of Ed25519")
        return cls(key.public_bytes_raw())

    @property
    def id(self) -> str:
        """Hex sha256 of the key's DER: ``openssl pkey -pubin -in KEY -outform DER | sha256sum``."""
        der = self._key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()

    @property
    def pem(self) -> bytes:
        """For files, and for ``openssl``."""
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def has_signed(self, signature: bytes, data: bytes) -> bool:
        """Whether the signature is this key's, over exactly these bytes."""
        try:
            self._key.verify(signature, data)
        except InvalidSignature:
            return False
        return True

    @property
    def _key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.raw)


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that signs. Its text says nothing about it.

    Attributes:
        raw: The 32 bytes of the key: a secret.
    """

    raw: bytes

    def __repr__(self) -> str:
        """Never the secret."""
        return f"PrivateKey of {self.public.id}"

    @classmethod
    def generate(cls) -> "PrivateKey":
        """A new one."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def from_pem(cls, data: bytes, *, source: str) -> "PrivateKey":
        """Read a ``BEGIN PRIVATE KEY`` block without a password.

        Raises:
            KeyFileError: It is none, or of another algorithm.
        """
        try:
            key = load_pem_private_key(data, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise _unusable(
                source, _UNREADABLE, "a private key in PEM without a password"
            ) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise _unusable(source, "a key of another algorithm", "of Ed25519")
        return cls(key.private_bytes_raw())

    @property
    def public(self) -> PublicKey:
        """The key that checks what this one signed."""
        return PublicKey(self._key.public_key().public_bytes_raw())

    @property
    def pem(self) -> bytes:
        """PKCS #8 without a password: a secret, for a file that its owner alone may read."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, data: bytes) -> bytes:
        """64 bytes; the same for the same data."""
        return self._key.sign(data)

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.raw)


def _unusable(source: str, found: str, expected: str) -> KeyFileError:
    return KeyFileError(
        source, found=found, expected=expected, remedy="restore it from a backup, or give another"
    )
