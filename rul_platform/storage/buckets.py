"""A bucket that speaks S3: single requests, asked again when that helps, refused in words when not.

Credentials come from where every AWS program takes them: environment, profile, or the machine's role.
Nothing of them is kept, logged or told here.

Belongs here: requests to an object store. Does not belong here: what objects mean (``object_blobs``).
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from rul_platform.errors import MissingExtraError, StoreUnreachableError

CONNECT_SECONDS, READ_SECONDS = 5, 20
"""How long one attempt waits for a connection, and for the next bytes."""

ATTEMPTS = 5
FIRST_WAIT_SECONDS = 0.3
"""Doubled for each attempt, and shortened at random, so that many callers do not return together."""

PART_BYTES = 16 * 2**20
"""Of large files, what one request sends or fetches."""

PASSING = frozenset({
    "SlowDown", "Throttling", "ThrottlingException", "RequestTimeout", "OperationAborted",
    "ConditionalRequestConflict", "IncompleteBody", "BadDigest",
})  # fmt: skip
"""Refusals that mean: later. So does every answer of 429, or of 500 and above."""
TOO_MANY, SERVER_ERROR = 429, 500

ABSENT = frozenset({"NoSuchKey", "NoSuchUpload", "404"})
THERE_ALREADY = frozenset({"PreconditionFailed", "412"})
UNKNOWN_CONDITION = frozenset({"NotImplemented", "501"})
CUT_OFF = frozenset({"InvalidRange", "416"})

ADVICE = {
    "NoSuchBucket": "the bucket does not exist",
    "AccessDenied": "these credentials may not do that",
    "403": "these credentials may not do that",
    "InvalidAccessKeyId": "the access key is not known there",
    "SignatureDoesNotMatch": "the secret key does not fit the access key",
    "ExpiredToken": "the session's credentials have expired",
    "RequestTimeTooSkewed": "this machine's clock is wrong",
    "PermanentRedirect": "the bucket is in another region: set AWS_DEFAULT_REGION",
    "NoCredentialsError": "no credentials were found in the environment, a profile or a role",
    "PartialCredentialsError": "the credentials lack a part",
    "ProfileNotFound": "AWS_PROFILE names a profile that is not there",
}
"""What people can do about it, by the code that the server gave, or by the error's class."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as the server describes it.

    Attributes:
        size: In bytes.
        written_at: By the server's clock, in UTC.
    """

    size: int
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload in parts that nobody has completed yet.

    Attributes:
        key: Of the object that it would become.
        id: The server's name for it.
        begun_at: By the server's clock, in UTC.
    """

    key: str
    id: str
    begun_at: datetime


