"""Blobs in a bucket: objects named by their hash below the store's prefix.

    prefix/ab/abcd…    bytes, named by their sha256

An object is complete or absent: it comes from one request, or from parts that are completed at last.
What is sent is a copy on this machine that was hashed and does not change any more. A new object is sent
on the condition that there is none (``If-None-Match: *``). Every answer is hashed: a cut off, changed or
missing object is the same error as on disk.

There are no locks: writers never disturb each other, since the same name has the same bytes. Who removes
leaves alone what was written within ``GRACE``, and a writer that finds what it needs older than half of
that writes it again. A listing is asked only by who removes or copies all.

Belongs here: objects by hash. Does not belong here: requests (``buckets``), copies (``file_cache``).
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TypeVar

from rul_platform.core.canonical import sha256 as sha256_of
from rul_platform.errors import CorruptArtifactError, MissingArtifactError
from rul_platform.storage.blobs import blob_name, require, sha256_in
from rul_platform.storage.buckets import Bucket
from rul_platform.storage.file_cache import FileCache
from rul_platform.storage.manifests import MANIFEST_BEGINS, FileEntry
from rul_platform.storage.partial_files import chunks

_T = TypeVar("_T")

GRACE = timedelta(days=1)
"""Longer than any step writes one artifact."""

ABANDONED_AFTER = timedelta(days=1)
"""An upload that was begun so long ago is nobody's any more."""

LOOKED_AT_ONCE = 16
"""Objects that are looked into at the same time: each answer comes from far away."""


class ObjectBlobs:
    """As ``Blobs`` says. Any number of machines may write at once."""

    def __init__(
        self,
        bucket: Bucket,
        cache: FileCache,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Name bucket and cache; nothing is asked yet."""
        self._bucket, self._cache, self._clock = bucket, cache, clock

    @property
    def place(self) -> str:
        """Bucket and prefix."""
        return self._bucket.url

    def keep(self, content: bytes | Path) -> FileEntry:
        """As ``Blobs`` says."""
        self._cache.sweep()
        entry = self._cache.add(chunks(content), expected=None, source="")
        key = blob_name(entry.sha256, place=self.place)
        copy, there = self._cache.place_of(entry), self._bucket.head(key)
        if there is None and self._bucket.put(key, copy, only_new=True):
            return entry
        is_recent = there is None or self._clock() - there.written_at < GRACE / 2
        if not (is_recent and self._is_whole(entry)):
            self._bucket.put(key, copy, only_new=False)
        return entry

    def confirm(self, entry: FileEntry) -> None:
        """As ``Blobs`` says: it becomes young again where it is old."""
        self.check(entry)
        there = self._bucket.head(blob_name(entry.sha256, place=self.place))
        if there is None or self._clock() - there.written_at >= GRACE / 2:
            self.keep(self.path(entry))

    def settle(self, entries: Iterable[FileEntry]) -> None:
        """As ``Blobs`` says: what a bucket has taken, it has."""

    def get(self, sha256: str) -> bytes:
        """As ``Blobs`` says."""
        return _twice(lambda: self._get(sha256))

    def read(self, entry: FileEntry) -> bytes:
        """As ``Blobs`` says; by a copy on this machine."""
        return self.path(entry).read_bytes()

    def path(self, entry: FileEntry) -> Path:
        """As ``Blobs`` says; a copy on this machine."""
        copy = self._cache.get(entry)
        if copy is not None:
            return copy
        _twice(lambda: self._fetch(entry))
        return self._cache.place_of(entry)

    def check(self, entry: FileEntry) -> None:
        """As ``Blobs`` says; a copy on this machine is not believed, nor made."""
        _twice(lambda: self._hash(entry))

    def manifests(self) -> Iterator[tuple[str, bytes]]:
        """As ``Blobs`` says; looks at the beginning of every object."""
        names = (name for key, size in self._bucket.objects() if size and (name := sha256_in(key)))
        with ThreadPoolExecutor(LOOKED_AT_ONCE) as pool:
            while some := list(islice(names, 64 * LOOKED_AT_ONCE)):
                for name, data in zip(some, pool.map(self._manifest, some), strict=True):
                    if data is not None:
                        yield name, data

    def remove(self, sha256: str, *, idle_only: bool = False) -> int:
        """As ``Blobs`` says."""
        key = blob_name(sha256, place=self.place)
        there = self._bucket.head(key)
        if there is None or (idle_only and self._clock() - there.written_at < GRACE):
            return 0
        self._bucket.delete(key)
        return there.size

    @contextmanager
    def writing(self) -> Iterator[None]:
        """No lock."""
        yield

    @contextmanager
    def removing(self) -> Iterator[None]:
        """No lock."""
        yield

    def reach(self) -> None:
        """As ``Blobs`` says; asks for an object that is hardly there."""
        self._bucket.head(blob_name("0" * 64, place=self.place))

    def sweep(self) -> int:
        """As ``Blobs`` says: uploads that nobody completed for a day, and half copies here."""
        too_old = self._clock() - ABANDONED_AFTER
        abandoned = [each for each in self._bucket.uploads() if each.begun_at < too_old]
        for upload in abandoned:
            self._bucket.abort(upload)
        return len(abandoned) + self._cache.sweep()

    def _get(self, sha256: str) -> bytes:
        key = blob_name(sha256, place=self.place)
        data = self._bucket.get(key)
        if data is None:
            raise MissingArtifactError(sha256, store=self.place)
        found, source = sha256_of(data), f"{self.place}/{key}"
        if found != sha256:
            raise CorruptArtifactError(source, found=found, expected=sha256)
        return data

    def _is_whole(self, entry: FileEntry) -> bool:
        """Whether the bucket's own bytes are these."""
        try:
            self.check(entry)
        except (MissingArtifactError, CorruptArtifactError):
            return False
        return True

    def _fetch(self, entry: FileEntry) -> None:
        self._cache.add(self._chunks(entry), expected=entry, source=self._source(entry))

    def _hash(self, entry: FileEntry) -> None:
        digest, size = hashlib.sha256(), 0
        for chunk in self._chunks(entry):
            digest.update(chunk)
            size += len(chunk)
        require(FileEntry(digest.hexdigest(), size), entry, source=self._source(entry))

    def _source(self, entry: FileEntry) -> str:
        return f"{self.place}/{blob_name(entry.sha256, place=self.place)}"

    def _chunks(self, entry: FileEntry) -> Iterator[bytes]:
        """The object's bytes part by part, and one more where it is too long."""
        key, part = blob_name(entry.sha256, place=self.place), self._bucket.part_bytes
        for start in range(0, entry.size + 1, part):
            end = min(start + part, entry.size + 1)
            data = self._bucket.get(key, start, end)
            if data is None:
                raise MissingArtifactError(entry.sha256, store=self.place)
            yield data

    def _manifest(self, name: str) -> bytes | None:
        """Its bytes if it begins as a manifest."""
        key = blob_name(name, place=self.place)
        begins = self._bucket.get(key, 0, len(MANIFEST_BEGINS))
        return self._bucket.get(key) if begins == MANIFEST_BEGINS else None


def _twice(read: Callable[[], _T]) -> _T:
    """Read again before bytes are called changed: they may have been so on their way only."""
    try:
        return read()
    except CorruptArtifactError:
        return read()
