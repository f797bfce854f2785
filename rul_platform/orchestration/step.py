"""One materialisation: what it read, and how it publishes what it made.

Belongs here: resolving "the current artifact of asset X" to bytes whose hash was checked, recording
that they were read, and registering the result. Does not belong here: any computation.

Lineage is recorded by us, not taken from Dagster: its provenance names the last event of *any*
partition, and is gone when a run is deleted (decision record 0002).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow.parquet as pq

from rul_platform.core.parents import PRETRAINED
from rul_platform.core.parts import part_names
from rul_platform.errors import LineageError, NotMaterializedError, OrphanedRunError
from rul_platform.operation.parents import parent_of
from rul_platform.orchestration.code_versions import (
    DATA_CODE,
    LEARNING_CODE,
    REPORT_CODE,
    STUDY_CODE,
)
from rul_platform.orchestration.jobs import ATTEMPT_TAG, RETRAIN_TAG, RETRAINED
from rul_platform.orchestration.provenance import (
    columns_of,
    environment,
    file_table,
    input_table,
)
from rul_platform.storage.artifacts import Artifact, ArtifactStore
from rul_platform.storage.database import writing
from rul_platform.storage.home import Home
from rul_platform.storage.lineage import RAW_DATA, Input, Materialization
from rul_platform.storage.manifests import FileEntry

__all__ = [
    "DATA_CODE", "LEARNING_CODE", "REPORT_CODE", "STUDY_CODE", "Champion", "Files", "Metadata", "Step",
    "current",
]  # fmt: skip

Metadata = Mapping[str, Any]


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


@dataclass(frozen=True, slots=True)
class Champion:
    """The model in charge of a plant.

    Attributes:
        number: Its version number.
        model: Its artifact.
        windows: The plant's windows that it learned from.
    """

    number: int
    model: Files
    windows: Files


class Step:
    """What one asset's body asks of the platform.

    The first step of a retrain's run claims the retrain for this run, and every other one makes sure
    that it is still this run's: a run that was given up, or asked for twice, ends here.
    """

    def __init__(self, context: dg.AssetExecutionContext, home: Home) -> None:
        """Begin.

        Raises:
            RetrainStateError: The retrain is over, or another run carries it out.
        """
        self._context = context
        self._home = home
        self._inputs: list[Input] = []
        if self.retrain_id is not None:
            home.retrains.start(
                self.retrain_id,
                attempt=int(context.run.tags[ATTEMPT_TAG]),
                run_id=context.run.run_id,
                now=home.now(),
            )

    @property
    def retrain_id(self) -> int | None:
        """The retrain that this run carries out; None in a run that a person started."""
        tag = self._context.run.tags.get(RETRAIN_TAG)
        return None if tag is None else int(tag)

    def read(self, asset: str, partition: str) -> Files:
        """The current artifact of an upstream asset; the read is recorded.

        A retrain's run reads what it made itself: another run of the plant may go on beside it.

        Raises:
            NotMaterializedError: There is none yet.
            LineageError: A retrain's run has not made it.
            CorruptArtifactError: Its bytes changed.
        """
        if self.retrain_id is None or asset not in RETRAINED or asset == self._asset:
            files = current(self._home, asset, partition)
        else:
            files = self._made_here(asset, partition)
        self._inputs.append(Input(asset, partition, files.sha256))
        return files

    def read_parent(self, architecture: str) -> Files:
        """The checkpoint that plants start from: the selected one, or else the newest pretrained one.

        The read is recorded, under ``imported_checkpoint`` where it came from outside.

        Raises:
            NotMaterializedError: There is none yet.
            StoreError: Its files are not there or changed.
        """
        parent = parent_of(self._home, architecture)
        if parent is None:
            raise NotMaterializedError(PRETRAINED, architecture)
        return self.read_exactly(parent.origin, architecture, parent.sha256)

    def read_if_made(self, asset: str, partition: str) -> Files | None:
        """As :meth:`read`, or None where there is nothing yet."""
        made = self._home.lineage.current(asset, partition) is not None
        return self.read(asset, partition) if made else None

    def read_exactly(self, asset: str, partition: str, sha256: str) -> Files:
        """An artifact named by its hash; the read is recorded."""
        self._inputs.append(Input(asset, partition, sha256))
        return Files(self._home.store, self._home.store.artifact(sha256))

    def read_champion(self, plant: str) -> Champion | None:
        """The model in charge and the windows that taught it; the reads are recorded."""
        version = self._home.registry.champion(plant)
        if version is None:
            return None
        model = self.read_exactly("finetuned_model", plant, version.sha256)
        windows = json.loads(model.read("card.json"))["windows"]
        return Champion(version.number, model, self.read_exactly("plant_windows", plant, windows))

    def note_source(self, asset: str, partition: str, sha256: str) -> None:
        """Record that bytes from outside the platform were read."""
        self._inputs.append(Input(asset, partition, sha256))

    def publish(
        self,
        files: Mapping[str, bytes | FileEntry],
        *,
        parameters: Mapping[str, Any],
        metadata: Mapping[str, Any],
        table: str | None = None,
        together_with: Callable[[str], Metadata] | None = None,
    ) -> dg.MaterializeResult:
        """Store, record, and report: all of it or nothing.

        The bytes come first, because storing them again is harmless; then one transaction.

        Args:
            files: Name to content, or to what the store says of a file that it holds.
            parameters: What a person chose; copied into the lineage.
            metadata: For the UI.
            table: The Parquet file whose schema and row count the UI shows; or all of its parts, where
                the table has several.
            together_with: What else happens in the transaction that records the artifact; gets its
                hash, gives more metadata.

        Raises:
            OrphanedRunError: The run is over; its step may not publish any more.
            StoreFullError: The disk refused; nothing was registered.
        """
        self._refuse_orphan()
        artifact = self._home.store.write(files)
        code = self._context.assets_def.code_versions_by_key[self._context.asset_key]
        before = self._home.lineage.current(self._asset, str(self._context.partition_key))
        with writing(self._home.engine):
            more = together_with(artifact.sha256) if together_with else {}
            self._home.lineage.record(
                asset=self._asset,
                partition=str(self._context.partition_key),
                sha256=artifact.sha256,
                run_id=self._context.run.run_id,
                code_version=code or "",
                parameters=dict(parameters),
                environment=environment(),
                inputs=tuple(self._inputs),
                now=self._home.now(),
            )
            self._note_new_data(artifact.sha256, before)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(artifact.sha256),
            metadata={
                **metadata,
                **more,
                **self._ledger_row(),
                **(self._columns(artifact, table) if table else {}),
                "sha256": artifact.sha256,
                "files": file_table(artifact),
                "read": input_table(self._inputs),
            },
        )

    def publish_model(self, files: Mapping[str, bytes], **reported: Any) -> dg.MaterializeResult:
        """As :meth:`publish`, and register the artifact as a candidate of this plant."""
        plant = str(self._context.partition_key)

        def register(sha256: str) -> Metadata:
            version = self._home.registry.register(plant, sha256, now=self._home.now())
            return {"version": version.number}

        return self.publish(files, together_with=register, **reported)

    def _columns(self, artifact: Artifact, table: str) -> Metadata:
        """Of all parts of a table together."""
        names = part_names(artifact.files, table.removesuffix(".parquet"))
        return columns_of([self._home.store.path(artifact, name) for name in names])

    def _note_new_data(self, sha256: str, before: Materialization | None) -> None:
        """Raw data that is not what it was is an event of the ledger, written last."""
        partition = str(self._context.partition_key)
        if self._asset in RAW_DATA and (before is None or before.sha256 != sha256):
            body = {"asset": self._asset, "partition": partition, "sha256": sha256}
            plant = partition if self._asset == "plant_readings" else ""
            self._home.ledger.append("data", plant=plant, body=body, now=self._home.now())

    def _ledger_row(self) -> Metadata:
        """Up to where the ledger had come: what it says of this materialisation stands before."""
        newest = self._home.ledger.newest()
        return {} if newest is None else {"ledger_row": newest.seq}

    @property
    def _asset(self) -> str:
        return self._context.asset_key.to_user_string()

    def _made_here(self, asset: str, partition: str) -> Files:
        run = self._context.run.run_id
        made = self._home.lineage.made_in(run, asset, partition)
        if made is None:
            msg = f"Run {run} of retrain {self.retrain_id} has made no {asset}[{partition}], so makes "
            msg += f"no {self._asset} either. Let the whole retrain run: `rul retrain run {partition}`."
            raise LineageError(msg)
        return Files(self._home.store, self._home.store.artifact(made.sha256))

    def _refuse_orphan(self) -> None:
        """A killed or deleted run can leave its step alive; such a step must not publish."""
        run = self._context.instance.get_run_by_id(self._context.run.run_id)
        if run is None or run.is_finished:
            raise OrphanedRunError(self._context.run.run_id, self._asset)


def current(home: Home, asset: str, partition: str) -> Files:
    """The artifact that was registered last for this asset and partition.

    Raises:
        NotMaterializedError: There is none yet.
    """
    made = home.lineage.current(asset, partition)
    if made is None:
        raise NotMaterializedError(asset, partition)
    return Files(home.store, home.store.artifact(made.sha256))
