"""Where the C-MAPSS files come from: a copy that was given, the cache, or NASA's archive.

Belongs here: the order of the ways, and what to say when none of them works.
Does not belong here: parsing and checksums (``core.cmapss``), the simulator (``core.simulator``).

A copy is the archive as published (a zip inside a zip), the inner ``CMAPSSData.zip``, another zip of the
text files, or a folder that holds the text files or such a zip at any depth. A copy that was given is
the only way: if it is broken, that is an error and no reason to look elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from rul_platform.core.cmapss import (
    PUBLISHED_SHA256,
    SIMULATED,
    SUBSETS,
    check_published,
    file_names,
)
from rul_platform.errors import (
    ArchiveError,
    DataError,
    DataNotFoundError,
    DownloadError,
    WrongHashError,
)
from rul_platform.settings import NASA_ARCHIVE
from rul_platform.storage.downloads import Download, Patience, Progress, silent, without_secrets
from rul_platform.storage.zips import Zip

INNER_ARCHIVE = "CMAPSSData.zip"
"""The zip with the text files, inside the zip that NASA publishes."""

DOWNLOADED = "cmapss_published.zip"
"""Our name for the downloaded archive, in the cache folder."""

Names = tuple[str, ...]
Files = dict[str, bytes]
_Content = TypeVar("_Content")


@dataclass(frozen=True, slots=True)
class SubsetFiles:
    """The three files of one subset.

    Attributes:
        train: Bytes of ``train_<subset>.txt``.
        test: Bytes of ``test_<subset>.txt``.
        rul: Bytes of ``RUL_<subset>.txt``.
        origin: The file, folder or address that they came from.
    """

    train: bytes
    test: bytes
    rul: bytes
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CmapssSource:
    """All the ways to the data, in the order in which they are tried.

    Attributes:
        given: ``RUL_CMAPSS``: a zip or a folder, or None.
        cache: Folder that keeps a downloaded archive; need not exist.
        url: ``RUL_CMAPSS_URL``: where the published archive is; empty for no download.
        patience: Timeouts and attempts of the download.
    """

    given: Path | None
    cache: Path
    url: str
    patience: Patience = field(default_factory=Patience)

    def fetch(
        self, subset: str, *, accept_other_data: bool = False, progress: Progress | None = None
    ) -> SubsetFiles:
        """The three files of one of NASA's subsets, proven to be NASA's.

        Args:
            subset: One of ``SUBSETS``.
            accept_other_data: Take files that are not the published ones, as they are.
            progress: Told how a download goes on: bytes so far, and of the whole if known.

        Raises:
            DataNotFoundError: No way led to the files; the message says what each one needs.
            WrongHashError: A file differs in content from the published one.
            ArchiveError: A zip is damaged, or the given copy lacks a file.
            DataError: A folder holds different files of the same name.
            StoreFullError: The disk has no room for the download.
        """
        if subset not in SUBSETS:
            message = f"{subset!r} is not one of NASA's subsets: {', '.join(SUBSETS)}."
            raise DataNotFoundError(message)
        names = file_names(subset)
        origin, files = self._find(subset, accept_other_data, progress or silent)
        train, test, rul = (_checked(n, files[n], origin, accept_other_data) for n in names)
        return SubsetFiles(train=train, test=test, rul=rul, origin=origin)

    def _find(self, subset: str, accept_other_data: bool, progress: Progress) -> tuple[str, Files]:
        """The first way that works, and what it gave."""
        names = file_names(subset)
        if self.given is not None:
            return _read_copy(self.given, names)
        if found := _search(self.cache, names):
            return found
        if not self.url:
            raise self._not_found(subset, "the download is switched off (RUL_CMAPSS_URL is empty).")
        self.cache.mkdir(parents=True, exist_ok=True)
        # Partitions materialise side by side: one process downloads, the others wait and then find.
        with FileLock(self.cache / "cmapss.lock"):
            if found := _search(self.cache, names):
                return found
            try:
                self._download(names, accept_other_data, progress)
            except DownloadError as error:
                raise self._not_found(subset, f"the download failed: {error}") from error
        return without_secrets(self.url), _read_zip(self.cache / DOWNLOADED, names)

    def _download(self, names: Names, accept_other_data: bool, progress: Progress) -> None:
        """Put the archive into the cache, once it is proven to be complete."""
        target = self.cache / DOWNLOADED
        partial = target.with_name(target.name + ".partial")
        download = Download(
            url=self.url, partial=partial, patience=self.patience, progress=progress
        )
        download.complete()
        wanted = names if accept_other_data else tuple(PUBLISHED_SHA256)
        origin = without_secrets(self.url)
        try:
            for name, data in _read_zip(partial, wanted, label=origin).items():
                _checked(name, data, origin, accept_other_data)
        except (ArchiveError, WrongHashError):
            download.discard()
            raise
        download.publish(target)

    def _not_found(self, subset: str, download: str) -> DataNotFoundError:
        """Says what was tried, and what the user can do."""
        message = (
            f"{subset} was not found: RUL_CMAPSS is not set, the cache folder {self.cache} holds no "
            f"copy, and {download}\nDo one of these:\n"
            f"  - set RUL_CMAPSS to NASA's archive: a zip, or a folder with its text files\n"
            f"  - put the archive ({INNER_ARCHIVE}, or the zip around it) into {self.cache}\n"
            f"  - allow the download: RUL_CMAPSS_URL is {NASA_ARCHIVE} unless you set it\n"
            f"  - use simulated engines instead of NASA's, and every report says so: `rul demo "
            f"--simulate`, `rul train PLANT --subset {SIMULATED}`"
        )
        return DataNotFoundError(message)


def _checked(name: str, data: bytes, origin: str, accept_other_data: bool) -> bytes:
    """NASA's bytes, or other ones if that is accepted."""
    try:
        return check_published(name, data, source=f"{origin}/{name}")
    except WrongHashError:
        if accept_other_data:
            return data
        raise


