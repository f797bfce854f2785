"""Plants whose model may not change for a while, by a person's word: an overhaul, an audit.

A freeze holds for promotions, approvals and shadows alike. Going back to a former version stays
possible: it is what one does when something is wrong.

Belongs here: who froze what, when and why. Does not belong here: what is refused meanwhile (``models``).
"""

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from rul_platform.errors import FreezeStateError, FrozenError
from rul_platform.storage.column_types import in_utc
from rul_platform.storage.database import reading, writing
from rul_platform.storage.ledger import LedgerStore
from rul_platform.storage.operation_tables import PLANT_FREEZE
from rul_platform.storage.tables import MODEL_VERSION

_F = PLANT_FREEZE.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A time in which a plant's model does not change.

    Attributes:
        plant: Which plant.
        actor: Pseudonym of who froze it.
        reason: Why, in that person's words.
        since: Beginning, in UTC.
        until: End, in UTC; None while it holds.
    """

    plant: str
    actor: str
    reason: str
    since: datetime
    until: datetime | None


class FreezeStore:
    """All freezes. They take turns with deployments, so that none slips through while one begins."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def freeze(self, plant: str, actor: str, reason: str, now: datetime) -> Freeze:
        """Freeze a plant's model.

        Raises:
            FreezeStateError: It is frozen already.
        """
        with writing(self._engine, alone_in=MODEL_VERSION) as connection:
            found = frozen(connection, plant)
            if found is not None:
                raise FreezeStateError(plant, f"frozen already, {_told(found)}")
            row = {"plant": plant, "actor": actor, "reason": reason, "since": now}
            connection.execute(PLANT_FREEZE.insert().values(row))
            body = {"actor": actor, "reason": reason}
            LedgerStore(self._engine).append("freeze", plant=plant, body=body, now=now)
            return Freeze(plant=plant, actor=actor, reason=reason, since=in_utc(now), until=None)

    def lift(self, plant: str, actor: str, now: datetime) -> Freeze:
        """End the freeze; gives it as it was, with its end.

        None ends before it began: where a clock had run ahead, it lasted no time.

        Raises:
            FreezeStateError: The plant is not frozen.
        """
        with writing(self._engine, alone_in=MODEL_VERSION) as connection:
            found = frozen(connection, plant)
            if found is None:
                raise FreezeStateError(plant, "not frozen")
            until = max(in_utc(now), found.since)
            connection.execute(
                PLANT_FREEZE.update()
                .where(_F.plant == plant, _F.until.is_(None))
                .values(until=until)
            )
            body = {"actor": actor, "since": found.since.isoformat()}
            LedgerStore(self._engine).append("unfreeze", plant=plant, body=body, now=now)
            return replace(found, until=until)

    def current(self, plant: str) -> Freeze | None:
        """The freeze that holds, or None."""
        with reading(self._engine) as connection:
            return frozen(connection, plant)

    def plants(self) -> frozenset[str]:
        """Plants that are frozen now."""
        with reading(self._engine) as connection:
            return frozenset(connection.scalars(sa.select(_F.plant).where(_F.until.is_(None))))

    def history(self, plant: str) -> tuple[Freeze, ...]:
        """A plant's freezes, oldest first."""
        with reading(self._engine) as connection:
            return _select(connection, _F.plant == plant)


def frozen(connection: sa.Connection, plant: str) -> Freeze | None:
    """The freeze that holds, as this transaction sees it."""
    found = _select(connection, _F.plant == plant, _F.until.is_(None))
    return found[0] if found else None


def refuse_frozen(connection: sa.Connection, plant: str) -> None:
    """Let nothing but a rollback change a frozen plant.

    Raises:
        FrozenError: It is frozen; says why and since when.
    """
    found = frozen(connection, plant)
    if found is not None:
        raise FrozenError(plant, since=found.since.isoformat(), reason=found.reason)


def _told(freeze: Freeze) -> str:
    return f"since {freeze.since.isoformat()}: {freeze.reason}"


def _select(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> tuple[Freeze, ...]:
    columns = (_F.plant, _F.actor, _F.reason, _F.since, _F.until)
    question = sa.select(*columns).where(*conditions).order_by(_F.id)
    return tuple(Freeze(**row) for row in connection.execute(question).mappings())
