"""The record of what was decided about models: rows that nobody changes, each sealed to the one before.

Belongs here: appending and reading rows. Does not belong here: how a row is hashed and a chain is
checked (``core.ledger``), who decides what (``operation``).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from rul_platform.core.canonical import canonical_json
from rul_platform.core.ledger import GENESIS, LedgerRow, row_hash
from rul_platform.errors import RecordError
from rul_platform.storage.column_types import in_utc
from rul_platform.storage.database import reading, when_committed, writing
from rul_platform.storage.operation_tables import LEDGER

KINDS = (
    "trigger", "forced", "cancel", "retrain_closed", "gate", "approval", "deployment", "rollback",
    "shadow", "freeze", "unfreeze", "erasure", "purge", "cleanup",
    "withdrawal", "data", "version", "key", "sensor", "configuration", "token",
    "checkpoint", "parent",
)  # fmt: skip
"""What a row can be about."""

_TOLD: WeakKeyDictionary[sa.Engine, Callable[[], None]] = WeakKeyDictionary()


def tell_of_rows(engine: sa.Engine, call: Callable[[], None]) -> None:
    """Have this called after each commit that brought new rows, whichever store wrote them."""
    _TOLD[engine] = call


TURN = 0x4C4544474552
"""Of the advisory lock: any number that is ours alone; "LEDGER" in ASCII."""

_L = LEDGER.c


class LedgerStore:
    """All rows."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def append(self, kind: str, *, plant: str = "", body: Mapping[str, Any], now: datetime) -> int:
        """Write one row; inside an open ``writing`` it is committed, or not, with the rest.

        Rows are written one after the other: whoever comes second waits for the first one's commit. Do
        it last in a transaction, after everything else that could make it wait.

        The order is that of ``seq``: a clock that was set back shows in ``created_at``.

        Returns:
            Its ``seq``.

        Raises:
            RecordError: No such kind, the body is not JSON, or ``now`` has no time zone.
            DBAPIError: PostgreSQL refuses the row, or the role was not granted ``append_to_ledger``.
        """
        row: dict[str, Any] = {
            "kind": _checked(kind),
            "plant": plant,
            "body": _as_text(body),
            "created_at": in_utc(now).isoformat(timespec="microseconds"),
        }
        with writing(self._engine) as connection:
            _take_turn(connection)
            question = sa.select(_L.seq, _L.hash).order_by(_L.seq.desc()).limit(1)
            last, previous = connection.execute(question).one_or_none() or (0, GENESIS)
            row |= {"seq": last + 1, "previous": previous}
            _write(connection, row | {"hash": row_hash(**row)})
            if self._engine in _TOLD:
                when_committed(self._engine, _TOLD[self._engine])
        return last + 1

    def newest(self) -> LedgerRow | None:
        """The row that was written last, or None."""
        found = self._select(sa.select(LEDGER).order_by(_L.seq.desc()).limit(1))
        return found[0] if found else None

    def newest_about_plants(self) -> int:
        """Number of the last row that is about some plant, 0 where there is none."""
        with reading(self._engine) as connection:
            question = sa.select(sa.func.max(_L.seq)).where(_L.plant != "")
            return connection.scalar(question) or 0

    def plants_after(self, row: int) -> frozenset[str]:
        """Plants that a row behind this one is about."""
        question = sa.select(_L.plant).where(_L.seq > row, _L.plant != "").distinct()
        with reading(self._engine) as connection:
            return frozenset(connection.scalars(question))

    def all(self, batch: int = 5_000) -> Iterator[LedgerRow]:
        """All rows in order, in small memory.

        The driver's own cursor: what SQLAlchemy makes of a row takes as long as hashing it.
        """
        question = str(sa.select(LEDGER).order_by(_L.seq))
        with self._engine.connect() as connection:
            is_server = connection.dialect.name == "postgresql"
            driver: Any = connection.connection
            cursor = driver.cursor("ledger") if is_server else driver.cursor()
            cursor.execute(question)
            while rows := cursor.fetchmany(batch):
                yield from map(LedgerRow._make, rows)

    def rows(self, after: int = 0, limit: int = 1_000) -> tuple[LedgerRow, ...]:
        """The next ``limit`` rows behind ``after``, in order."""
        question = sa.select(LEDGER).where(_L.seq > after).order_by(_L.seq).limit(limit)
        return self._select(question)

    def of_plant(self, plant: str, kinds: Iterable[str] = KINDS) -> tuple[LedgerRow, ...]:
        """A plant's rows of some kinds, oldest first."""
        where = _L.plant == plant, _L.kind.in_(tuple(kinds))
        return self._select(sa.select(LEDGER).where(*where).order_by(_L.seq))

    def newest_of_plant(
        self, plant: str, *, limit: int, before: int | None = None
    ) -> tuple[LedgerRow, ...]:
        """A plant's last ``limit`` rows, of those with a ``seq`` below ``before``; newest first."""
        where = [_L.plant == plant, *([] if before is None else [_L.seq < before])]
        question = sa.select(LEDGER).where(*where).order_by(_L.seq.desc()).limit(limit)
        return self._select(question)

    def of_kind(self, *kinds: str) -> tuple[LedgerRow, ...]:
        """Rows of some kinds, whatever the plant, oldest first."""
        return self._select(sa.select(LEDGER).where(_L.kind.in_(kinds)).order_by(_L.seq))

    def _select(self, question: sa.Select[Any]) -> tuple[LedgerRow, ...]:
        with reading(self._engine) as connection:
            return tuple(LedgerRow(**row) for row in connection.execute(question).mappings())


def _take_turn(connection: sa.Connection) -> None:
    """Until the commit; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(TURN)))


def _write(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    """PostgreSQL checks number and hashes itself, so that its application cannot insert others."""
    if connection.dialect.name == "postgresql":
        fields = (row[column.name] for column in LEDGER.columns)
        connection.execute(sa.select(sa.func.append_to_ledger(*fields)))
    else:
        connection.execute(LEDGER.insert().values(row))


def _checked(kind: str) -> str:
    if kind not in KINDS:
        raise RecordError("The kind of a ledger row", found=repr(kind), expected=", ".join(KINDS))
    return kind


def _as_text(body: Mapping[str, Any]) -> str:
    try:
        return canonical_json(body).decode()
    except (TypeError, ValueError) as error:
        raise RecordError(
            "The body of a ledger row",
            found=f"not JSON ({error})",
            expected="made of text, finite numbers, true, false, null, lists and objects",
        ) from error
