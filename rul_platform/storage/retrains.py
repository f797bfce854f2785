"""Retrainings that were asked for, and what became of each.

    requested ── start ──► running ── close ──► deployed, shadowed, held, rejected, failed
        ▲                     │                            ▲
        └───── ask_again ─────┘          cancelled ◄───────┴─ close, of a requested one too

Belongs here: keeping one open retrain per plant, and each piece of evidence used once. Does not belong
here: when to ask for one (``core.trigger``), running it (``orchestration``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from rul_platform.errors import (
    EvidenceUsedError,
    OpenRetrainError,
    RetrainStateError,
    UnknownRetrainError,
)
from rul_platform.storage.database import reading, writing
from rul_platform.storage.ledger import LedgerStore
from rul_platform.storage.operation_tables import CLOSED_STATES, RETRAIN

SYSTEM = "system"
"""The actor where no person asked."""

_R = RETRAIN.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrain:
    """One asked-for retraining.

    Attributes:
        id: Grows in the order in which they were asked for.
        plant: Whose model.
        trigger: One of ``operation_tables.TRIGGERS``.
        watermark: What it consumed ends here; None where that is not known by a number.
        state: One of ``OPEN_STATES`` or ``CLOSED_STATES`` of ``operation_tables``.
        attempt: From 1, one more for each run that was asked for.
        run_id: Dagster's run that does it; None while none has begun.
        actor: Pseudonym of the person who asked, or ``SYSTEM``.
        reason: Why, in a person's words; empty where the cause says all.
        snapshot: sha256 of the settings it goes by.
        cause: Numbers of the condition.
        verdict: The gate's, once there is one.
        error: Why it failed.
        requested_at: In UTC, like the other two.
        started_at: When the latest attempt began.
        finished_at: None while it is open.
    """

    id: int
    plant: str
    trigger: str
    watermark: int | None
    state: str
    attempt: int
    run_id: str | None
    actor: str
    reason: str
    snapshot: str
    cause: dict[str, Any]
    verdict: str | None
    error: str | None
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.finished_at is None


@dataclass(frozen=True, slots=True)
class Endings:
    """Retrains of one plant that ended in the same way.

    Attributes:
        plant: Which plant.
        state: One of ``operation_tables.CLOSED_STATES``.
        count: How many, of all times.
        newest: When the last of them ended, in UTC.
    """

    plant: str
    state: str
    count: int
    newest: datetime


class RetrainStore:
    """All retrains."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def open(
        self,
        *,
        plant: str,
        trigger: str,
        watermark: int | None,
        snapshot: str,
        cause: Mapping[str, Any],
        now: datetime,
        actor: str = SYSTEM,
        reason: str = "",
    ) -> Retrain:
        """Ask for a retraining. The database lets one of many that ask at once through.

        Raises:
            OpenRetrainError: Another one of this plant is not over.
            EvidenceUsedError: One with this trigger and watermark was asked for before.
        """
        row = {"plant": plant, "trigger": trigger, "watermark": watermark, "snapshot": snapshot}
        row |= {"cause": dict(cause), "actor": actor, "reason": reason}
        try:
            with writing(self._engine) as connection:
                for other in _select(connection, _R.plant == plant, _R.finished_at.is_(None)):
                    raise OpenRetrainError(plant, other.id)
                asked = {"state": "requested", "attempt": 1, "requested_at": now}
                made = RETRAIN.insert().values(row | asked).returning(_R.id)
                # refused, it leaves the caller's transaction usable
                with connection.begin_nested():
                    number = connection.execute(made).scalar_one()
                return _get(connection, number)
        except IntegrityError as error:
            other = self.current(plant)  # let through since we looked, or none
            if other is not None:
                raise OpenRetrainError(plant, other.id) from error
            raise EvidenceUsedError(plant, trigger, watermark) from error

    def get(self, number: int) -> Retrain:
        """One retrain.

        Raises:
            UnknownRetrainError: There is none of this id.
        """
        with reading(self._engine) as connection:
            return _get(connection, number)

    def open_requests(self) -> tuple[Retrain, ...]:
        """All that are not over, of all plants, oldest first."""
        with reading(self._engine) as connection:
            return _select(connection, _R.finished_at.is_(None))

    def current(self, plant: str) -> Retrain | None:
        """The one of this plant that is not over, or None."""
        with reading(self._engine) as connection:
            unfinished = _R.plant == plant, _R.finished_at.is_(None)
            return next(iter(_select(connection, *unfinished)), None)

    def last_finished(self, plant: str) -> Retrain | None:
        """Of those that are over the one that was asked for last, or None."""
        with reading(self._engine) as connection:
            ended = _R.plant == plant, _R.finished_at.is_not(None)
            return next(iter(_select(connection, *ended, newest=1)), None)

    def all_last_finished(self) -> dict[str, Retrain]:
        """By plant, what :meth:`last_finished` gives; plants without one are left out."""
        newest = sa.select(sa.func.max(_R.id)).where(_R.finished_at.is_not(None))
        with reading(self._engine) as connection:
            found = _select(connection, _R.id.in_(newest.group_by(_R.plant)))
        return {each.plant: each for each in found}

    def history(self, plant: str | None = None, limit: int = 100) -> tuple[Retrain, ...]:
        """The last ``limit`` of one plant, or of all, newest first."""
        with reading(self._engine) as connection:
            where = [] if plant is None else [_R.plant == plant]
            return _select(connection, *where, newest=limit)

    def endings(self) -> tuple[Endings, ...]:
        """How the retrains of all plants ended, in the order of plants and states."""
        by = _R.plant, _R.state
        columns = *by, sa.func.count().label("count"), sa.func.max(_R.finished_at).label("newest")
        question = (
            sa.select(*columns).where(_R.finished_at.is_not(None)).group_by(*by).order_by(*by)
        )
        with reading(self._engine) as connection:
            return tuple(Endings(**row) for row in connection.execute(question).mappings())

    def start(self, number: int, *, attempt: int, run_id: str, now: datetime) -> Retrain:
        """Let one run do it; the same run may ask again.

        Raises:
            UnknownRetrainError: There is none of this id.
            RetrainStateError: Another run does it, another attempt was asked for, or it is over.
        """
        with writing(self._engine) as connection:
            changed = connection.execute(
                RETRAIN.update()
                .where(_R.id == number, _R.state == "requested", _R.attempt == attempt)
                .values(state="running", run_id=run_id, started_at=now)
            )
            found = _get(connection, number)
            is_ours = (found.state, found.attempt, found.run_id) == ("running", attempt, run_id)
            if not changed.rowcount and not is_ours:
                expected = f"requested, attempt {attempt}, so that run {run_id} can begin it"
                raise _refused(found, expected)
            return found

    def ask_again(self, number: int, *, attempt: int) -> Retrain:
        """Ask for another run, because the one of ``attempt`` died.

        Two that notice it at once ask for one more run, not for two.

        Raises:
            UnknownRetrainError: There is none of this id.
            RetrainStateError: It is over.
        """
        with writing(self._engine) as connection:
            connection.execute(
                RETRAIN.update()
                .where(_R.id == number, _R.finished_at.is_(None), _R.attempt == attempt)
                .values(state="requested", attempt=attempt + 1, run_id=None)
            )
            found = _get(connection, number)
            if not found.is_open:
                raise _refused(found, "not over")
            return found

    def close(
        self,
        number: int,
        state: str,
        *,
        verdict: str | None = None,
        error: str | None = None,
        now: datetime,
        together_with: Callable[[Retrain], object] = lambda _: None,
    ) -> Retrain:
        """Say how it ended, here and in the ledger. Saying the same again changes nothing.

        ``together_with`` happens in the same transaction, and only for who says it first.

        Raises:
            UnknownRetrainError: There is none of this id.
            RetrainStateError: ``state`` is no end, or it ended otherwise.
        """
        ending = {"state": state, "verdict": verdict, "error": error, "finished_at": now}
        with writing(self._engine) as connection:
            if state not in CLOSED_STATES:
                expected = f"asked to end as {', '.join(CLOSED_STATES)}, not as {state!r}"
                raise _refused(_get(connection, number), expected)
            is_it = _R.id == number, _R.finished_at.is_(None)
            changed = connection.execute(RETRAIN.update().where(*is_it).values(ending))
            found = _get(connection, number)
            if found.state != state:
                raise _refused(found, f"open, to end as {state}")
            if changed.rowcount:
                _record(self._engine, found, now)
                together_with(found)
            return found


def _record(engine: sa.Engine, ended: Retrain, now: datetime) -> None:
    told = ("state", "verdict", "attempt", "run_id")
    body = {"retrain": ended.id, **{key: getattr(ended, key) for key in told}}
    LedgerStore(engine).append("retrain_closed", plant=ended.plant, body=body, now=now)


def _refused(found: Retrain, expected: str) -> RetrainStateError:
    by = f" by run {found.run_id}" if found.run_id else ""
    state = f"{found.state}, attempt {found.attempt}{by}"
    return RetrainStateError(found.id, found=state, expected=expected)


def _get(connection: sa.Connection, number: int) -> Retrain:
    for found in _select(connection, _R.id == number):
        return found
    raise UnknownRetrainError(number)


def _select(
    connection: sa.Connection, *conditions: sa.ColumnElement[bool], newest: int | None = None
) -> tuple[Retrain, ...]:
    """Oldest first; or, with ``newest``, so many and newest first."""
    order = _R.id if newest is None else _R.id.desc()
    question = sa.select(RETRAIN).where(*conditions).order_by(order).limit(newest)
    return tuple(Retrain(**row) for row in connection.execute(question).mappings())
