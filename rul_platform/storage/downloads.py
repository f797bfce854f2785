"""Download one file over HTTP, and go on where an earlier attempt was cut off.

Belongs here: ranges, retries, timeouts and lengths.
Does not belong here: what the file is, and whether its content is the right one.

Two files lie on the disk while a download is under way: the bytes so far, and beside them
``<name>.json`` with the address and the server's validator (its ETag, or else Last-Modified). The rest
is asked for only if the server still has that version; without a validator all is asked for again.
"""

import errno
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema

from rul_platform.errors import DownloadError, StoreFullError

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are there, and those of the whole file where the server says so."""

LIMIT_BYTES = 256 * 2**20
"""No file may be larger; NASA's archive has 12 MB."""

_CHUNK_BYTES = 64 * 2**10
_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_OK, _PART, _NO_SUCH_PART = 200, 206, 416


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait, and how often to try.

    Attributes:
        attempts: Requests in all, at least 1.
        connect_seconds: Longest wait for a connection.
        read_seconds: Longest silence of the server.
        backoff_seconds: Pause before the second attempt; it doubles before each further one.
    """

    attempts: int = 4
    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    backoff_seconds: float = 0.5


class _InterruptedError(Exception):
    """This attempt came to nothing, but another one may do better."""


def without_secrets(url: str) -> str:
    """An address as it may stand in a message or record: no password, no signed query.

    >>> without_secrets("https://me:secret@mirror.example/a.zip?token=1")
    'https://mirror.example/a.zip'
    """
    scheme, separator, rest = url.partition("?")[0].rpartition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def silent(done: int, total: int | None) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """One file on its way to this machine.

    Attributes:
        url: An http or https address.
        partial: Where the bytes are collected; its folder exists.
        patience: Timeouts and attempts.
        progress: Told after each chunk.
        limit_bytes: A larger file is refused.
    """

    url: str
    partial: Path
    patience: Patience = Patience()
    progress: Progress = silent
    limit_bytes: int = LIMIT_BYTES

    def complete(self) -> None:
        """Make ``partial`` the whole file, from whatever part of it is there.

        Raises:
            DownloadError: The server refused, stayed silent, or cut off at every attempt; what came
                is kept for the next call.
            StoreFullError: The disk is full.
        """
        reason = ""
        for attempt in range(self.patience.attempts):
            if attempt:
                time.sleep(self.patience.backoff_seconds * 2 ** (attempt - 1))
            try:
                self._fetch_rest()
            except _InterruptedError as error:
                reason = str(error)
            else:
                return
        held = self.partial.stat().st_size if self.partial.exists() else 0
        kept = f" The next download goes on from the {held} bytes that are kept in {self.partial}."
        message = (
            f"{without_secrets(self.url)}: no complete file after {self.patience.attempts} attempts, "
            f"at last because of {reason}. Is this machine online? Try again.{kept if held else ''}"
        )
        raise DownloadError(message)

    def publish(self, target: Path) -> None:
        """Give the complete and verified file its name, in one step."""
        with self.partial.open("rb") as file:
            os.fsync(file.fileno())
        self.partial.replace(target)
        self.discard()

    def discard(self) -> None:
        """Forget what came so far."""
        for path in (self.partial, self._note):
            path.unlink(missing_ok=True)

    @property
    def _note(self) -> Path:
        """Says which version of the file the bytes are of."""
        return self.partial.with_name(self.partial.name + ".json")

    def _fetch_rest(self) -> None:
        """One attempt."""
        held, validator = self._held()
        headers = {"Accept-Encoding": "identity"}  # a range counts the bytes of the file itself
        if held:
            headers |= {"Range": f"bytes={held}-", "If-Range": validator}
        timeout = (self.patience.connect_seconds, self.patience.read_seconds)
        try:
            with requests.get(self.url, headers=headers, stream=True, timeout=timeout) as response:
                start, total = self._placement(response, held)
                if response.status_code != _NO_SUCH_PART:
                    self._write(response, start, total)
        except (InvalidURL, InvalidSchema, MissingSchema) as error:
            message = f"{without_secrets(self.url)!r} is not an http or https address."
            raise DownloadError(message) from error
        except requests.RequestException as error:
            cause = getattr(error.args[0], "reason", error) if error.args else error
            reason = f"{type(error).__name__} ({cause})"  # the outer text repeats the whole address
            raise _InterruptedError(reason) from error

    def _held(self) -> tuple[int, str]:
        """Bytes that an earlier attempt got from the same address, and their version."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            held = self.partial.stat().st_size
        except (FileNotFoundError, ValueError):
            return 0, ""
        return (held, note["validator"]) if note["url"] == without_secrets(self.url) else (0, "")

    def _placement(self, response: requests.Response, held: int) -> tuple[int, int | None]:
        """Where the answer's bytes belong, and how long the whole file is if that is known."""
        status = response.status_code
        if status == _OK:  # nothing was held, or the server cannot go on from it
            length = response.headers.get("Content-Length", "")
            return 0, int(length) if length.isdigit() and not _is_encoded(response) else None
        if status in (_PART, _NO_SUCH_PART):
            start, total = _content_range(response)
            if held and held == (start if status == _PART else total):
                return held, total
            self.discard()
            reason = f"an answer {status} that does not fit the range asked for"
            raise _InterruptedError(reason)
        if status in _TRY_AGAIN:
            reason = f"the answer {status} {response.reason}"
            raise _InterruptedError(reason)
        answer = f"the server answered {status} {response.reason}"
        message = f"{without_secrets(self.url)}: {answer}; is that the address?"
        raise DownloadError(message)

    def _write(self, response: requests.Response, start: int, total: int | None) -> None:
        """Put the answer's bytes into the file from ``start`` on."""
        done = start
        try:
            with self.partial.open("r+b" if start else "wb") as file:
                if not start:
                    self._note_version(response)
                file.seek(start)
                for chunk in response.iter_content(_CHUNK_BYTES):
                    file.write(chunk)
                    done += len(chunk)
                    self.progress(done, total)
                    if done > self.limit_bytes:
                        break
        except OSError as error:  # requests' own errors are OSErrors too, without a number
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise StoreFullError(str(self.partial), str(error.strerror)) from error
        self._check_length(done, total)

    def _note_version(self, response: requests.Response) -> None:
        """Note the version beside the bytes, or that they cannot be continued."""
        etag = response.headers.get("ETag", "")
        strong = "" if etag.startswith("W/") else etag  # a weak one may not stand in If-Range
        validator = strong or response.headers.get("Last-Modified", "")
        self._note.unlink(missing_ok=True)
        if validator and not _is_encoded(response):
            note = json.dumps({"url": without_secrets(self.url), "validator": validator})
            self._note.write_text(note, encoding="utf-8")

    def _check_length(self, done: int, total: int | None) -> None:
        """Refuse a file that is longer than we take, or not as long as the server said."""
        if done > self.limit_bytes:
            self.discard()
            found = f"more than {self.limit_bytes} bytes"
            message = f"{without_secrets(self.url)}: {found}; is that the address?"
            raise DownloadError(message)
        if total is not None and done != total:
            if done > total:
                self.discard()
            reason = f"an end after {done} of {total} bytes"
            raise _InterruptedError(reason)


def _content_range(response: requests.Response) -> tuple[int | None, int | None]:
    """First byte and length of the whole file, from Content-Range (RFC 9110, section 14.4)."""
    header = response.headers.get("Content-Range", "")
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(?:(\d+)|\*)", header.strip())
    start, total = match.groups() if match else (None, None)
    return int(start) if start else None, int(total) if total else None


def _is_encoded(response: requests.Response) -> bool:
    """Whether the bytes on the wire are not those of the file."""
    return response.headers.get("Content-Encoding", "identity") != "identity"
