"""What was answered: one row for each prediction, with the version that made it, and what failed.

Belongs here: recording and finding predictions. Does not belong here: making them (``inference``),
figures over many of them (``figures``, ``health``).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from rul_platform.core.row_ids import moment_of, new_id
from rul_platform.errors import RecordError, UnknownPredictionError
from rul_platform.storage.column_types import in_utc
from rul_platform.storage.database import reading, writing
from rul_platform.storage.operation_tables import PREDICTION, PREDICTION_FAILURE, ROLES


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedPrediction:
    """A prediction as it was answered; life and RUL in the plant's unit of time.

    Attributes:
        id: What feedback refers to.
        plant: Which plant.
        unit: Which machine.
        number: Version of the model.
        sha256: Its artifact.
        life: How long the machine had run.
        rul: Remaining useful life.
        rul_low: Lower end of the interval.
        rul_high: Upper end.
        created_at: When it was answered, in UTC.
        role: One of ``operation_tables.ROLES``.
        beside: For a shadow, the id of the answer that was given instead.
        raw_rul: Before any limit, None where it was not kept.
        inference_ms: What the answer took, in milliseconds.
        readings_sha256: Artifact of the readings that it was made from.
        is_strange: A reading was far outside what the model learned from.
    """

    id: str
    plant: str
    unit: str
    number: int
    sha256: str
    life: float
    rul: float
    rul_low: float
    rul_high: float
    created_at: datetime
    role: str
    beside: str | None
    raw_rul: float | None
    inference_ms: float | None
    readings_sha256: str | None
    is_strange: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """Of an answer of the model in charge: which version gave it, and when (UTC)."""

    id: str
    plant: str
    number: int
    sha256: str
    created_at: datetime


class PredictionLog:
    """All predictions."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def record(
        self,
        *,
        plant: str,
        unit: str,
        number: int,
        sha256: str,
        life: float,
        rul: float,
        rul_low: float,
        rul_high: float,
        now: datetime,
        role: str = "champion",
        beside: str | None = None,
        raw_rul: float | None = None,
        inference_ms: float | None = None,
        readings_sha256: str | None = None,
        is_strange: bool = False,
    ) -> str:
        """Keep one prediction; the arguments are those of :class:`LoggedPrediction`.

        Returns:
            Its id, as ``core.row_ids`` makes it.

        Raises:
            RecordError: As :meth:`record_all`.
        """
        row = LoggedPrediction(
            id=new_id(in_utc(now)),
            plant=plant,
            unit=unit,
            number=number,
            sha256=sha256,
            life=life,
            rul=rul,
            rul_low=rul_low,
            rul_high=rul_high,
            created_at=now,
            role=role,
            beside=beside,
            raw_rul=raw_rul,
            inference_ms=inference_ms,
            readings_sha256=readings_sha256,
            is_strange=is_strange,
        )
        self.record_all([row])
        return row.id

    def record_all(self, rows: Sequence[LoggedPrediction]) -> None:
        """Keep predictions, all or none.

        Raises:
            RecordError: Of one, a number is not finite, the interval is turned round, the role is none,
                a shadow stands beside nothing (or another role beside something), no version of this
                number has this hash, or the moment has no time zone.
        """
        if not rows:
            return
        for row in rows:
            _check(row)
        told = [_plain(row) for row in rows]
        try:
            with writing(self._engine) as connection:
                connection.execute(PREDICTION.insert(), told)
        except IntegrityError as error:  # the values were checked: the version is left
            versions = {f"{r.plant} version {r.number} with sha256 {r.sha256}" for r in rows}
            raise RecordError(
                "The version of a prediction",
                found=" or ".join(sorted(versions)),
                expected="one that is registered under this number and this hash",
            ) from error

    def failed(
        self, plant: str, number: int | None, kind: str, now: datetime, count: int = 1
    ) -> None:
        """Keep that a version could not answer: a row for each answer that was not given.

        Args:
            plant: Which plant.
            number: Which version; None where none could be found.
            kind: Class of the error. Its text is not kept: it may hold what a caller sent.
            now: When.
            count: Units that were asked for in vain, 1 where nobody knows how many.
        """
        row = {"plant": plant, "number": number, "kind": kind, "created_at": now}
        with writing(self._engine) as connection:
            connection.execute(PREDICTION_FAILURE.insert(), [row] * count)

    def get(self, prediction: str) -> LoggedPrediction:
        """One prediction by its id.

        Raises:
            UnknownPredictionError: There is none.
        """
        question = sa.select(PREDICTION).where(*is_prediction(prediction))
        with reading(self._engine) as connection:
            row = connection.execute(question).mappings().one_or_none()
        if row is None:
            raise UnknownPredictionError(prediction)
        return LoggedPrediction(**row)

    def answered(self, plant: str) -> tuple[LoggedPrediction, ...]:
        """All answers that were given for a plant, oldest first: none of a model only asked beside."""
        answers = PREDICTION.select().where(
            PREDICTION.c.plant == plant, PREDICTION.c.role != "shadow"
        )
        question = answers.order_by(PREDICTION.c.created_at, PREDICTION.c.id)
        with reading(self._engine) as connection:
            rows = connection.execute(question).mappings().all()
        return tuple(LoggedPrediction(**row) for row in rows)

    def recent(self, plant: str, limit: int) -> tuple[LoggedPrediction, ...]:
        """A plant's last ``limit`` predictions, newest first; those of one moment ordered by id."""
        question = (
            sa.select(PREDICTION)
            .where(PREDICTION.c.plant == plant)
            .order_by(PREDICTION.c.created_at.desc(), PREDICTION.c.id)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(question).mappings().all()
        return tuple(LoggedPrediction(**row) for row in rows)

    def of_champions(self, batch: int = 5_000) -> Iterator[Answered]:
        """Every answer of a model in charge, by plant, in small memory."""
        columns = [PREDICTION.c[name] for name in ("id", "plant", "number", "sha256", "created_at")]
        question = sa.select(*columns).where(PREDICTION.c.role == "champion")
        with self._engine.connect() as connection:
            options = connection.execution_options(yield_per=batch)
            for row in options.execute(question.order_by(PREDICTION.c.plant)):
                yield Answered(*row)


def is_prediction(*ids: str) -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions for one of these ids; where all of them tell their moment, with those moments.

    PostgreSQL then looks into the months that they are of, and into no other.
    """
    moments = [moment for each in ids if (moment := moment_of(each)) is not None]
    is_one = PREDICTION.c.id.in_(ids)
    if len(moments) < len(ids) or not moments:
        return (is_one,)
    return is_one, PREDICTION.c.created_at.between(min(moments), max(moments))


_COLUMNS = tuple(column.name for column in PREDICTION.c)
_NUMBERS = ("life", "rul", "rul_low", "rul_high", "raw_rul", "inference_ms")


def _plain(row: LoggedPrediction) -> dict[str, Any]:
    """The row's values; NumPy's numbers do not reach SQL."""
    values = {name: getattr(row, name) for name in _COLUMNS}
    for name in _NUMBERS:
        if values[name] is not None:
            values[name] = float(values[name])
    return values


def _check(row: LoggedPrediction) -> None:
    values = {name: getattr(row, name) for name in _NUMBERS}
    _check_values({name: value for name, value in values.items() if value is not None})
    _check_role(row.role, row.beside)


def _check_values(values: dict[str, float]) -> None:
    odd = [f"{name} {value}" for name, value in values.items() if not math.isfinite(value)]
    if odd:
        raise RecordError("A prediction", found=", ".join(odd), expected="finite numbers")
    if values["rul_low"] > values["rul_high"]:
        raise RecordError(
            "The interval of a prediction",
            found=f"from {values['rul_low']} to {values['rul_high']}",
            expected="from the lower to the upper end",
        )


def _check_role(role: str, beside: str | None) -> None:
    if role not in ROLES:
        raise RecordError(
            "The role of a prediction", found=role, expected=f"one of {', '.join(ROLES)}"
        )
    if (role == "shadow") != (beside is not None):
        raise RecordError(
            "A prediction",
            found=f"a {role}'s beside {beside or 'none'}",
            expected="a shadow's beside the answer that was given, or an answer that was given",
        )
