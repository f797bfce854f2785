"""A throwaway copy of one plant: everything can be tried on it, and the original never notices.

The copy has a database of its own, in SQLite whatever the original's is, with the plant's rows and the
lineage of all artifacts. Artifacts are read where they are and written beside the copy; plant files are
read through a link. The ledger, alerts and other plants stay behind.

Belongs here: what is copied. Does not belong here: what is tried on it (``orchestration.retraining``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from rul_platform.errors import MissingArtifactError
from rul_platform.storage.artifacts import Artifact, ArtifactStore
from rul_platform.storage.column_types import METADATA
from rul_platform.storage.database import writing
from rul_platform.storage.home import Home
from rul_platform.storage.operation_tables import (
    ALERT,
    APPROVAL,
    CONFIG_SNAPSHOT,
    GATE,
    IMPORTED_CHECKPOINT,
    LEDGER,
    LEDGER_ANCHOR,
    PROVENANCE,
    SELECTED_PARENT,
)
from rul_platform.storage.service_tables import ACCESS_TOKEN, ANSWERED_REQUEST, ENDED_SESSION
from rul_platform.storage.signing_keys import SigningKeys
from rul_platform.storage.tables import MATERIALIZATION, MATERIALIZATION_INPUT

LEFT_BEHIND = (
    ALERT,
    LEDGER,
    LEDGER_ANCHOR,
    PROVENANCE,
    ACCESS_TOKEN,
    ANSWERED_REQUEST,
    ENDED_SESSION,
)
"""Not copied: a ledger without its beginning is none, what is signed is about the original, nobody is
alerted twice, and nobody may ask a copy."""
WHOLE = (
    MATERIALIZATION,
    MATERIALIZATION_INPUT,
    CONFIG_SNAPSHOT,
    IMPORTED_CHECKPOINT,
    SELECTED_PARENT,
)
"""Of no plant alone: what its artifacts were made from, settings, and what networks start from."""
ROWS_AT_ONCE = 1_000


class OverlayStore(ArtifactStore):
    """A store that reads from another one what it does not hold itself, and never writes there."""

    def __init__(self, root: Path, beneath: ArtifactStore) -> None:
        super().__init__(root)
        self._beneath = beneath

    def artifact(self, sha256: str) -> Artifact:
        """As the store beneath says, where this one has none."""
        try:
            return super().artifact(sha256)
        except MissingArtifactError:
            return self._beneath.artifact(sha256)

    def read(self, artifact: Artifact, name: str) -> bytes:
        """The bytes of one file, from whichever store has it."""
        try:
            return super().read(artifact, name)
        except MissingArtifactError:
            return self._beneath.read(artifact, name)

    def path(self, artifact: Artifact, name: str) -> Path:
        """Where one file is, in whichever store."""
        try:
            return super().path(artifact, name)
        except MissingArtifactError:
            return self._beneath.path(artifact, name)


class ThrowawayHome(Home):
    """A home whose artifacts lie over those of another one."""

    def __init__(self, beneath: Home, folder: Path) -> None:
        settings = replace(beneath.settings, home=folder, database_url=None, store=None)
        super().__init__(settings, clock=beneath.now)
        self._beneath = beneath

    @cached_property
    def store(self) -> ArtifactStore:
        """Both homes' artifacts; written here."""
        return OverlayStore(self.folder / "store", self._beneath.store)

    @cached_property
    def signing(self) -> SigningKeys:
        """Keys of its own: what is tried is signed by nobody."""
        return SigningKeys.beside(self.folder / "keys")


@contextmanager
def throwaway_copy(home: Home, plant: str, folder: Path) -> Iterator[Home]:
    """A home in ``folder`` with all that concerns one plant.

    Args:
        home: The original; only read.
        plant: Whose rows.
        folder: An empty one, for whoever asks to remove.
    """
    copy = ThrowawayHome(home, folder)
    (copy.folder / "plants").symlink_to(home.plants.resolve(), target_is_directory=True)
    config = home.settings.home / "retrain.json"
    if config.exists():
        (copy.folder / config.name).symlink_to(config.resolve())
    copy_rows(home.engine, copy.engine, plant)
    try:
        yield copy
    finally:
        copy.engine.dispose()


def copy_rows(source: sa.Engine, target: sa.Engine, plant: str) -> None:
    """Copy one plant's rows, as they are at one moment, into an empty database."""
    with source.connect() as reading:
        if source.dialect.name == "postgresql":
            reading.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with reading.begin(), writing(target) as connection:
            for table in METADATA.sorted_tables:
                question = _question(table, plant)
                if question is None:
                    continue
                question = question.execution_options(yield_per=ROWS_AT_ONCE)
                for rows in reading.execute(question).mappings().partitions():
                    connection.execute(table.insert(), [dict(row) for row in rows])


def _question(table: sa.Table, plant: str) -> sa.Select[Any] | None:
    """The rows of a table that the copy needs; None for none of them."""
    if table in WHOLE:
        return sa.select(table)
    if table is APPROVAL:
        of_plant = sa.select(GATE.c.id).where(GATE.c.plant == plant)
        return sa.select(table).where(table.c.gate_id.in_(of_plant))
    if table in LEFT_BEHIND or "plant" not in table.c:
        return None
    return sa.select(table).where(table.c.plant == plant)
