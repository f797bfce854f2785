"""Long work that is taken up again where it stopped: a journal of the steps that are done.

    folder/journal.jsonl    what the work is, then one line for each step, synced before the next begins
    folder/…                what steps leave for later ones

Whoever is killed leaves the folder; who begins the same work next finds the steps. Work on other inputs,
or by other code, begins anew. A line that a kill cut off is none.

Belongs here: the journal. Does not belong here: what a step is (``window_build``, ``reading_build``).
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from rul_platform.core.canonical import canonical_json
from rul_platform.errors import DataError
from rul_platform.storage.partial_files import sync_folder

JOURNAL = "journal.jsonl"


class Build:
    """One piece of work.

    Attributes:
        folder: Where steps may leave files.
        steps: Those that are done, in their order.
    """

    def __init__(self, folder: Path, steps: list[dict[str, Any]], journal: BinaryIO) -> None:
        self.folder, self.steps = folder, steps
        self._journal = journal

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """The steps of one kind, in their order."""
        return [step for step in self.steps if step["kind"] == kind]

    def note(self, kind: str, **step: Any) -> None:
        """A step is done, and all it made is on disk."""
        self.steps.append({"kind": kind, **step})
        _append(self._journal, self.steps[-1])


@contextmanager
def build(folder: Path, what: Mapping[str, Any]) -> Iterator[Build]:
    """Begin work, or go on with it; its folder is gone once it is done or its data was refused.

    Two that do the same work at once wait for each other.

    Args:
        folder: The work's own.
        what: Everything that decides what the work makes, as plain values.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder.with_name(folder.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        steps = _steps(folder, what)
        with (folder / JOURNAL).open("ab") as journal:
            yield Build(folder, steps, journal)
        shutil.rmtree(folder)
    except DataError:
        shutil.rmtree(folder)
        raise
    finally:
        os.close(lock)


def _steps(folder: Path, what: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The steps that the folder knows of this work; anything else in it is removed."""
    path = folder / JOURNAL
    head = {"build": json.loads(canonical_json(dict(what)))}
    lines = _whole_lines(path)
    if lines and lines[0] == head:
        return lines[1:]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with path.open("wb") as journal:
        _append(journal, head)
    sync_folder(folder)
    return []


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    """What stands there up to the first line that is cut off, which is removed."""
    data = path.read_bytes() if path.exists() else b""
    lines: list[dict[str, Any]] = []
    whole = 0
    for line in data.splitlines(keepends=True):
        try:
            lines.append(json.loads(line))
        except ValueError:
            break
        if not line.endswith(b"\n"):
            lines.pop()
            break
        whole += len(line)
    if whole < len(data):
        os.truncate(path, whole)
    return lines


def _append(journal: BinaryIO, line: Mapping[str, Any]) -> None:
    journal.write(canonical_json(dict(line)) + b"\n")
    journal.flush()
    os.fsync(journal.fileno())
