"""What every materialisation tells of itself: where it was made, its files, its columns, what it read.

Belongs here: facts for the lineage and the UI that are the same for all assets. Does not belong here:
what a single asset reports (``report``).
"""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.parquet as pq

from rul_platform.storage import lineage
from rul_platform.storage.artifacts import Artifact
from rul_platform.storage.lineage import Input

RECORDED_PACKAGES = (
    "dagster",
    "numpy",
    "onnx",
    "onnxruntime",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "skl2onnx",
    "torch",
)

IF_INSTALLED = ("optuna",)
"""Packages of extras that decide what is computed."""


def environment() -> dict[str, str]:
    """What a repetition of this step would have to match."""
    extras = tuple(name for name in IF_INSTALLED if find_spec(name))
    return lineage.environment((*RECORDED_PACKAGES, *extras)) | {"cuda_device": _cuda_device()}


def _cuda_device() -> str:
    """What a network was trained on unless the parameters say ``cpu``; else ``none``.

    A step that did not load torch has trained no network, and is not made to load it now.
    """
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return "none"
    return str(torch.cuda.get_device_name())


def columns_of(parts: Sequence[Path]) -> dict[str, Any]:
    """Row count and columns of a table in Parquet files, under the keys that Dagster's UI knows."""
    stored = [pq.ParquetFile(part) for part in parts]
    columns = [dg.TableColumn(field.name, str(field.type)) for field in stored[0].schema_arrow]
    return {
        "dagster/row_count": sum(part.metadata.num_rows for part in stored),
        "dagster/column_schema": dg.TableSchema(columns),
    }


def file_table(artifact: Artifact) -> dg.TableMetadataValue:
    """Name, size and hash of each file of an artifact."""
    records = [
        dg.TableRecord({"file": name, "bytes": entry.size, "sha256": entry.sha256})
        for name, entry in artifact.files.items()
    ]
    return dg.MetadataValue.table(records)


def input_table(inputs: list[Input]) -> dg.TableMetadataValue | str:
    """What was read, in the order of reading."""
    if not inputs:
        return "nothing: made here"
    return dg.MetadataValue.table(
        [
            dg.TableRecord({"asset": i.asset, "partition": i.partition, "sha256": i.sha256})
            for i in inputs
        ]
    )
