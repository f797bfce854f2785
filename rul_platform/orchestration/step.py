"""One materialisation: what it read, and how it publishes what it made.

Belongs here: resolving "the current artifact of asset X" to bytes whose hash was checked, recording
that they were read, and registering the result. Does not belong here: any computation.

Lineage is recorded by us, not taken from Dagster: its provenance names the last event of *any*
partition, and is gone when a run is deleted (decision record 0002).
"""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow.parquet as pq

import rul_platform
from rul_platform.core.canonical import source_fingerprint
from rul_platform.errors import NotMaterializedError, OrphanedRunError
from rul_platform.storage.artifacts import Artifact, ArtifactStore
from rul_platform.storage.home import Home
from rul_platform.storage.lineage import Input
from rul_platform.storage.models import ModelVersion

PACKAGE = Path(rul_platform.__file__).parent
DATA_CODE = source_fingerprint(PACKAGE, ("core", "storage"))
LEARNING_CODE = source_fingerprint(PACKAGE, ("core", "learning"))
REPORT_CODE = source_fingerprint(PACKAGE, ("core", "learning", "inference", "reports"))
"""Versions of the code that computes, from its content: nobody has to remember to bump them."""

RECORDED_PACKAGES = (
    "dagster",
    "numpy",
    "onnxruntime",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "torch",
)


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one artifact, read with their hash checked."""

    store: ArtifactStore
    artifact: Artifact

    @property
    def sha256(self) -> str:
        """The artifact's hash."""
        return self.artifact.sha256

    def read(self, name: str) -> bytes:
        """The bytes of one file."""
        return self.store.read(self.artifact, name)

    def path(self, name: str) -> str:
        """The path of one file, for readers that map it into memory."""
        return str(self.store.path(self.artifact, name))

    def table(self, name: str) -> pd.DataFrame:
        """A Parquet file as a table."""
        return pq.read_table(self.path(name)).to_pandas()


class Step:
    """What one asset's body asks of the platform."""

    def __init__(self, context: dg.AssetExecutionContext, home: Home) -> None:
        self._context = context
        self._home = home
        self._inputs: list[Input] = []

    def read(self, asset: str, partition: str) -> Files:
        """The current artifact of an upstream asset; the read is recorded.

        Raises:
            NotMaterializedError: There is none yet.
            CorruptArtifactError: Its bytes changed.
        """
        files = current(self._home, asset, partition)
        self._inputs.append(Input(asset, partition, files.sha256))
        return files

    def read_if_made(self, asset: str, partition: str) -> Files | None:
        """As :meth:`read`, or None where there is nothing yet."""
        made = self._home.lineage.current(asset, partition) is not None
        return self.read(asset, partition) if made else None

    def read_exactly(self, asset: str, partition: str, sha256: str) -> Files:
        """An artifact named by its hash; the read is recorded."""
        self._inputs.append(Input(asset, partition, sha256))
        return Files(self._home.store, self._home.store.artifact(sha256))

    def read_version(self, version: ModelVersion | None) -> Files | None:
        """A model version's artifact; the read is recorded."""
        if version is None:
            return None
        return self.read_exactly("finetuned_model", version.plant, version.sha256)

    def note_source(self, asset: str, partition: str, sha256: str) -> None:
        """Record that bytes from outside the platform were read."""
        self._inputs.append(Input(asset, partition, sha256))

    def publish(
        self,
        files: Mapping[str, bytes],
        *,
        parameters: Mapping[str, Any],
        metadata: Mapping[str, Any],
        table: str | None = None,
    ) -> dg.MaterializeResult:
        """Store, record, and report: all of it or nothing.

        Args:
            files: Name to content.
            parameters: What a person chose; copied into the lineage.
            metadata: For the UI.
            table: The Parquet file whose schema and row count the UI shows.

        Raises:
            OrphanedRunError: The run is over; its step may not publish any more.
            StoreFullError: The disk refused; nothing was registered.
        """
        self._refuse_orphan()
        artifact = self._home.store.write(files)
        asset, partition = (
            self._context.asset_key.to_user_string(),
            str(self._context.partition_key),
        )
        code = self._context.assets_def.code_versions_by_key[self._context.asset_key]
        self._home.lineage.record(
            asset=asset,
            partition=partition,
            sha256=artifact.sha256,
            run_id=self._context.run.run_id,
            code_version=code or "",
            parameters=dict(parameters),
            environment=environment(),
            inputs=tuple(self._inputs),
            now=datetime.now(UTC),
        )
        return dg.MaterializeResult(
            data_version=dg.DataVersion(artifact.sha256),
            metadata={
                **metadata,
                **(_schema(files[table]) if table else {}),
                "sha256": artifact.sha256,
                "files": _file_table(artifact),
                "read": _input_table(self._inputs),
            },
        )

    def publish_model(self, files: Mapping[str, bytes], **reported: Any) -> dg.MaterializeResult:
        """As :meth:`publish`, and register the artifact as a candidate of this plant."""
        result = self.publish(files, **reported)
        sha256 = result.data_version.value if result.data_version else ""
        plant = str(self._context.partition_key)
        version = self._home.registry.register(plant, sha256, now=datetime.now(UTC))
        return result._replace(metadata={**(result.metadata or {}), "version": version.number})

    def _refuse_orphan(self) -> None:
        """A killed run can leave its step alive; such a step must not publish."""
        run = self._context.instance.get_run_by_id(self._context.run.run_id)
        if run is not None and run.is_finished:
            raise OrphanedRunError(run.run_id, self._context.asset_key.to_user_string())


def current(home: Home, asset: str, partition: str) -> Files:
    """The artifact that was registered last for this asset and partition.

    Raises:
        NotMaterializedError: There is none yet.
    """
    made = home.lineage.current(asset, partition)
    if made is None:
        raise NotMaterializedError(asset, partition)
    return Files(home.store, home.store.artifact(made.sha256))


def environment() -> dict[str, str]:
    """What a repetition of this step would have to match."""
    packages = {name: version(name) for name in RECORDED_PACKAGES}
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "rul_platform": version("rul-platform"),
    } | packages


def _schema(data: bytes) -> dict[str, Any]:
    """Row count and columns of a Parquet file, under the keys that Dagster's UI knows."""
    import pyarrow as pa

    stored = pq.ParquetFile(pa.BufferReader(data))
    columns = [dg.TableColumn(field.name, str(field.type)) for field in stored.schema_arrow]
    return {
        "dagster/row_count": stored.metadata.num_rows,
        "dagster/column_schema": dg.TableSchema(columns),
    }


def _file_table(artifact: Artifact) -> dg.TableMetadataValue:
    records = [
        dg.TableRecord({"file": name, "bytes": entry.size, "sha256": entry.sha256})
        for name, entry in artifact.files.items()
    ]
    return dg.MetadataValue.table(records)


def _input_table(inputs: list[Input]) -> dg.TableMetadataValue | str:
    if not inputs:
        return "nothing: made here"
    return dg.MetadataValue.table(
        [
            dg.TableRecord({"asset": i.asset, "partition": i.partition, "sha256": i.sha256})
            for i in inputs
        ]
    )
