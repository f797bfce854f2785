"""A place in a bucket that belongs to a drill alone.

Belongs here: naming, opening, looking at and emptying it. Does not belong here: faults (``scenarios``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.buckets import Bucket
from rul_platform.storage.file_cache import FileCache
from rul_platform.storage.object_blobs import ObjectBlobs

COPIES_BYTES = 2**28


class BrokenError(Exception):
    """Something in the bucket is not as it must be; the message says what."""


@dataclass(frozen=True, slots=True)
class FarStore:
    """A bucket's prefix.

    Attributes:
        url: ``s3://bucket/prefix``.
        endpoint: URL of a server that speaks S3.
        copies: Folder of the writers' own copies.
    """

    url: str
    endpoint: str
    copies: Path

    def opened(self, endpoint: str | None = None) -> ArtifactStore:
        """The store, reached directly or by another way."""
        return ArtifactStore(ObjectBlobs(self._bucket(endpoint), self._cache()))

    def look(self, promised: Iterable[str]) -> None:
        """Verify artifacts that were acknowledged; past every copy on this machine.

        Raises:
            BrokenError: One of them is not there, or not whole.
        """
        store = self.opened()
        for sha256 in promised:
            wrong = "; ".join(store.verify(sha256))
            if wrong:
                msg = f"artifact {sha256[:12]} was stored in the bucket: {wrong}"
                raise BrokenError(msg)

    def look_at_all(self) -> None:
        """Verify every artifact that is there: whole, or absent.

        Raises:
            BrokenError: One of them is not whole.
        """
        self.look([artifact.sha256 for artifact in self.opened().artifacts()])

    def empty(self) -> None:
        """Remove everything below the prefix, and uploads that nobody completed."""
        bucket = self._bucket(None)
        for upload in bucket.uploads():
            bucket.abort(upload)
        for key, _ in list(bucket.objects()):
            bucket.delete(key)

    def _bucket(self, endpoint: str | None) -> Bucket:
        return Bucket(self.url, endpoint=endpoint or self.endpoint)

    def _cache(self) -> FileCache:
        return FileCache(self.copies, limit_bytes=COPIES_BYTES)
