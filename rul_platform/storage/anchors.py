"""Anchors of the ledger: in the database, and once more in a file away from it.

The file is in the home folder. Whoever can rewrite the whole database, its anchors included, is found
by the file's; whoever can also write there, by those in signed envelopes, and by what was exported.

Belongs here: the table and the file. Does not belong here: when to sign (``ledger``), what an anchor
proves (``core.ledger_anchor``, ``operation.audit``).
"""

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa

from rul_platform.core.canonical import canonical_json
from rul_platform.core.ledger_anchor import Anchor
from rul_platform.storage.database import reading, writing
from rul_platform.storage.operation_tables import LEDGER_ANCHOR

ANCHOR_FIELDS = tuple(each.name for each in fields(Anchor))

_A = LEDGER_ANCHOR.c


class AnchorStore:
    """All anchors that were kept."""

    def __init__(self, engine: sa.Engine, file: Path) -> None:
        self._engine, self.file = engine, file

    def keep(self, anchor: Anchor) -> None:
        """Keep one in both places; the same again changes nothing in the table.

        Raises:
            OSError: The file cannot be written.
        """
        with writing(self._engine, alone_in=LEDGER_ANCHOR) as connection:
            same = sa.select(_A.id).where(_A.seq == anchor.seq, _A.key_id == anchor.key_id)
            if connection.scalar(same.limit(1)) is None:
                connection.execute(LEDGER_ANCHOR.insert().values(**anchor.to_json()))
        self._append(canonical_json(anchor.to_json()) + b"\n")

    def newest(self) -> Anchor | None:
        """The anchor of the highest row in the table, or None."""
        question = sa.select(LEDGER_ANCHOR).order_by(_A.seq.desc(), _A.id.desc()).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(question).mappings().one_or_none()
        return None if row is None else _anchor(row)

    def of_row(self, seq: int) -> tuple[Anchor, ...]:
        """All of one row in the table."""
        question = sa.select(LEDGER_ANCHOR).where(_A.seq == seq).order_by(_A.id)
        with reading(self._engine) as connection:
            return tuple(map(_anchor, connection.execute(question).mappings()))

    def in_table(self) -> Iterator[Anchor]:
        """All in the table, by row of the ledger."""
        question = sa.select(LEDGER_ANCHOR).order_by(_A.seq, _A.id)
        with self._engine.connect() as connection:
            for row in connection.execution_options(yield_per=1_000).execute(question).mappings():
                yield _anchor(row)

    def in_file(self) -> Iterator[Anchor | str]:
        """All in the file, in the order in which they were written; of a damaged line, what it is."""
        if not self.file.exists():
            return
        with self.file.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    yield Anchor.from_json(json.loads(line))
                except (ValueError, KeyError, TypeError, RecursionError):
                    yield f"line {number} of {self.file} is no anchor"

    def _append(self, line: bytes) -> None:
        """Whole lines only, also where several processes write: each takes its turn."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("ab+") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            if stream.tell() and not _ends_a_line(stream):
                stream.write(b"\n")  # a writer was cut off
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())


def _anchor(row: sa.RowMapping) -> Anchor:
    return Anchor.from_json({name: row[name] for name in ANCHOR_FIELDS})


def _ends_a_line(stream: BinaryIO) -> bool:
    stream.seek(-1, os.SEEK_END)
    return stream.read(1) == b"\n"
