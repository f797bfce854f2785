"""What is given and what is logged of what a champion and its challenger said.

A champion's answer is given, unless an A/B test gave the unit to the challenger; what was not given is
logged as a shadow's, beside what was.

Belongs here: which of two answers a unit gets, as rows. Does not belong here: asking (``asking``),
keeping (``answering``, ``serving``), which unit belongs to which arm (``core.shadow``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from rul_platform.core.row_ids import new_id
from rul_platform.core.shadow import arm
from rul_platform.operation.asking import Said
from rul_platform.storage.predictions import LoggedPrediction

if TYPE_CHECKING:
    from rul_platform.inference.prediction import Prediction


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is given.

    Attributes:
        id: Of the log's row.
        number: The model version that answered.
        sha256: Of that version.
        role: ``champion`` or, in an A/B test, ``challenger``.
        prediction: What it said.
    """

    id: str
    number: int
    sha256: str
    role: str
    prediction: "Prediction"


@dataclass(frozen=True, slots=True)
class Settled:
    """Answers in the order of the units, and for each the rows to log: its own, and its shadow's."""

    answers: tuple[Answer, ...]
    rows: tuple[tuple[LoggedPrediction, ...], ...]


def settle(
    said: Said,
    beside: Said | None,
    *,
    share: float,
    now: datetime,
    readings: Mapping[str, str] = MappingProxyType({}),
) -> Settled:
    """Decide for each unit which answer is given.

    Args:
        said: What the champion said.
        beside: What the challenger said of the same units, if there is one and it answered.
        share: Part of the units that an A/B test gives to the challenger.
        now: When.
        readings: By unit: the artifact of the readings that were asked with, as far as it is known.
    """
    answers, rows = list[Answer](), list[tuple[LoggedPrediction, ...]]()
    for at, unit in enumerate(each.unit for each in said.logged):
        given, other, role = said, beside, "champion"
        if (
            beside is not None
            and arm(beside.version.plant, beside.version.number, unit, share) == "challenger"
        ):
            given, other, role = beside, said, "challenger"
        row = _row(given, at, role, None, now, readings)
        version = given.version
        answers.append(Answer(row.id, version.number, version.sha256, role, given.told[at]))
        shadow = () if other is None else (_row(other, at, "shadow", row.id, now, readings),)
        rows.append((row, *shadow))
    return Settled(tuple(answers), tuple(rows))


def _row(
    said: Said, at: int, role: str, beside: str | None, now: datetime, readings: Mapping[str, str]
) -> LoggedPrediction:
    prediction = said.logged[at]
    return LoggedPrediction(
        id=new_id(now),
        plant=said.version.plant,
        unit=prediction.unit,
        number=said.version.number,
        sha256=said.version.sha256,
        life=prediction.life,
        rul=prediction.rul,
        rul_low=prediction.rul_low,
        rul_high=prediction.rul_high,
        created_at=now,
        role=role,
        beside=beside,
        raw_rul=prediction.raw_rul,
        inference_ms=said.inference_ms,
        readings_sha256=readings.get(prediction.unit),
        is_strange=prediction.is_strange,
    )
