"""Materialise assets from the command line, in this process, with the same definitions as the UI.

Belongs here: starting one step, and knowing whether it would make anything new.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from rul_platform.core.parents import ORIGINS
from rul_platform.errors import CheckFailedError
from rul_platform.operation.parents import parent_of
from rul_platform.orchestration.assets.cmapss_windows import CmapssWindowsConfig
from rul_platform.orchestration.assets.edge_model import EdgeModelConfig
from rul_platform.orchestration.assets.plant_windows import PlantWindowsConfig
from rul_platform.orchestration.assets.pretrained_checkpoint import PretrainedCheckpointConfig
from rul_platform.orchestration.assets.raw_cmapss import RawCmapssConfig
from rul_platform.orchestration.assets.transfer_study import TransferStudyConfig
from rul_platform.orchestration.benchmark_config import BenchmarkConfig
from rul_platform.orchestration.code_location import build_defs
from rul_platform.orchestration.finetuning_config import FinetunedModelConfig
from rul_platform.orchestration.instance import COMMAND_LINE, STARTED_BY
from rul_platform.orchestration.partitions import PLANT
from rul_platform.storage.deployments import models_of
from rul_platform.storage.home import Home
from rul_platform.storage.lineage import BORN_OUTSIDE, Input
from rul_platform.storage.models import ModelVersion

CONFIGS: dict[str, type[dg.Config]] = {
    "raw_cmapss": RawCmapssConfig,
    "cmapss_windows": CmapssWindowsConfig,
    "pretrained_checkpoint": PretrainedCheckpointConfig,
    "cmapss_benchmark": BenchmarkConfig,
    "transfer_study": TransferStudyConfig,
    "plant_windows": PlantWindowsConfig,
    "finetuned_model": FinetunedModelConfig,
    "edge_model": EdgeModelConfig,
}
JUDGED_BY_CHAMPION = {"evaluation_report", "deployed_model"}
"""They compare with whoever is in charge, which a deployment changes."""

PLANT_ASSETS = {
    "plant_feedback",
    "plant_readings",
    "plant_windows",
    "finetuned_model",
    "edge_model",
    *JUDGED_BY_CHAMPION,
}


@dataclass(frozen=True, slots=True)
class Stage:
    """Assets of one partition that are materialised in one run.

    Attributes:
        assets: Their names.
        partition: Of all of them.
        config: Asset name to what differs from its defaults.
        tags: What the run says of itself.
    """

    assets: tuple[str, ...]
    partition: str
    config: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """For people."""
        return f"{' → '.join(self.assets)} [{self.partition}]"


class Pipeline:
    """Runs stages on one home folder."""

    def __init__(self, home: Home, instance: dg.DagsterInstance) -> None:
        self._home, self._instance = home, instance
        self._defs = build_defs(home, executor=dg.in_process_executor)

    def run(self, stage: Stage) -> None:
        """Materialise the stage's assets with their checks.

        Raises:
            RulPlatformError: What an asset refused, as it was raised.
            KeyboardInterrupt: Somebody pressed Ctrl-C; earlier stages are kept.
            CheckFailedError: A blocking check failed, so that what is downstream was not made.
        """
        if PLANT_ASSETS.intersection(stage.assets):
            self._instance.add_dynamic_partitions(str(PLANT.name), [stage.partition])
        job = self._defs.resolve_implicit_global_asset_job_def()
        try:
            job.execute_in_process(
                asset_selection=[dg.AssetKey(name) for name in stage.assets],
                partition_key=stage.partition,
                instance=self._instance,
                run_config=self._run_config(stage),
                tags={STARTED_BY: COMMAND_LINE, **stage.tags},
            )
        except dg.DagsterExecutionInterruptedError:
            raise KeyboardInterrupt from None
        except dg.DagsterError as error:
            raise CheckFailedError(stage.title, str(error)) from error

    def is_current(self, stage: Stage) -> bool:
        """Whether running the stage again would only repeat what is there.

        Sources outside the platform are not looked at: whoever wants them read again runs the stage.
        """
        return all(self._is_current(name, stage) for name in stage.assets)

    def _is_current(self, name: str, stage: Stage) -> bool:
        """Same code, same parameters, and every input still the current one."""
        if name in JUDGED_BY_CHAMPION:
            return self._is_judged(stage.partition)
        made = self._home.lineage.current(name, stage.partition)
        if made is None:
            return False
        config = _parameters(name, stage)
        code = self._defs.resolve_assets_def(name).code_versions_by_key[dg.AssetKey(name)]
        return (
            made.code_version == code
            and dict(made.parameters) == config
            and all(self._is_latest(read) for read in made.inputs if read.asset != name)
        )

    def _is_latest(self, read: Input) -> bool:
        if read.asset in ORIGINS:  # somebody may have selected another one since
            parent = parent_of(self._home, read.partition)
            return parent is not None and parent.sha256 == read.sha256
        made = self._home.lineage.current(read.asset, read.partition)
        return read.asset in BORN_OUTSIDE or (made is not None and made.sha256 == read.sha256)

    def _is_judged(self, plant: str) -> bool:
        """Whether the gate has decided about the plant's current model, beside whoever is in charge."""
        made = self._home.lineage.current("finetuned_model", plant)
        deployed = self._home.lineage.current("deployed_model", plant)
        versions = {version.sha256: version for version in self._home.registry.versions(plant)}
        version = versions.get(made.sha256) if made else None
        if version is None or version.state == "rejected":
            return version is not None
        is_read = deployed is not None and version.sha256 in {i.sha256 for i in deployed.inputs}
        is_settled = version.state == "shadow" or self._serves(version) or self._is_held(version)
        return is_read and is_settled

    def _serves(self, version: ModelVersion) -> bool:
        """Whether this model is in charge, perhaps with an interval that was calibrated since."""
        champion = self._home.registry.champion(version.plant)
        models = models_of(self._home.registry.deployments(version.plant))
        return champion is not None and models[champion.number] == models.get(version.number)

    def _is_held(self, version: ModelVersion) -> bool:
        """Whether the gate left this candidate to a person, and compared it with today's champion."""
        gate = self._home.gates.latest(version.plant, version.number)
        champion = self._home.registry.champion(version.plant)
        return (
            version.state == "candidate"
            and gate is not None
            and gate.verdict == "HOLD"
            and gate.record["evidence"]["champion"] == (champion.sha256 if champion else None)
        )

    def _run_config(self, stage: Stage) -> dict[str, Any]:
        ops = {name: {"config": dict(stage.config[name])} for name in stage.config}
        return {"ops": ops, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def _parameters(name: str, stage: Stage) -> dict[str, Any]:
    """What the asset would record as its parameters."""
    if name not in CONFIGS:
        return {}
    return CONFIGS[name](**stage.config.get(name, {})).model_dump(mode="json")
