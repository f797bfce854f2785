"""A plant's candidate: a network that went on learning on the plant's own machines, old and new.

It starts from the pretrained network, from the champion, or from both, and what validates better is
kept. Of the pretrained one the encoder is inherited, and the input layer as far as the plant measures
the same channels; the head starts from the pretrained one. What could not be loaded is in the metadata,
with the reason.

Upstream `pretrained_checkpoint` and `plant_windows`; downstream `evaluation_report`.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

import dagster as dg
from pydantic import Field

from rul_platform.core import splits
from rul_platform.core.plant import Plant
from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig, steps_of
from rul_platform.errors import LeakError
from rul_platform.orchestration import report
from rul_platform.orchestration.partitions import PLANT
from rul_platform.orchestration.retries import retrying
from rul_platform.orchestration.step import LEARNING_CODE, Files, Metadata, Step
from rul_platform.orchestration.stored_windows import (
    plant_windows,
    preparation_of,
    splits_of,
)
from rul_platform.orchestration.training_config import TrainingConfig
from rul_platform.storage.home import Home


class ArchitectureName(StrEnum):
    """Which pretrained network to start from."""

    lstm = "lstm"
    gru = "gru"
    tcn = "tcn"


class FreezeName(StrEnum):
    """Which pretrained weights stay as they are; ``learning.finetuning`` explains."""

    nothing = "nothing"
    encoder = "encoder"
    encoder_at_first = "encoder_at_first"


class StartName(StrEnum):
    """Which weights to start from; ``best``: from both, and keep what validates better."""

    best = "best"
    pretrained = "pretrained"
    champion = "champion"


STORED_AS = {"pretrained": "pretrained_checkpoint", "champion": "finetuned_model"}


class FinetunedModelConfig(TrainingConfig):
    """What a person may change in the launchpad."""

    architecture: ArchitectureName = Field(
        default=ArchitectureName.lstm, description="Which pretrained network to start from."
    )
    freeze: FreezeName = Field(
        default=FreezeName.encoder_at_first,
        description="encoder: it stays as it is; encoder_at_first: for the first third of the steps.",
    )
    start: StartName = Field(
        default=StartName.pretrained,
        description="Whose weights to start from. A champion of another architecture, with other "
        "channels or another label cap does not fit: then it is the pretrained network.",
    )
    steps: int = Field(default=300, ge=3, description="Most batches to train on.")
    epochs: int | None = Field(
        default=None, ge=1, description="Passes over the training windows, instead of steps."
    )
    learning_rate: float = Field(
        default=3e-3, gt=0, description="Peak rate of the plant's own layers."
    )
    pretrained_rate: float = Field(
        default=0.2, gt=0, le=1, description="Factor on the learning rate of pretrained layers."
    )

    def fit_on(self, windows: int) -> FitConfig:
        """The loop's own settings, for so many training windows."""
        if self.epochs is None:
            return self.fit()
        steps = steps_of(self.epochs, windows=windows, batch_size=self.batch_size)
        return replace(self.fit(), steps=max(3, steps))


