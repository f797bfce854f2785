"""A zip of unknown origin gives the wanted member, or a clear refusal."""

import io
import zipfile
from pathlib import Path

import pytest

from rul_platform.errors import ArchiveError
from rul_platform.storage.zips import Zip


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The bytes of a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize("folder", ["", "a/", "a b/c/", "a\\b\\"])
def test_a_member_is_found_by_its_name_in_any_folder(tmp_path: Path, folder: str):
    path = tmp_path / "archive.zip"
    path.write_bytes(zipped((f"{folder}x.txt", b"1 2"), ("__MACOSX/._x.txt", b"mac")))

    with Zip(path) as archive:
        assert "x.txt" in archive
        assert "y.txt" not in archive
        assert archive.read("x.txt") == b"1 2"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>not found</html>", id="a web page"),
        pytest.param(zipped(("x.txt", bytes(1000)))[:-30], id="cut off"),
    ],
)
def test_what_is_no_complete_zip_is_refused(data: bytes):
    with pytest.raises(ArchiveError, match=r"^given\.zip: this is no complete zip archive .*Fetch"):
        Zip(data, name="given.zip")


def test_an_absent_file_is_named(tmp_path: Path):
    with pytest.raises(ArchiveError, match=r"gone\.zip: this is no complete zip archive .*No such"):
        Zip(tmp_path / "gone.zip")


def refusal_of(data: bytes, *, limit_bytes: int = 1000) -> str:
    """What is said when x.txt is read."""
    with (
        Zip(data, name="a.zip", limit_bytes=limit_bytes) as archive,
        pytest.raises(ArchiveError) as refusal,
    ):
        archive.read("x.txt")
    return str(refusal.value)


def test_an_absent_member_is_named():
    said = refusal_of(zipped(("y.txt", b"1")))

    assert said.startswith("a.zip: 0 members are called x.txt, one is expected")


def test_two_members_of_one_name_are_refused():
    said = refusal_of(zipped(("a/x.txt", b"1"), ("b/x.txt", b"2")))

    assert said.startswith("a.zip: 2 members are called x.txt, one is expected")


def test_a_damaged_member_is_refused():
    data = zipped(("x.txt", b"some text"), method=zipfile.ZIP_STORED)

    said = refusal_of(data.replace(b"some text", b"some test"))

    assert said.startswith("a.zip: x.txt is damaged (Bad CRC-32")


def test_a_member_that_unpacks_without_end_is_refused():
    data = zipped(("x.txt", bytes(10**6)))
    assert len(data) < 2000

    assert refusal_of(data).startswith("a.zip: x.txt unpacks to more than 1000 bytes")


def test_an_encrypted_member_is_refused():
    data = bytearray(zipped(("x.txt", b"secret")))
    data[data.index(b"PK\x01\x02") + 8] |= 0x1  # the flags in the central directory

    assert refusal_of(bytes(data)).startswith("a.zip: x.txt is encrypted; a plain zip is expected")


def test_an_unknown_compression_is_refused():
    data = bytearray(zipped(("x.txt", b"text")))
    data[data.index(b"PK\x01\x02") + 10] = 99  # the method in the central directory

    assert refusal_of(bytes(data)).startswith("a.zip: x.txt is damaged (")
