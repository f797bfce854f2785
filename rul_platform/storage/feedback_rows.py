"""A rating, from the moment it comes in until nobody knows any more who gave it.

Belongs here: the values that travel, and what a row is committed to. Does not belong here: the table
(``feedback``).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

from rul_platform.core.commitments import commitment

_COMMITTED = ("id", "prediction_id", "plant", "unit", "number", "rating", "reason", "person")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFeedback:
    """A rating as it comes in.

    Attributes:
        prediction_id: What is rated.
        rating: One of ``operation_tables.RATINGS``.
        reason: One of ``operation_tables.REASONS``, or None.
        person: Pseudonym of who rates.
        created_at: When it was said.
        salt: Random, 32 hex digits: without it nobody can guess the person from the commitment.
    """

    prediction_id: str
    rating: str
    reason: str | None
    person: str
    created_at: datetime
    salt: str


@dataclass(frozen=True, slots=True)
class Added:
    """The row that stands for what was given: a new one, or one that was there before."""

    id: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Rated:
    """What a prediction's id stands for."""

    plant: str
    unit: str
    number: int
    role: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """Feedback that a retrain has consumed: how many rows, and the Merkle root over them."""

    rows: int
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """A rating as it is kept.

    Attributes:
        id: 32 hex digits, as ``core.row_ids`` makes them.
        prediction_id: What was rated.
        plant: Of the prediction.
        unit: Of the prediction.
        number: Version that made the prediction.
        rating: One of ``operation_tables.RATINGS``.
        reason: One of ``operation_tables.REASONS``, or None.
        person: Pseudonym of who said it; None once forgotten.
        day: Of ``created_at``, in UTC.
        created_at: In UTC.
        salt: Of the commitment; None once forgotten.
        commitment: Hash over the salt and everything above but ``day``.
        rolled_up: Number of the roll-up that counted it; None while it waits.
        retrain_id: The retrain that consumed it, or None.
    """

    id: str
    prediction_id: str
    plant: str
    unit: str
    number: int
    rating: str
    reason: str | None
    person: str | None
    day: date
    created_at: datetime
    salt: str | None
    commitment: str
    rolled_up: int | None
    retrain_id: int | None

    @property
    def standing(self) -> Literal["intact", "erased", "altered"]:
        """Whether the row is what was committed to; an erased one can no longer be compared."""
        if self.person is None or self.salt is None:
            return "erased"
        return "intact" if commit(self.salt, asdict(self)) == self.commitment else "altered"


def commit(salt: str, row: Mapping[str, Any]) -> str:
    """The commitment to a row: hash over ``salt`` and what was said, by whom and when."""
    moment = row["created_at"].isoformat(timespec="microseconds")
    return commitment(salt, {key: row[key] for key in _COMMITTED} | {"created_at": moment})
