"""Keys and signatures, also as openssl sees them."""

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from rul_platform.core.signatures import PrivateKey, PublicKey
from rul_platform.errors import KeyFileError

RFC_8032_TEST_2 = (
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
)


def test_signatures_are_those_of_the_standard():
    secret, public, message, signature = (bytes.fromhex(text) for text in RFC_8032_TEST_2)
    key = PrivateKey(secret)
    assert key.public.raw == public
    assert key.sign(message) == signature
    assert key.public.has_signed(signature, message)


def test_another_byte_or_another_key_is_noticed():
    key, other = PrivateKey.generate(), PrivateKey.generate()
    signature = key.sign(b"as it was")
    assert not key.public.has_signed(signature, b"as it is")
    assert not key.public.has_signed(bytes([signature[0] ^ 1]) + signature[1:], b"as it was")
    assert not other.public.has_signed(signature, b"as it was")
    assert not key.public.has_signed(b"short", b"as it was")


def test_keys_survive_their_files_and_no_text_tells_the_secret():
    key = PrivateKey.generate()
    assert PrivateKey.from_pem(key.pem, source="key") == key
    assert PublicKey.from_pem(key.public.pem, source="key") == key.public
    assert repr(key) == f"PrivateKey of {key.public.id}"
    assert key.raw.hex() not in f"{key!r} {key}"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_checks_the_signature_and_names_the_key_alike(tmp_path: Path):
    key = PrivateKey.generate()
    for name, data in (("key.pem", key.public.pem), ("data", b"x"), ("sig", key.sign(b"x"))):
        (tmp_path / name).write_bytes(data)

    def run(*words: str) -> str:
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, check=True)
        return done.stdout.decode(errors="replace")

    checked = run(
        "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "data",
        "-sigfile", "sig",
    )  # fmt: skip
    assert "Verified Successfully" in checked
    named = run("sh", "-c", "openssl pkey -pubin -in key.pem -outform DER | sha256sum")
    assert named.split()[0] == key.public.id


@pytest.mark.parametrize("data", [b"", b"no key", PrivateKey(bytes(32)).pem[:-30]])
def test_what_is_no_key_is_refused(data: bytes):
    with pytest.raises(
        KeyFileError, match="k is nothing that can be read, but must be a private key"
    ):
        PrivateKey.from_pem(data, source="k")
    with pytest.raises(
        KeyFileError, match="k is nothing that can be read, but must be a public key"
    ):
        PublicKey.from_pem(data, source="k")


def test_a_key_of_another_algorithm_is_refused():
    other = generate_private_key(SECP256R1())
    private = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for read, data in ((PrivateKey.from_pem, private), (PublicKey.from_pem, public)):
        with pytest.raises(
            KeyFileError, match="a key of another algorithm, but must be of Ed25519"
        ):
            read(data, source="k")
