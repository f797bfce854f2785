"""Ratings from many callers, committed together: each is answered only once it is stored for good.

A commit waits for the disk, and a transaction of sixteen ratings has hardly more work than one of one.
A caller that lost its answer asks again under the same key, and gets the answer that was committed with
the rating.

Belongs here: one transaction for many requests, and what if one is refused. Does not belong here: who is
joined with whom (``service.ratings``), what a rating must be like (``intake``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from rul_platform.errors import IntakeError, UnknownPredictionError
from rul_platform.operation.intake import FeedbackRow, add_rated
from rul_platform.operation.serving.answer_log import AnswerLog
from rul_platform.storage.answered_requests import RacedError
from rul_platform.storage.database import AWAY, writing
from rul_platform.storage.home import Home

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


class FeedbackDesk:
    """Takes ratings into the tables."""

    def __init__(self, home: Home, log: AnswerLog) -> None:
        self._home, self._log = home, log

    def take(self, ratings: Sequence[Rating]) -> list[Taken | Exception]:
        """Commit ratings, all in one transaction where that can be.

        Where one is refused, each gets its own: nobody pays for another's mistake.

        Returns:
            For each what stands for it, or why nothing of it is stored: ``IntakeError``,
            ``UnknownPredictionError``, ``KeyReusedError``, ``KeyFileError`` or what the database raised.
        """
        taken: dict[int, Taken | Exception] = {}
        for places in _each_key_once(ratings):
            some = self._take([ratings[at] for at in places])
            taken |= zip(places, some, strict=True)
        return [taken[at] for at in range(len(ratings))]

    def _take(self, ratings: Sequence[Rating]) -> Sequence[Taken | Exception]:
        """Whatever goes wrong is an answer: the others wait for theirs."""
        try:
            return self._commit(ratings)
        except Exception as error:  # whatever it is, callers are told
            if isinstance(error, AWAY) or len(ratings) == 1:
                return [error] * len(ratings)
        return [each for rating in ratings for each in self._take([rating])]

    def _commit(self, ratings: Sequence[Rating]) -> Sequence[Taken]:
        """Nearly always no key was used before, and what is rated is logged: first as if it were so."""
        # before the look: what is written in between is looked for again
        waiting = self._log.waiting
        try:
            return self._store(ratings, {})
        except (RacedError, UnknownPredictionError, IntakeError):
            if waiting:  # outside of our transaction: the log writes in its own
                self._log.flush(FLUSH_SECONDS)
        asked = {each.key: each.body for each in ratings if each.key is not None}
        return self._store(ratings, asked)

    def _store(self, ratings: Sequence[Rating], asked: Mapping[str, str]) -> Sequence[Taken]:
        """One transaction.

        Args:
            ratings: To store.
            asked: Keys to look up, with their bodies; the others are taken for new.

        Raises:
            RacedError: A key that was not looked up was used before; or another process was faster.
        """
        home = self._home
        with writing(home.engine):
            known = home.answered.find(asked)
            new = [each for each in ratings if each.key not in known]
            taken = self._add(new)
            answers = {
                each.key: (each.body, asdict(result))
                for each, result in zip(new, taken, strict=True)
                if each.key is not None
            }
            home.answered.keep(answers, home.now())
        fresh = iter(taken)
        return [Taken(**known[each.key]) if each.key in known else next(fresh) for each in ratings]

    def _add(self, ratings: Sequence[Rating]) -> list[Taken]:
        rated = self._home.feedback.rated({each.row.prediction for each in ratings})
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


def _each_key_once(ratings: Sequence[Rating]) -> Iterator[list[int]]:
    """Places of ratings, each key once in a group: a repetition is for the next transaction."""
    left = list(range(len(ratings)))
    while left:
        keys, some, later = set[str | None](), list[int](), list[int]()
        for at in left:
            key = ratings[at].key
            (later if key is not None and key in keys else some).append(at)
            keys.add(key)
        yield some
        left = later
