"""Answers on their way into the log, written by one thread, many at a time.

An answer is given before it is written: a disk that syncs for each one would halve what a service can
do. On a clean stop none is lost. A process that is killed loses at most what it gave in the last
``FLUSH_SECONDS`` and during the write that was under way; what was rated is safe, because a rating
waits until the answer that it rates is written.

Belongs here: the queue and its thread. Does not belong here: what an answer is (``answers``), the tables
(``storage.predictions``, ``storage.landing``).
"""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Condition, Thread
from time import sleep

import numpy as np
import pyarrow as pa

from rul_platform.core.arrow_arrays import numbers, texts
from rul_platform.core.histories import Histories
from rul_platform.errors import LogFullError, RecordError, RulPlatformError
from rul_platform.storage.database import REFUSED, writing
from rul_platform.storage.home import Home
from rul_platform.storage.landing import LandedUnit
from rul_platform.storage.predictions import LoggedPrediction

_LOG = logging.getLogger(__name__)

FLUSH_SECONDS = 0.2
"""An answer waits no longer than this before it is being written."""

MOST_WAITING = 20_000
"""Rows that may wait while the database does not take any; then answers are refused: one that is not
logged could not be proven."""

MOST_BYTES = 256 * 2**20
"""Of readings that wait with them, likewise."""

RETRY_SECONDS = 1.0

WAITS = (RulPlatformError, *REFUSED)
"""What may be over in a moment."""

UNITS_KNOWN = 10_000
"""Of so many machines it is remembered what they sent last, to keep what is sent again only once."""


@dataclass(frozen=True, slots=True)
class Given:
    """Answers, and the readings that were asked with.

    Attributes:
        plant: Which plant.
        rows: To log, of each unit of the readings, without the readings' artifact.
        readings: As they were sent, with all of the plant's sensors.
        at: When.
    """

    plant: str
    rows: Sequence[Sequence[LoggedPrediction]]
    readings: Histories
    at: datetime


@dataclass(frozen=True, slots=True)
class FailedQuestion:
    """A question that a model did not answer."""

    plant: str
    number: int
    kind: str
    at: datetime
    units: int


class AnswerLog:
    """The queue; one for each process."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._waiting: list[Given | FailedQuestion] = []
        self._rows = self._bytes = self._taken = self._written = 0
        self._changed = Condition()
        self._is_closing = self._is_urgent = False
        self._problem: str | None = None
        self._sent = _LastSent()
        self._thread = Thread(target=self._run, name="answer log", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Rows that are not written yet."""
        return self._rows

    @property
    def problem(self) -> str | None:
        """Why the last attempt to write failed; None where it did not."""
        return self._problem

    @property
    def is_full(self) -> bool:
        """Whether so much waits that nothing more is taken."""
        return self._rows >= MOST_WAITING or self._bytes >= MOST_BYTES

    def add(self, entry: Given | FailedQuestion) -> None:
        """Take something to write; does not wait.

        Raises:
            LogFullError: Too much waits already.
        """
        with self._changed:
            if self.is_full:
                raise LogFullError(self._rows, self._problem)
            was_empty = not self._waiting
            self._waiting.append(entry)
            self._taken += 1
            self._rows += _size(entry)
            self._bytes += _bytes(entry)
            if was_empty:
                self._changed.notify_all()

    def flush(self, seconds: float) -> bool:
        """Wait until all that was taken by now is written; False where that took too long."""
        with self._changed:
            wanted, self._is_urgent = self._taken, True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._written >= wanted, timeout=seconds)

    def close(self, seconds: float = 30.0) -> bool:
        """Write what waits and end; False where something is left."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_closing)
                if not self._is_urgent:
                    self._changed.wait_for(self._in_a_hurry, timeout=FLUSH_SECONDS)
                batch, self._waiting = self._waiting, []
                self._is_urgent = False
                is_last = self._is_closing
            if batch:
                self._write_until_done(batch)
            elif is_last:
                return

    def _in_a_hurry(self) -> bool:
        return self._is_closing or self._is_urgent

    def _write_until_done(self, batch: list[Given | FailedQuestion]) -> None:
        """Wait for a database that does not answer; what it never takes holds up nothing else."""
        while True:
            try:
                self._write(batch)
                self._problem = None
                break
            except Exception as error:  # the thread goes on, whatever it is: all answers need it
                if isinstance(error, WAITS) and not isinstance(error, RecordError):
                    self._problem = str(getattr(error, "orig", error))
                    _LOG.warning("The log of answers waits: %s", self._problem)
                    sleep(RETRY_SECONDS)
                    continue
                if len(batch) > 1:
                    for each in batch:
                        self._write_until_done([each])
                    return
                _LOG.error("An answer could not be logged and is lost: %s", type(error).__name__)
                break
        with self._changed:
            self._written += len(batch)
            self._rows -= sum(map(_size, batch))
            self._bytes -= sum(map(_bytes, batch))
            self._changed.notify_all()

    def _write(self, batch: Sequence[Given | FailedQuestion]) -> None:
        """Readings first: alone they do no harm. Then all that was said in one transaction."""
        given = [each for each in batch if isinstance(each, Given)]
        kept = _Landings(self._home, self._sent)
        rows = [row for of_question in kept.of(given) for row in of_question]
        with writing(self._home.engine):
            self._home.predictions.record_all(rows)
            for each in batch:
                if isinstance(each, FailedQuestion):
                    self._home.predictions.failed(
                        each.plant, each.number, each.kind, each.at, each.units
                    )
        self._sent.learn(kept.new)


class _LastSent:
    """What each machine sent last, as a digest, and the artifact that holds it."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], tuple[bytes, str]] = OrderedDict()

    def of(self, plant: str, unit: str, digest: bytes) -> str | None:
        known = self._known.get((plant, unit))
        return known[1] if known is not None and known[0] == digest else None

    def learn(self, new: dict[tuple[str, str], tuple[bytes, str]]) -> None:
        for key, value in new.items():
            self._known[key] = value
            self._known.move_to_end(key)
        while len(self._known) > UNITS_KNOWN:
            self._known.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Part:
    """One unit's readings in a question."""

    unit: str
    of: Histories
    rows: slice
    digest: bytes


