"""The lineage of a version as OpenLineage run events, oldest first: one for each materialisation.

Source: OpenLineage 1.x object model, openlineage.io/docs/spec/object-model; ``RunEvent`` of its schema
2-0-2.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from rul_platform.operation.audit.formats.names import NAMESPACE, PRODUCER

SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACET = "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json"
NAMESPACE_OF_JOBS = NAMESPACE.rstrip(":")

Json = dict[str, Any]


def run_events(told: Mapping[str, Any]) -> list[Json]:
    """A ``COMPLETE`` event for each step, with what it read and made; data has its hash as version."""
    return [
        {
            "eventType": "COMPLETE",
            "eventTime": step["made_at"],
            "producer": PRODUCER,
            "schemaURL": SCHEMA,
            "run": {"runId": _uuid(f"{step['run']}/{step['asset']}/{step['partition']}")},
            "job": {"namespace": NAMESPACE_OF_JOBS, "name": step["asset"]},
            "inputs": [_dataset(read) for read in step["read"]],
            "outputs": [_dataset(step)],
        }
        for step in reversed(told["made_from"])
    ]


def _dataset(of: Mapping[str, Any]) -> Json:
    version = {"_producer": PRODUCER, "_schemaURL": FACET, "datasetVersion": of["sha256"]}
    return {
        "namespace": NAMESPACE_OF_JOBS,
        "name": f"{of['asset']}/{of['partition']}",
        "facets": {"version": version},
    }


def _uuid(name: str) -> str:
    """The same for the same step: OpenLineage names runs by UUID, and one run of ours has many steps."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{NAMESPACE}{name}"))
