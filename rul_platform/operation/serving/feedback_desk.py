"""Ratings from many callers, committed together: each is answered only once it is stored for good.

A commit waits for the disk. One thread takes all ratings that came during the last commit and writes
them in the next, so that many callers wait for the same disk. A caller that lost its answer asks again
under the same key and gets the answer that was committed with the rating.

Belongs here: joining requests into transactions. Does not belong here: what a rating must be like
(``intake``).
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread

from rul_platform.errors import UnknownPredictionError
from rul_platform.operation.intake import FeedbackRow, add_rated
from rul_platform.operation.serving.answer_log import AnswerLog
from rul_platform.storage.answered_requests import RacedError
from rul_platform.storage.database import AWAY, writing
from rul_platform.storage.feedback_rows import Rated
from rul_platform.storage.home import Home

MOST_AT_ONCE = 200
FLUSH_SECONDS = 5.0
"""How long a rating waits for the answer that it rates to be written."""


@dataclass(frozen=True, slots=True)
class Rating:
    """One caller's request.

    Attributes:
        row: What it says.
        key: Under which its answer is kept (``answered_requests.key_of``); None for none.
        body: Keyed hash of the request, to tell a repetition from another one.
    """

    row: FeedbackRow
    key: str | None
    body: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What stands for a rating.

    Attributes:
        id: Of the stored rating.
        plant: Which plant it is about.
        is_new: False where an earlier one stands for it.
    """

    id: str
    plant: str
    is_new: bool


_Waiting = tuple[Rating, "Future[Taken]"]


class FeedbackDesk:
    """Takes ratings; one for each process."""

    def __init__(self, home: Home, log: AnswerLog) -> None:
        self._home, self._log = home, log
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="feedback desk", daemon=True)
        self._thread.start()

    def take(self, rating: Rating) -> "Future[Taken]":
        """Hand a rating in.

        Returns:
            Done once it is committed. It raises ``IntakeError``, ``UnknownPredictionError``,
            ``KeyReusedError``, ``KeyFileError`` or what the database raised; nothing is stored then.
        """
        future: Future[Taken] = Future()
        self._queue.put((rating, future))
        return future

    def close(self, seconds: float = 30.0) -> bool:
        """Write what was handed in and end; False where that took too long."""
        self._queue.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        is_over = False
        while not is_over:
            batch, is_over = self._next()
            if batch:
                self._commit(batch)

    def _next(self) -> tuple[list[_Waiting], bool]:
        """What came, each key once: a repetition is for the next transaction."""
        batch, keys = list[_Waiting](), set[str]()
        later = list[_Waiting]()
        found = self._queue.get()
        while found is not None:
            key = found[0].key
            (later if key in keys else batch).append(found)
            keys |= {key} if key is not None else set()
            if self._queue.empty() or len(batch) >= MOST_AT_ONCE:
                break
            found = self._queue.get()
        for each in later:
            self._queue.put(each)
        is_over = found is None
        if is_over and later:
            self._queue.put(None)
            is_over = False
        return batch, is_over

    def _commit(self, batch: list[_Waiting]) -> None:
        """All in one transaction; where one is refused, each in its own.

        Whatever goes wrong, callers get an answer, and the thread goes on: all others wait for it.
        """
        try:
            taken = self._take([rating for rating, _ in batch])
        except Exception as error:  # whatever it is, callers are told
            if isinstance(error, AWAY):
                for _, future in batch:
                    _finish(future, error)
                return
            if len(batch) == 1:
                self._alone(*batch[0], error)
                return
            for one in batch:
                self._commit([one])
            return
        for (_, future), result in zip(batch, taken, strict=True):
            _finish(future, result)

    def _alone(self, rating: Rating, future: "Future[Taken]", error: Exception) -> None:
        """A request of another process with the same key was first: its answer stands now."""
        if not isinstance(error, RacedError):
            _finish(future, error)
            return
        try:
            _finish(future, self._take([rating])[0])
        except Exception as again:  # likewise
            _finish(future, again)

    def _take(self, ratings: Sequence[Rating]) -> list[Taken]:
        home, now = self._home, self._home.now()
        rated = self._rated([each.row.prediction for each in ratings])
        with writing(home.engine):
            keys = {each.key: each.body for each in ratings if each.key is not None}
            known = home.answered.find(keys)
            new = [each for each in ratings if each.key not in known]
            taken = self._add(new, rated)
            home.answered.keep(
                {
                    each.key: (each.body, _told(result))
                    for each, result in zip(new, taken, strict=True)
                    if each.key is not None
                },
                now,
            )
        fresh = iter(taken)
        return [Taken(**known[each.key]) if each.key in known else next(fresh) for each in ratings]

    def _rated(self, predictions: Sequence[str]) -> dict[str, Rated]:
        """What these answers are; those still on their way into the log are waited for."""
        # read before the look: what is written in between is looked for again
        waiting = self._log.waiting
        found = self._home.feedback.rated(predictions)
        if len(found) < len(set(predictions)) and waiting:
            self._log.flush(FLUSH_SECONDS)
            found = self._home.feedback.rated(predictions)
        return found

    def _add(self, ratings: Sequence[Rating], rated: dict[str, Rated]) -> list[Taken]:
        by_plant: dict[str, list[int]] = {}
        for at, each in enumerate(ratings):
            if each.row.prediction not in rated:
                raise UnknownPredictionError(each.row.prediction)
            by_plant.setdefault(rated[each.row.prediction].plant, []).append(at)
        taken: dict[int, Taken] = {}
        for plant, places in by_plant.items():
            rows = [ratings[at].row for at in places]
            added = add_rated(self._home, plant, rows, rated, now=self._home.now())
            for at, one in zip(places, added, strict=True):
                taken[at] = Taken(one.id, plant, one.is_new)
        return [taken[at] for at in range(len(ratings))]


def _told(taken: Taken) -> dict[str, str | bool]:
    return {"id": taken.id, "plant": taken.plant, "is_new": taken.is_new}


def _finish(future: "Future[Taken]", result: Taken | Exception) -> None:
    """A caller that went away meanwhile is no trouble."""
    if not future.set_running_or_notify_cancel():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
