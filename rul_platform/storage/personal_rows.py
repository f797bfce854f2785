"""Where the tables name a person, apart from ``feedback``, which has a store of its own.

What a person did stays: who approved a model must be told for as long as the model may be asked about.
It stays under a pseudonym, which nobody can resolve once the key of its quarter is dropped.

Belongs here: finding such rows. Does not belong here: pseudonyms (``people``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rul_platform.storage.column_types import CanonicalJson
from rul_platform.storage.database import reading
from rul_platform.storage.operation_tables import (
    APPROVAL,
    FEEDBACK,
    GATE,
    IMPORTED_CHECKPOINT,
    LEDGER,
    PLANT_FREEZE,
    RETRAIN,
    SELECTED_PARENT,
)
from rul_platform.storage.tables import DEPLOYMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One row that names a person as the one who did it.

    Attributes:
        table: Where it is.
        id: Its key there.
        plant: Empty where it is about no plant.
        what: What was done, in one word.
        reason: As the person gave it; empty where none is asked for.
        at: When, in UTC.
    """

    table: str
    id: int
    plant: str
    what: str
    reason: str
    at: datetime


class PersonalRows:
    """What the tables hold under a person's pseudonyms."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def actions(self, pseudonyms: Sequence[str]) -> tuple[Action, ...]:
        """All that was done under these pseudonyms, in the order of time."""
        found: list[Action] = []
        with reading(self._engine) as connection:
            for table, question in _questions(pseudonyms).items():
                rows = connection.execute(question).mappings()
                found += [_action(table, dict(row)) for row in rows]
        return tuple(sorted(found, key=lambda action: (action.at, action.table, action.id)))

    def named_before(self, moment: datetime) -> int:
        """How many ratings from before ``moment`` still hold a pseudonym."""
        question = (
            sa.select(sa.func.count())
            .select_from(FEEDBACK)
            .where(FEEDBACK.c.person.is_not(None), FEEDBACK.c.created_at < moment)
        )
        with reading(self._engine) as connection:
            return connection.execute(question).scalar_one()


def _questions(pseudonyms: Sequence[str]) -> dict[str, sa.Executable]:
    """For each table that can name a person: its rows with the fields of an :class:`Action`, or JSON."""
    gate_plant = sa.select(GATE.c.plant).where(GATE.c.id == APPROVAL.c.gate_id).scalar_subquery()
    return {
        "retrain": sa.select(
            RETRAIN.c.id,
            RETRAIN.c.plant,
            RETRAIN.c.trigger.label("what"),
            RETRAIN.c.reason,
            RETRAIN.c.requested_at.label("at"),
        ).where(RETRAIN.c.actor.in_(pseudonyms)),
        "approval": sa.select(
            APPROVAL.c.gate_id.label("id"),
            gate_plant.label("plant"),
            sa.literal("approval").label("what"),
            APPROVAL.c.reason,
            APPROVAL.c.created_at.label("at"),
        ).where(APPROVAL.c.actor.in_(pseudonyms)),
        "plant_freeze": sa.select(
            PLANT_FREEZE.c.id,
            PLANT_FREEZE.c.plant,
            sa.literal("freeze").label("what"),
            PLANT_FREEZE.c.reason,
            PLANT_FREEZE.c.since.label("at"),
        ).where(PLANT_FREEZE.c.actor.in_(pseudonyms)),
        "imported_checkpoint": sa.select(
            IMPORTED_CHECKPOINT.c.id,
            sa.literal("").label("plant"),
            sa.literal("checkpoint").label("what"),
            sa.literal("").label("reason"),
            IMPORTED_CHECKPOINT.c.created_at.label("at"),
        ).where(IMPORTED_CHECKPOINT.c.actor.in_(pseudonyms)),
        "selected_parent": sa.select(
            SELECTED_PARENT.c.id,
            sa.literal("").label("plant"),
            sa.literal("parent").label("what"),
            SELECTED_PARENT.c.reason,
            SELECTED_PARENT.c.created_at.label("at"),
        ).where(SELECTED_PARENT.c.actor.in_(pseudonyms)),
        "deployment": sa.select(
            DEPLOYMENT.c.id,
            DEPLOYMENT.c.plant,
            sa.literal("deployment").label("what"),
            DEPLOYMENT.c.evidence.label("body"),
            DEPLOYMENT.c.since.label("at"),
        ).where(_names(DEPLOYMENT.c.evidence, pseudonyms)),
        "ledger": sa.select(
            LEDGER.c.seq.label("id"),
            LEDGER.c.plant,
            LEDGER.c.kind.label("what"),
            sa.type_coerce(LEDGER.c.body, CanonicalJson).label("body"),
            LEDGER.c.created_at.label("at"),
        ).where(_names(LEDGER.c.body, pseudonyms)),
    }


def _names(json_text: sa.Column[Any], pseudonyms: Sequence[str]) -> sa.ColumnElement[bool]:
    """The JSON holds one of them, wherever: 64 hex digits mean nothing else."""
    as_text = sa.cast(json_text, sa.Text)
    return sa.or_(sa.false(), *(as_text.contains(f'"{one}"') for one in pseudonyms))


def _action(table: str, row: dict[str, Any]) -> Action:
    """The ledger keeps moments as text, as they were hashed; JSON may hold a reason."""
    body = row.pop("body", None)
    if body is not None:
        row["reason"] = str(body.get("reason", ""))
    if isinstance(row["at"], str):
        row["at"] = datetime.fromisoformat(row["at"])
    return Action(table=table, **row)
