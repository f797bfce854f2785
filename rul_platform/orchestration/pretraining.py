"""What became of a pretraining, for whoever asked for it.

Belongs here: reading it from what is stored. Does not belong here: training (the asset
``pretrained_checkpoint``), the rules of the diagnosis (``core.diagnosis``).
"""

import json
from dataclasses import dataclass
from typing import Any

import dagster as dg

from rul_platform.core.findings import Finding
from rul_platform.orchestration.model_checks import GRADIENTS, diagnosed
from rul_platform.orchestration.step import current
from rul_platform.storage.home import Home

ASSET = "pretrained_checkpoint"


@dataclass(frozen=True, slots=True)
class Pretraining:
    """A pretraining that was done.

    Attributes:
        architecture: Of the network.
        subsets: The turbofans that it saw.
        sha256: Of the artifact.
        valid_rmse: On the engines that also decided when to stop, in cycles.
        steps: Batches that were taken.
        most_steps: Batches that were allowed.
        best_step: After which the weights were kept.
        cpu_seconds: Processor time; None where its run is not known any more.
        rate_test: What a range test of the learning rate said; None where there was none.
        findings: Of the diagnosis.
    """

    architecture: str
    subsets: tuple[str, ...]
    sha256: str
    valid_rmse: float
    steps: int
    most_steps: int
    best_step: int
    cpu_seconds: float | None
    rate_test: str | None
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        told = {name: getattr(self, name) for name in self.__slots__}
        found = [each.to_json() for each in self.findings]
        return told | {"subsets": list(self.subsets), "findings": found}


def newest_pretraining(home: Home, instance: dg.DagsterInstance, architecture: str) -> Pretraining:
    """The newest checkpoint of an architecture.

    Raises:
        NotMaterializedError: There is none yet.
    """
    files = current(home, ASSET, architecture)
    card, history = json.loads(files.read("card.json")), files.table("history.parquet")
    training = card["training"]
    findings = diagnosed(
        history,
        float(card["cap"]),
        gradients=files.table(GRADIENTS),
        is_squared=training["loss"] == "mse",
    )
    return Pretraining(
        architecture=architecture,
        subsets=tuple(card["subsets"]),
        sha256=files.sha256,
        valid_rmse=float(card["valid_rmse"]),
        steps=int(history["step"].max()),
        most_steps=int(training["steps"]),
        best_step=int(card["best_step"]),
        cpu_seconds=_cpu_seconds(instance, architecture, files.sha256),
        rate_test=card.get("rate_test", {}).get("sentence"),
        findings=tuple(findings),
    )


def _cpu_seconds(instance: dg.DagsterInstance, architecture: str, sha256: str) -> float | None:
    """From what the run told Dagster: equal trainings make equal files, so no file has it."""
    wanted = dg.AssetRecordsFilter(dg.AssetKey(ASSET), asset_partitions=[architecture])
    for record in instance.fetch_materializations(wanted, limit=1).records:
        told = record.asset_materialization.metadata if record.asset_materialization else {}
        if "cpu_seconds" in told and told["sha256"].value == sha256:
            return float(told["cpu_seconds"].value)  # pyright: ignore[reportArgumentType]  a number
    return None