class _Landings:
    """Readings of a batch, as few artifacts as can be: a unit stands in each but once."""

    def __init__(self, home: Home, sent: _LastSent) -> None:
        self._home, self._sent = home, sent
        self.new: dict[tuple[str, str], tuple[bytes, str]] = {}

    def of(self, given: Sequence[Given]) -> list[list[LoggedPrediction]]:
        """The rows of each question with their readings' artifacts, which are written."""
        parts = [list(_parts(each.readings)) for each in given]
        artifacts: dict[tuple[str, str, bytes], str] = {}
        for plant in dict.fromkeys(each.plant for each in given):
            own = [p for each, p in zip(given, parts, strict=True) if each.plant == plant]
            newest = max(each.at for each in given if each.plant == plant)
            for group in _groups([part for of_one in own for part in of_one]):
                self._keep(plant, group, newest, artifacts)
        return [
            _with_readings(each, of_one, artifacts)
            for each, of_one in zip(given, parts, strict=True)
        ]

    def _keep(
        self,
        plant: str,
        group: Sequence[_Part],
        now: datetime,
        artifacts: dict[tuple[str, str, bytes], str],
    ) -> None:
        """Write what was not sent before by the same machine."""
        fresh = list[_Part]()
        for part in group:
            known = self._sent.of(plant, part.unit, part.digest)
            if known is None:
                fresh.append(part)
            else:
                artifacts[plant, part.unit, part.digest] = known
        for same in _alike(fresh):
            units = [_landed(part) for part in same]
            sha256 = self._home.landing.add_together(plant, _table(same), units, now)
            for part in same:
                artifacts[plant, part.unit, part.digest] = sha256
                self.new[plant, part.unit] = part.digest, sha256


def _with_readings(
    given: Given, parts: Sequence[_Part], artifacts: dict[tuple[str, str, bytes], str]
) -> list[LoggedPrediction]:
    return [
        replace(row, readings_sha256=artifacts[given.plant, part.unit, part.digest])
        for rows, part in zip(given.rows, parts, strict=True)
        for row in rows
    ]


def _size(entry: Given | FailedQuestion) -> int:
    return sum(map(len, entry.rows)) if isinstance(entry, Given) else 1


def _bytes(entry: Given | FailedQuestion) -> int:
    return entry.readings.values.nbytes if isinstance(entry, Given) else 0


def _parts(readings: Histories) -> list[_Part]:
    return [
        _Part(unit, readings, rows, _digest(readings, rows))
        for unit, rows in zip(readings.units, readings.spans(), strict=True)
    ]


def _digest(readings: Histories, rows: slice) -> bytes:
    told = hashlib.blake2b(digest_size=16)
    told.update(repr((readings.sensors, readings.labels)).encode())
    for array in (readings.life[rows], readings.condition[rows], readings.values[rows]):
        told.update(np.ascontiguousarray(array).data)
    return told.digest()


def _groups(parts: Sequence[_Part]) -> list[list[_Part]]:
    """The same in as few groups as can be, in which each unit stands once; what is equal, once."""
    groups: list[dict[str, _Part]] = []
    newest: dict[str, int] = {}
    for part in parts:
        at = newest.get(part.unit, -1)
        if at >= 0 and groups[at][part.unit].digest == part.digest:
            continue
        if at + 1 == len(groups):
            groups.append({})
        groups[at + 1][part.unit] = part
        newest[part.unit] = at + 1
    return [list(group.values()) for group in groups]


def _alike(parts: Sequence[_Part]) -> list[list[_Part]]:
    """By their sensors: a new model may have come in between."""
    found: dict[tuple[str, ...], list[_Part]] = {}
    for part in parts:
        found.setdefault(part.of.sensors, []).append(part)
    return list(found.values())


def _table(parts: Sequence[_Part]) -> pa.Table:
    """Readings in the fleet's format."""
    rows = [part.rows.stop - part.rows.start for part in parts]
    conditions = [
        part.of.labels[place] for part in parts for place in part.of.condition[part.rows].tolist()
    ]
    values = np.concatenate([part.of.values[part.rows] for part in parts])
    units = [part.unit for part, count in zip(parts, rows, strict=True) for _ in range(count)]
    columns = {
        "unit": texts(units),
        "life": numbers(np.concatenate([part.of.life[part.rows] for part in parts])),
        "condition": texts(conditions),
    }
    sensors = {name: numbers(values[:, at]) for at, name in enumerate(parts[0].of.sensors)}
    named = columns | sensors
    return pa.Table.from_arrays(list(named.values()), names=list(named))


def _landed(part: _Part) -> LandedUnit:
    life = part.of.life[part.rows]
    return LandedUnit(part.unit, len(life), float(life[0]), float(life[-1]))