class Bucket:
    """The objects of one bucket whose keys begin with one prefix."""

    def __init__(
        self,
        url: str,
        *,
        endpoint: str | None = None,
        part_bytes: int = PART_BYTES,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Name a bucket; the first request connects.

        Args:
            url: ``s3://bucket`` or ``s3://bucket/prefix``, as the settings have checked it.
            endpoint: URL of a server that speaks S3; None for AWS.
            part_bytes: Size of parts; S3 takes none below 5 MiB, but for the last.
            pause: Waits so many seconds.
        """
        parts = urlsplit(url)
        self.name, prefix = parts.netloc, parts.path.strip("/")
        self.part_bytes = part_bytes
        self._prefix = f"{prefix}/" if prefix else ""
        self._endpoint, self._pause = endpoint, pause
        self._takes_conditions = True

    @property
    def url(self) -> str:
        """Bucket and prefix, for people."""
        return f"s3://{self.name}/{self._prefix}".rstrip("/")

    def head(self, key: str) -> Stored | None:
        """What the server says of an object; None where it is absent."""
        found = self._unless_absent(lambda: self._call("head_object", key))
        return None if found is None else Stored(found["ContentLength"], found["LastModified"])

    def get(self, key: str, start: int | None = None, end: int | None = None) -> bytes | None:
        """An object's bytes, or those from ``start`` to before ``end``; None where it is absent.

        Fewer come where the object is shorter.
        """
        path = self._path(key)
        try:
            return self._unless_absent(
                lambda: self._files.cat_file(path, start=start, end=end, max_concurrency=1)
            )
        except OSError as error:
            if _code(error) in CUT_OFF:
                return b""
            raise

    def put(self, key: str, file: Path, *, only_new: bool) -> bool:
        """Store a file, in one request or in parts: the object is complete or absent.

        Args:
            key: Under which key.
            file: One that nobody changes.
            only_new: Not in place of an object that is there.

        Returns:
            False where one was there, and nothing was stored.
        """
        mode = "create" if only_new and self._takes_conditions else "overwrite"
        try:
            self._asked(
                lambda: self._files.put_file(
                    str(file), self._path(key), mode=mode, chunksize=self.part_bytes
                )
            )
        except OSError as error:
            if _code(error) in THERE_ALREADY:
                return False
            if mode == "overwrite" or _code(error) not in UNKNOWN_CONDITION:
                raise
            self._takes_conditions = (
                False  # an older server: the same name has the same bytes anyway
            )
            return self.put(key, file, only_new=only_new)
        return True

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens where it is absent."""
        self._asked(lambda: self._call("delete_object", key))

    def objects(self) -> Iterator[tuple[str, int]]:
        """Key below the prefix and size of every object."""
        asked: dict[str, Any] = {}
        while True:
            page = self._listed("list_objects_v2", **asked)
            for each in page.get("Contents", ()):
                yield each["Key"].removeprefix(self._prefix), each["Size"]
            if not page.get("IsTruncated"):
                return
            asked = {"ContinuationToken": page["NextContinuationToken"]}

    def uploads(self) -> Iterator[Upload]:
        """Every upload in parts that is not completed."""
        asked: dict[str, Any] = {}
        while True:
            page = self._listed("list_multipart_uploads", **asked)
            for each in page.get("Uploads", ()):
                key = each["Key"].removeprefix(self._prefix)
                yield Upload(key, each["UploadId"], each["Initiated"])
            if not page.get("IsTruncated"):
                return
            asked = {name: page[f"Next{name}"] for name in ("KeyMarker", "UploadIdMarker")}

    def abort(self, upload: Upload) -> None:
        """End an upload; its parts cost nothing any more."""
        self._unless_absent(
            lambda: self._call("abort_multipart_upload", upload.key, UploadId=upload.id)
        )

    def _listed(self, method: str, **asked: Any) -> dict[str, Any]:
        return self._asked(
            lambda: self._files.call_s3(method, Bucket=self.name, Prefix=self._prefix, **asked)
        )

    def _call(self, method: str, key: str, **asked: Any) -> Any:
        return self._files.call_s3(method, Bucket=self.name, Key=self._prefix + key, **asked)

    def _path(self, key: str) -> str:
        return f"{self.name}/{self._prefix}{key}"

    def _unless_absent(self, ask: Callable[[], _T]) -> _T | None:
        try:
            return self._asked(ask)
        except FileNotFoundError:
            return None

    def _asked(self, ask: Callable[[], _T]) -> _T:
        """The answer to a request, asked again as long as that may help.

        Raises:
            FileNotFoundError: There is no such object.
            OSError: The request's own condition does not hold.
            StoreUnreachableError: The server does not answer, or refuses.
        """
        for attempt in range(ATTEMPTS):
            try:
                return ask()
            except _from_server() as error:
                if _is_of_a_file_here(error):
                    raise
                code = _code(error)
                if code in ABSENT | THERE_ALREADY | UNKNOWN_CONDITION | CUT_OFF:
                    raise
                if not _passes(error) or attempt == ATTEMPTS - 1:
                    raise StoreUnreachableError(self.url, _reason(error)) from error
            longest = FIRST_WAIT_SECONDS * 2**attempt
            self._pause(longest * random.uniform(0.5, 1))  # noqa: S311  no secret
        raise AssertionError

    @property
    def _files(self) -> Any:
        return _connect(self._endpoint, os.getpid())


@cache
def _connect(endpoint: str | None, process: int) -> Any:
    """An fsspec file system for S3 that neither asks again nor remembers listings: that is done here.

    Args:
        endpoint: Of which server.
        process: Whose it is: one that was inherited by a fork does not work.
    """
    del process
    try:
        import s3fs
    except ImportError as error:
        raise MissingExtraError("A store in a bucket", package="s3fs", extra="s3") from error
    files = s3fs.S3FileSystem(
        endpoint_url=endpoint,
        use_listings_cache=False,
        skip_instance_cache=True,
        config_kwargs={
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": READ_SECONDS,
            "retries": {"total_max_attempts": 1},
            "response_checksum_validation": "when_required",  # whoever asks hashes the bytes
            **({"s3": {"addressing_style": "path"}} if endpoint else {}),
        },
    )
    files.retries = 1
    return files


def _from_server() -> tuple[type[Exception], ...]:
    """What a request may end in. Asked only in trouble: botocore's import is heavy."""
    from botocore.exceptions import BotoCoreError, ClientError

    return OSError, BotoCoreError, ClientError, *_broken_off()


def _broken_off() -> tuple[type[Exception], ...]:
    """Bodies that end too early, and answers that are none."""
    from aiohttp import ClientError
    from botocore.exceptions import ConnectionError as NoConnectionError
    from botocore.exceptions import HTTPClientError
    from botocore.parsers import ResponseParserError

    ours = ClientError, NoConnectionError, HTTPClientError, ResponseParserError
    return *ours, TimeoutError, ConnectionError


def _is_of_a_file_here(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.filename is not None


def _passes(error: BaseException) -> bool:
    answer = _answer(error)
    if answer is None:
        return isinstance(error, _broken_off())
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return _code(error) in PASSING or status == TOO_MANY or status >= SERVER_ERROR


def _code(error: BaseException) -> str:
    """The server's word for why it refused; the error's class where it said nothing."""
    answer = _answer(error)
    return type(error).__name__ if answer is None else str(answer.get("Error", {}).get("Code", ""))


def _answer(error: BaseException) -> dict[str, Any] | None:
    """The server's answer, where there was one: s3fs raises Python's own errors from it."""
    for each in (error, error.__cause__):
        if isinstance(answer := getattr(each, "response", None), dict):
            return answer
    return None


def _reason(error: BaseException) -> str:
    """Why, in words without anything of the request, which may hold credentials."""
    code, answer = _code(error), _answer(error)
    if code in ADVICE:
        return f"{ADVICE[code]} ({code})"
    if answer is None:
        return f"it does not answer, or not to the end ({code})"
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
    return f"it answers {code} (HTTP {status})"
