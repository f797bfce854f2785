"""A plant's candidate: a pretrained network that went on learning on the plant's own machines.

The encoder is inherited; the input layer is, as far as the plant measures the same channels; the head
starts from the pretrained one. What could not be loaded is in the metadata, with the reason.

Upstream `pretrained_checkpoint` and `plant_windows`; downstream `evaluation_report`.
"""

import json
from enum import StrEnum

import dagster as dg
from pydantic import Field

from rul_platform.core import splits
from rul_platform.core.plant import Plant
from rul_platform.errors import LeakError
from rul_platform.orchestration import report
from rul_platform.orchestration.partitions import PLANT
from rul_platform.orchestration.step import LEARNING_CODE, Files, Step
from rul_platform.orchestration.stored_windows import plant_windows, preparation_of
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


class FinetunedModelConfig(TrainingConfig):
    """What a person may change in the launchpad."""

    architecture: ArchitectureName = Field(
        default=ArchitectureName.lstm, description="Which pretrained network to start from."
    )
    freeze: FreezeName = Field(
        default=FreezeName.encoder_at_first,
        description="encoder: it stays as it is; encoder_at_first: for the first third of the steps.",
    )
    steps: int = Field(default=300, ge=3, description="Most batches to train on.")
    learning_rate: float = Field(
        default=3e-3, gt=0, description="Peak rate of the plant's own layers."
    )
    pretrained_rate: float = Field(
        default=0.2, gt=0, le=1, description="Factor on the learning rate of pretrained layers."
    )


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
def finetuned_model(
    context: dg.AssetExecutionContext, config: FinetunedModelConfig, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, train, write, report."""
    from rul_platform.learning import checkpoints, finetuning, packaging

    name = context.partition_key
    step = Step(context, home)
    stored = step.read("plant_windows", name)
    architecture = config.architecture.value
    parent = step.read("pretrained_checkpoint", architecture)
    _refuse_leak(Plant.model_validate_json(stored.read("plant.json")), parent)
    preparation, windows = preparation_of(stored), plant_windows(stored)

    network, model, transfer = finetuning.transfer(
        checkpoints.load(
            parent.read("checkpoint.pt"),
            source=f"pretrained_checkpoint[{architecture}]",
            architecture=architecture,
        ),
        preparation.channels,
        seed=config.seed,
        freeze=config.freeze.value,
    )
    fitted = finetuning.finetune(
        network,
        windows.select(splits.TRAIN),
        windows.select(splits.VALID),
        finetuning.FinetuneConfig(
            fit=config.fit(), freeze=config.freeze.value, pretrained_rate=config.pretrained_rate
        ),
        cap=preparation.cap,
        progress=home.progress,
    )
    facts = {
        "plant": name,
        "parent": parent.sha256,
        "windows": stored.sha256,
        "training": config.model_dump(mode="json"),
        "transfer": transfer.to_json(),
    }
    return step.publish_model(
        packaging.package(network, model, preparation, windows=windows, fitted=fitted, facts=facts),
        parameters=config.model_dump(mode="json"),
        metadata={
            **report.transfer(transfer),
            **report.training(fitted, life_unit=preparation.life_unit),
        },
        table="history.parquet",
    )


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