@dg.asset(
    description=__doc__,
    partitions_def=PLANT,
    deps=[
        dg.AssetDep("pretrained_checkpoint", partition_mapping=dg.AllPartitionMapping()),
        "plant_windows",
    ],
    group_name="plant",
    kinds={"pytorch", "onnx"},
    owners=["team:learning"],
    code_version=LEARNING_CODE,
)
@retrying()
def finetuned_model(
    context: dg.AssetExecutionContext, config: FinetunedModelConfig, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, train, write, report."""
    from rul_platform.learning import finetuning, packaging

    name = context.partition_key
    step = Step(context, home)
    stored = step.read("plant_windows", name)
    parent = step.read("pretrained_checkpoint", config.architecture.value)
    _refuse_leak(Plant.model_validate_json(stored.read("plant.json")), parent)
    preparation, windows = preparation_of(stored), plant_windows(stored)
    starts, misfit = _starts(config, parent, stored, _champion(config, step, home, name))

    fit = config.fit_on(len(windows.select(splits.TRAIN)))
    best, valid_rmse = finetuning.finetune_from(
        _loaded(starts, config.architecture.value),
        preparation.channels,
        windows,
        finetuning.FinetuneConfig(
            fit=fit, freeze=config.freeze.value, pretrained_rate=config.pretrained_rate
        ),
        cap=preparation.cap,
        progress=home.progress,
    )
    facts = {
        "plant": name,
        "parent": parent.sha256,
        "start": {
            "from": best.start,
            "sha256": starts[best.start].sha256,
            "valid_rmse": valid_rmse,
        },
        "windows": stored.sha256,
        "training": config.model_dump(mode="json") | {"steps": fit.steps},
        "transfer": best.transfer.to_json(),
    }
    return step.publish_model(
        packaging.package(
            best.network, best.model, preparation, windows=windows, fitted=best.fitted, facts=facts
        ),
        parameters=config.model_dump(mode="json"),
        metadata={
            "start": best.start,
            **_tried(valid_rmse, misfit),
            **report.transfer(best.transfer),
            **report.training(best.fitted, life_unit=preparation.life_unit),
        },
        table="history.parquet",
    )


def _loaded(starts: Mapping[str, Files], architecture: str) -> dict[str, Any]:
    """The networks to start from."""
    from rul_platform.learning.checkpoints import load

    return {
        name: load(
            files.read("checkpoint.pt"),
            source=f"{STORED_AS[name]} {files.sha256[:12]}",
            architecture=architecture,
        )
        for name, files in starts.items()
    }


def _tried(valid_rmse: Mapping[str, float], misfit: str | None) -> Metadata:
    """How each start validated, and why the champion was none of them."""
    scores = {f"valid_rmse_from_{start}": rmse for start, rmse in valid_rmse.items()}
    return scores if misfit is None else {**scores, "not_from_champion": misfit}


def _champion(config: FinetunedModelConfig, step: Step, home: Home, plant: str) -> Files | None:
    """The model in charge, where it is asked for and there is one; the read is recorded."""
    version = None if config.start is StartName.pretrained else home.registry.champion(plant)
    return None if version is None else step.read_exactly("finetuned_model", plant, version.sha256)


def _starts(
    config: FinetunedModelConfig, parent: Files, stored: Files, champion: Files | None
) -> tuple[dict[str, Files], str | None]:
    """What to start from, by name, and why not from the champion, where that was asked for."""
    both = {StartName.pretrained.value: parent}
    if config.start is StartName.pretrained:
        return both, None
    if champion is None:
        return both, "this plant has no model in charge"
    misfit = misfit_of(config, champion, stored)
    if misfit is not None:
        return both, misfit
    own = {StartName.champion.value: champion}
    return (both | own if config.start is StartName.best else own), None


def misfit_of(config: FinetunedModelConfig, champion: Files, stored: Files) -> str | None:
    """Why the champion's weights cannot be gone on with, or None."""
    card, now = json.loads(champion.read("card.json")), preparation_of(stored)
    then = Preparation.from_json(card["preparation"])
    teachers = {unit for units in card["units"].values() for unit in units}
    roles = splits_of(stored)
    if card["architecture"] != config.architecture.value:
        return f"its architecture is {card['architecture']}, not {config.architecture.value}"
    if then.channels != now.channels:
        return f"its channels are {', '.join(then.channels)}, not {', '.join(now.channels)}"
    if then.cap != now.cap:
        return f"its label cap is {then.cap:g}, not {now.cap:g}"
    if moved := sorted(unit for unit in teachers if roles.get(unit) == splits.TEST):
        return f"units {', '.join(moved)} taught it, and now they test"
    return None


def _refuse_leak(plant: Plant, parent: Files) -> None:
    """A checkpoint that has seen the plant's own machines would flatter every figure."""
    seen = json.loads(parent.read("card.json"))["subsets"]
    shared = sorted(set(seen) & set(plant.transfer.held_out))
    if shared:
        msg = (
            f"The checkpoint was pretrained on {', '.join(shared)}, which plant {plant.name} holds "
            f"out because its machines come from there. Materialise pretrained_checkpoint without it."
        )
        raise LeakError(msg)
