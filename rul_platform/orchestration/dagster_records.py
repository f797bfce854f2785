"""What Dagster itself noted of materialisations: data version, code version, run, place in its log.

Our lineage says what was made from what (decision record 0002). This is a second witness to it, which
Dagster writes into tables of its own.

Belongs here: reading its records. Does not belong here: signing them (``operation.provenance``).
"""

from collections.abc import Iterable
from typing import Any

import dagster as dg

from rul_platform.storage.lineage import Materialization

DATA_VERSION, CODE_VERSION = "dagster/data_version", "dagster/code_version"
RECENT = 50
"""How many of a partition's newest records are looked through."""


def records(instance: dg.DagsterInstance, made: Iterable[Materialization]) -> list[dict[str, Any]]:
    """Dagster's record of each materialisation that one of its runs made and that it still keeps."""
    found = (_record(instance, each) for each in made)
    return [each for each in found if each is not None]


def _record(instance: dg.DagsterInstance, made: Materialization) -> dict[str, Any] | None:
    where = dg.AssetRecordsFilter(
        asset_key=dg.AssetKey(made.asset.split("/")), asset_partitions=[made.partition]
    )
    for record in instance.fetch_materializations(where, limit=RECENT).records:
        event = record.asset_materialization
        tags = event.tags if event else None
        if record.run_id == made.run_id and tags and tags.get(DATA_VERSION) == made.sha256:
            return {
                "asset": made.asset,
                "partition": made.partition,
                "run": record.run_id,
                "storage_id": record.storage_id,
                "data_version": tags[DATA_VERSION],
                "code_version": tags.get(CODE_VERSION, ""),
            }
    return None
