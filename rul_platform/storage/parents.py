"""Checkpoints that plants can start from: those imported under a name, and which one was selected.

Both are histories: a name stands for one artifact for ever, and of selections the newest counts.

Belongs here: rows, and who comes first where several select at once. Does not belong here: what was
meant (``operation.parents``), the checkpoints that an asset made (``lineage``).
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from rul_platform.errors import CheckpointNameError
from rul_platform.storage.database import reading, writing
from rul_platform.storage.ledger import LedgerStore
from rul_platform.storage.operation_tables import IMPORTED_CHECKPOINT, SELECTED_PARENT

IMPORT_ROW, SELECTION_ROW = "checkpoint", "parent"
"""Kinds of their rows in the ledger."""

_I, _S = IMPORTED_CHECKPOINT.c, SELECTED_PARENT.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A checkpoint under a name that a person gave.

    Attributes:
        id: Grows in the order of importing.
        name: What it is called; never a path.
        architecture: ``lstm``, ``gru`` or ``tcn``.
        sha256: The artifact: file and card.
        file_sha256: The file as it came.
        actor: Pseudonym of who imported it.
        created_at: In UTC.
    """

    id: int
    name: str
    architecture: str
    sha256: str
    file_sha256: str
    actor: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """One decision about what the plants of an architecture start from.

    Attributes:
        id: Grows in the order of selecting.
        architecture: Of the networks.
        sha256: What was meant then.
        origin: ``pretrained_checkpoint`` or ``imported_checkpoint``.
        name: What it was called; ``pretrained`` where the newest one was meant; empty where it has none.
        actor: Pseudonym of who decided.
        reason: Why; empty where nobody asked.
        created_at: In UTC.
    """

    id: int
    architecture: str
    sha256: str
    origin: str
    name: str
    actor: str
    reason: str
    created_at: datetime


class ParentStore:
    """All imports and all selections."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def register(
        self,
        name: str,
        *,
        architecture: str,
        sha256: str,
        file_sha256: str,
        seen: Sequence[str] | None,
        actor: str,
        now: datetime,
    ) -> Imported:
        """Give an artifact a name, with its row in the ledger; the same again changes nothing.

        Args:
            name: What it is called from now on.
            architecture: Of the network.
            sha256: The artifact.
            file_sha256: The file in it.
            seen: Subsets that it has seen; None where that is not known. The same file under the same
                name without such a word is the one that is there.
            actor: Pseudonym of who does this.
            now: When.

        Raises:
            CheckpointNameError: The name stands for another checkpoint.
        """
        with writing(self._engine, alone_in=IMPORTED_CHECKPOINT) as connection:
            found = self._named(connection, name)
            is_same_file = found is not None and found.file_sha256 == file_sha256
            if found is not None and (found.sha256 == sha256 or (is_same_file and seen is None)):
                return found
            if found is not None:
                raise CheckpointNameError(name, held=found.file_sha256, given=file_sha256)
            row = {"architecture": architecture, "sha256": sha256, "file_sha256": file_sha256}
            row |= {"name": name, "actor": actor}
            connection.execute(IMPORTED_CHECKPOINT.insert().values(**row, created_at=now))
            body = row | {"seen": None if seen is None else list(seen)}
            LedgerStore(self._engine).append(IMPORT_ROW, body=body, now=now)
            made = self._named(connection, name)
            assert made is not None  # noqa: S101  just written
            return made

    def imported(self) -> tuple[Imported, ...]:
        """All of them, oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(sa.select(IMPORTED_CHECKPOINT).order_by(_I.id)).mappings()
            return tuple(Imported(**row) for row in rows)

    def select(
        self,
        architecture: str,
        *,
        sha256: str,
        origin: str,
        name: str,
        over: str | None,
        actor: str,
        reason: str,
        now: datetime,
    ) -> Selected:
        """Write a selection down, with its row in the ledger; :class:`Selected` says what is what.

        Whoever must know that nothing else was selected in between does both inside :meth:`alone`.
        ``over`` is the sha256 that counted before.
        """
        row = {"architecture": architecture, "sha256": sha256, "origin": origin, "name": name}
        row |= {"actor": actor, "reason": reason}
        with self._alone() as connection:
            made = SELECTED_PARENT.insert().values(**row, created_at=now).returning(_S.id)
            number = connection.execute(made).scalar_one()
            LedgerStore(self._engine).append(SELECTION_ROW, body=row | {"over": over}, now=now)
            return _selections(connection, _S.id == number)[0]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One transaction in which nobody else selects; what is called inside joins it."""
        with self._alone():
            yield

    def _alone(self) -> AbstractContextManager[sa.Connection]:
        return writing(self._engine, alone_in=SELECTED_PARENT)

    def newest(self, architecture: str) -> Selected | None:
        """The selection that counts, or None."""
        with reading(self._engine) as connection:
            found = _selections(connection, _S.architecture == architecture)
        return found[-1] if found else None

    def history(self) -> tuple[Selected, ...]:
        """All selections, oldest first."""
        with reading(self._engine) as connection:
            return _selections(connection)

    def _named(self, connection: sa.Connection, name: str) -> Imported | None:
        question = sa.select(IMPORTED_CHECKPOINT).where(_I.name == name)
        row = connection.execute(question).mappings().one_or_none()
        return None if row is None else Imported(**row)


def _selections(
    connection: sa.Connection, *conditions: sa.ColumnElement[bool]
) -> tuple[Selected, ...]:
    rows = connection.execute(sa.select(SELECTED_PARENT).where(*conditions).order_by(_S.id))
    return tuple(Selected(**row) for row in rows.mappings())
