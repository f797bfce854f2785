"""Retraining settings as they were when a retrain was asked for.

Belongs here: keeping and finding them. Does not belong here: what they mean (``core.policy``).
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rul_platform.core.policy import Configured
from rul_platform.errors import RecordError
from rul_platform.storage.database import reading, writing
from rul_platform.storage.ledger import LedgerStore
from rul_platform.storage.operation_tables import CONFIG_SNAPSHOT
from rul_platform.storage.upsert import insert

_S = CONFIG_SNAPSHOT.c


class SnapshotStore:
    """All snapshots, named by the hash of their settings."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._ledger = LedgerStore(engine)

    def keep(self, configured: Configured, now: datetime) -> str:
        """Keep settings; the same ones are kept once, with where their values first came from.

        Settings that were never seen before are noted in the ledger.

        Returns:
            The sha256 that names them.
        """
        row = {
            "sha256": configured.sha256,
            "settings": configured.settings(),
            "sources": dict(configured.sources),
            "created_at": now,
        }
        with writing(self._engine) as connection:
            kept = insert(connection, CONFIG_SNAPSHOT).values(row).on_conflict_do_nothing()
            if connection.execute(kept).rowcount:
                body = {"settings": configured.sha256}
                self._ledger.append("configuration", body=body, now=now)
        return configured.sha256

    def all(self) -> dict[str, dict[str, Any]]:
        """All settings by the sha256 that they are kept under."""
        with reading(self._engine) as connection:
            found = connection.execute(sa.select(_S.sha256, _S.settings)).all()
        return {row.sha256: row.settings for row in found}

    def get(self, sha256: str) -> dict[str, Any]:
        """The settings of one snapshot: field of ``core.policy.Policy`` to value.

        Raises:
            RecordError: This is no sha256, or no settings are kept under it.
        """
        with reading(self._engine) as connection:
            found = connection.scalar(sa.select(_S.settings).where(_S.sha256 == sha256))
        if found is None:
            raise RecordError(
                "A snapshot of settings",
                found=f"asked for as {sha256}",
                expected="one that was kept",
            )
        return found