def _read_copy(copy: Path, names: Names) -> tuple[str, Files]:
    """Files from the copy that the user gave."""
    if not copy.is_dir():
        return str(copy), _read_zip(copy, names)
    if found := _search(copy, names):
        return found
    problem = f"neither this folder nor a zip in it holds {', '.join(names)}"
    raise ArchiveError(str(copy), problem)


def _search(folder: Path, names: Names) -> tuple[str, Files] | None:
    """Files from a folder: text files at any depth, or else a zip at any depth."""
    texts = {name: sorted(folder.rglob(name)) for name in names}
    if all(texts.values()):
        copies = {name: {path: path.read_bytes() for path in texts[name]} for name in names}
        return str(folder), {name: _only(copies[name])[1] for name in names}
    zips = [path for path in sorted(folder.rglob("*.zip")) if _is_copy(path, names)]
    if not zips:
        return None
    path, files = _only({path: _read_zip(path, names) for path in zips})
    return str(path), files


def _only(copies: Mapping[Path, _Content]) -> tuple[Path, _Content]:
    """The first of several copies, all of which must be the same."""
    (path, content), *others = copies.items()
    for other, other_content in others:
        if other_content != content:
            message = (
                f"{path} and {other} differ in content. Which one is meant? Keep one of them, or "
                f"set RUL_CMAPSS to the folder or zip of one."
            )
            raise DataError(message)
    return path, content


def _is_copy(path: Path, names: Names) -> bool:
    """Whether a zip is a copy of C-MAPSS, and not something else in the same folder."""
    with Zip(path) as archive:
        return any(name in archive for name in (INNER_ARCHIVE, *names))


def _read_zip(path: Path, names: Names, *, label: str = "") -> Files:
    """Files from a zip, or from the zip inside it."""
    with Zip(path, name=label) as outer:
        if INNER_ARCHIVE not in outer:
            return {name: outer.read(name) for name in names}
        with Zip(outer.read(INNER_ARCHIVE), name=f"{outer.name}/{INNER_ARCHIVE}") as inner:
            return {name: inner.read(name) for name in names}
