"""What was answered: one row for each prediction, with the version that made it.

Belongs here: recording and finding predictions. Does not belong here: making them (``inference``).
"""

import math
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from rul_platform.errors import RecordError, UnknownPredictionError
from rul_platform.storage.database import writing
from rul_platform.storage.tables import PREDICTION


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
    ) -> str:
        """Keep one prediction.

        Returns:
            Its id: 32 hex digits, random.

        Raises:
            RecordError: A number is not finite, the interval is turned round, no version of this number
                has this hash, or ``now`` has no time zone.
        """
        values = {"life": life, "rul": rul, "rul_low": rul_low, "rul_high": rul_high}
        _check_values(values)
        row = {
            "id": uuid4().hex,
            "plant": plant,
            "unit": unit,
            "number": number,
            "sha256": sha256,
            **{name: float(value) for name, value in values.items()},  # NumPy's do not reach SQL
            "created_at": now,
        }
        try:
            with writing(self._engine) as connection:
                connection.execute(PREDICTION.insert().values(row))
        except IntegrityError as error:  # the values were checked: the version is left
            raise RecordError(
                "The version of a prediction",
                found=f"{plant} version {number} with sha256 {sha256}",
                expected="one that is registered under this number and this hash",
            ) from error
        return row["id"]

    def get(self, prediction: str) -> LoggedPrediction:
        """One prediction by its id.

        Raises:
            UnknownPredictionError: There is none.
        """
        question = sa.select(PREDICTION).where(PREDICTION.c.id == prediction)
        with self._engine.connect() as connection:
            row = connection.execute(question).mappings().one_or_none()
        if row is None:
            raise UnknownPredictionError(prediction)
        return LoggedPrediction(**row)

    def recent(self, plant: str, limit: int) -> tuple[LoggedPrediction, ...]:
        """A plant's last ``limit`` predictions, newest first; those of one moment ordered by id."""
        question = (
            sa.select(PREDICTION)
            .where(PREDICTION.c.plant == plant)
            .order_by(PREDICTION.c.created_at.desc(), PREDICTION.c.id)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(question).mappings().all()
        return tuple(LoggedPrediction(**row) for row in rows)


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
