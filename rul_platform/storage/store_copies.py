"""All artifacts from one place to another: from the home folder to a bucket, or back.

The same again goes on where it was: what is there and whole is not sent again. An artifact arrives when
all of its files have, its list last, so that the other place holds whole artifacts at any time.

Belongs here: which bytes go, in which order. Does not belong here: sending them (``blobs``).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from rul_platform.core.canonical import sha256 as sha256_of
from rul_platform.errors import (
    CorruptArtifactError,
    MissingArtifactError,
    StoreError,
    StoreUnreachableError,
)
from rul_platform.storage.blobs import Blobs
from rul_platform.storage.manifests import FileEntry, parse

AT_ONCE = 8
"""Files that are on their way at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What became of all artifacts.

    Attributes:
        artifacts: Whole ones at the source, which are whole at the target now.
        sent: Files that were sent, lists of artifacts among them.
        there: Files that were there already.
        bytes_sent: What was sent.
        problems: What is wrong, in words: at the source, or with a check at the target.
    """

    artifacts: int
    sent: int
    there: int
    bytes_sent: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of one file: bytes sent, 0 where it was there, or what is wrong with it."""

    entry: FileEntry
    sent: int = 0
    problem: str = ""


_Step = Callable[[FileEntry], _Done]


def copy_all(
    source: Blobs, target: Blobs, *, check: bool = False, tell: Callable[[int, int], None]
) -> Copied:
    """Have every artifact of ``source`` in ``target`` too; nothing is removed anywhere.

    Args:
        source: Where they are.
        target: Where they are wanted.
        check: Send nothing, and tell what is missing or changed there.
        tell: Told how many files of how many are done.

    Raises:
        StoreUnreachableError: One of the places does not answer; what arrived stays.
        StoreFullError: No room; likewise.
    """
    listed = {name: data for name, data in source.manifests() if parse(data) is not None}
    entries = {
        each.sha256: each for data in listed.values() for each in (parse(data) or {}).values()
    }
    total, done = len(entries) + len(listed), list[_Done]()
    step = partial(_there if check else _send, source, target)
    with target.writing():
        for each in _each(step, entries.values()):
            done.append(each)
            tell(len(done), total)
        target.settle(each.entry for each in done if each.sent)
        wrong = {each.entry.sha256 for each in done if each.problem}
        whole = _whole(listed, wrong)
        lists = [FileEntry(name, len(listed[name])) for name in whole]
        for each in _each(step, lists):
            done.append(each)
            tell(len(done), total)
        target.settle(each.entry for each in done if each.sent)
    problems = [each.problem for each in done if each.problem]
    problems += [f"artifact {name} lacks a file" for name in listed if name not in whole]
    return Copied(
        artifacts=len(whole) - sum(bool(each.problem) for each in done[len(entries) :]),
        sent=sum(bool(each.sent) for each in done),
        there=sum(not (each.sent or each.problem) for each in done),
        bytes_sent=sum(each.sent for each in done),
        problems=tuple(problems),
    )


def _whole(listed: Mapping[str, bytes], wrong: set[str]) -> Sequence[str]:
    """Artifacts whose list is what its name says, and of which no file is wrong."""
    return [
        name
        for name, data in listed.items()
        if sha256_of(data) == name
        and not any(each.sha256 in wrong for each in (parse(data) or {}).values())
    ]


def _each(step: _Step, entries: Iterable[FileEntry]) -> Iterator[_Done]:
    """All of them, some at once; the first that fails ends it."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            yield from pool.map(step, entries)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _send(source: Blobs, target: Blobs, entry: FileEntry) -> _Done:
    if not _there(source, target, entry).problem:
        return _Done(entry)
    try:
        target.keep(source.path(entry))
    except StoreUnreachableError:
        raise
    except (MissingArtifactError, CorruptArtifactError) as error:
        return _Done(entry, problem=str(error))
    return _Done(entry, sent=max(entry.size, 1))  # an empty file is sent, too


def _there(source: Blobs, target: Blobs, entry: FileEntry) -> _Done:
    """Whether the target holds it, whole."""
    del source
    try:
        target.check(entry)
    except StoreUnreachableError:
        raise
    except StoreError as error:
        return _Done(entry, problem=str(error))
    return _Done(entry)
