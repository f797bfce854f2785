"""Read members of a zip that somebody else made, and trust nothing it says about itself.

Belongs here: opening, finding by base name, and reading with a cap on size.
Does not belong here: which members are wanted, and whether they are the right ones.
"""

import io
import lzma
import struct
import zipfile
import zlib
from pathlib import Path
from types import TracebackType

from rul_platform.errors import ArchiveError

MEMBER_LIMIT_BYTES = 64 * 2**20
"""No member may unpack to more: the largest of NASA's has 10 MB, so more is damage or an attack."""

_ENCRYPTED = 0x1  # bit 0 of the general purpose flags, APPNOTE.TXT 4.4.4
_DAMAGE = (  # what zipfile and its decompressors raise on bytes that are not as they should be
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


class Zip:
    """One open zip.

    Attributes:
        name: How to call it in a message.
    """

    def __init__(
        self, source: Path | bytes, *, name: str = "", limit_bytes: int = MEMBER_LIMIT_BYTES
    ) -> None:
        """Open a file, or the bytes of a zip that stood in another one.

        Raises:
            ArchiveError: It is cut off or not a zip.
        """
        self.name = name or str(source)
        self._limit_bytes = limit_bytes
        try:
            self._zip = zipfile.ZipFile(source if isinstance(source, Path) else io.BytesIO(source))
        except _DAMAGE as error:
            problem = f"this is no complete zip archive ({error})"
            raise ArchiveError(self.name, problem) from error

    def __enter__(self) -> "Zip":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._zip.close()

    def __contains__(self, base_name: str) -> bool:
        """Whether a member has this name, in whatever folder."""
        return bool(self._members(base_name))

    def read(self, base_name: str) -> bytes:
        """Bytes of the member with this name, in whatever folder.

        Raises:
            ArchiveError: There is not exactly one, it is encrypted, damaged, or too large.
        """
        members = self._members(base_name)
        if len(members) != 1:
            problem = f"{len(members)} members are called {base_name}, one is expected"
            raise ArchiveError(self.name, problem)
        member = members[0]
        if member.flag_bits & _ENCRYPTED:
            problem = f"{base_name} is encrypted; a plain zip is expected"
            raise ArchiveError(self.name, problem)
        try:
            with self._zip.open(member) as stream:
                data = stream.read(self._limit_bytes + 1)  # whatever size the header claims
        except _DAMAGE as error:
            raise ArchiveError(self.name, f"{base_name} is damaged ({error})") from error
        if len(data) > self._limit_bytes:
            problem = f"{base_name} unpacks to more than {self._limit_bytes} bytes"
            raise ArchiveError(self.name, problem)
        return data

    def _members(self, base_name: str) -> list[zipfile.ZipInfo]:
        """Members with this name; a Windows tool may have written their folders with backslashes."""
        return [
            member
            for member in self._zip.infolist()
            if member.filename.replace("\\", "/").rpartition("/")[2] == base_name
        ]
