"""A small network that learned from a plant's model, for a device with little memory.

The student learns from the labels and from what the teacher (the model in charge, or the newest
candidate) says, on the training units; on units that are only censored the teacher teaches alone.
Whether that is worth it stands beside it: teacher, student and the same student without a teacher, on
the units that only judge, with paired intervals. Its interval comes from the validation units, which
have no part in its own training (that takes all its steps), but had one in the teacher's: it is somewhat
optimistic, and the card says so. It is no version of the plant and is never deployed by the platform;
`rul distil` copies its files.

Upstream `finetuned_model` and `plant_windows`; downstream nothing.
"""

import json
from enum import StrEnum
from typing import Any

import dagster as dg
from pydantic import Field

from rul_platform.core.architectures import architecture
from rul_platform.errors import NoChampionError
from rul_platform.orchestration import report
from rul_platform.orchestration.partitions import PLANT
from rul_platform.orchestration.retries import retrying
from rul_platform.orchestration.step import LEARNING_CODE, Files, Step
from rul_platform.orchestration.step_needs import TRAINS
from rul_platform.orchestration.stored_models import stored_model
from rul_platform.orchestration.stored_windows import plant_windows, preparation_of
from rul_platform.orchestration.training_config import NewNetworkConfig
from rul_platform.storage.home import Home


class TeacherName(StrEnum):
    """Whom the student learns from."""

    champion = "champion"
    candidate = "candidate"


class FamilyName(StrEnum):
    """What the student is."""

    gru = "gru"
    lstm = "lstm"
    tcn = "tcn"


class EdgeModelConfig(NewNetworkConfig):
    """What a person may change in the launchpad."""

    teacher: TeacherName = Field(
        default=TeacherName.champion,
        description="Whom the student learns from: the model in charge, or the newest candidate.",
    )
    family: FamilyName = Field(default=FamilyName.gru, description="What the student is.")
    hidden_size: int = Field(default=16, ge=1, description="Hidden units of the student.")
    steps: int = Field(
        default=600, ge=1, description="Batches; all are taken: validation units calibrate instead."
    )
    teacher_share: float = Field(
        default=0.5, ge=0, le=1, description="How much the teacher counts beside the label."
    )


@dg.asset(
    description=__doc__,
    partitions_def=PLANT,
    deps=["finetuned_model", "plant_windows"],
    group_name="plant",
    kinds={"pytorch", "onnx"},
    owners=["team:learning"],
    code_version=LEARNING_CODE,
    op_tags=TRAINS,
)
@retrying()
def edge_model(
    context: dg.AssetExecutionContext, config: EdgeModelConfig, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, distil, compare, write, report."""
    from rul_platform.learning.transfer.distillation import StudentConfig
    from rul_platform.learning.transfer.students import files_of, graduate

    name = context.partition_key
    step = Step(context, home)
    teacher, stored = _teacher(config, step, name)
    preparation, windows = preparation_of(stored), plant_windows(stored)
    graduated = graduate(
        stored_model(teacher),
        windows,
        preparation,
        StudentConfig(
            fit=config.fit(),
            family=architecture(config.family.value),
            hidden_size=config.hidden_size,
            bins=config.bins,
            teacher_share=config.teacher_share,
        ),
        title=f"Edge model of plant {name}",
        watch=config.watch(home, context.run.run_id),
        progress=home.progress,
    )
    facts = {
        "plant": name,
        "teacher": teacher.sha256,
        "windows": stored.sha256,
        "training": config.model_dump(mode="json"),
    }
    life = preparation.life_unit
    return step.publish(
        files_of(graduated, windows, preparation, facts),
        parameters=config.model_dump(mode="json"),
        metadata={
            **_side_by_side(graduated.to_json(), life),
            **report.training(graduated.fitted, life_unit=life),
        },
        table="history.parquet",
    )


def _teacher(config: EdgeModelConfig, step: Step, plant: str) -> tuple[Files, Files]:
    """The teacher and the windows that it learned from; the reads are recorded.

    Raises:
        NoChampionError: The model in charge shall teach, and there is none.
    """
    if config.teacher is TeacherName.candidate:
        candidate = step.read("finetuned_model", plant)
        windows = json.loads(candidate.read("card.json"))["windows"]
        return candidate, step.read_exactly("plant_windows", plant, windows)
    champion = step.read_champion(plant)
    if champion is None:
        raise NoChampionError(plant)
    return champion.model, champion.windows


def _side_by_side(found: dict[str, Any], life_unit: str) -> dict[str, Any]:
    """Student, teacher and student without a teacher, as numbers and as a table."""
    rows = [
        {"model": name, f"rmse_{life_unit}": score, **found["difference"].get(name, {})}
        for name, score in found["rmse"].items()
    ]
    columns = dict.fromkeys(key for row in rows for key in row)
    records = [dg.TableRecord({key: row.get(key, "") for key in columns}) for row in rows]
    return {
        "side_by_side": dg.MetadataValue.table(records),
        f"student_rmse_{life_unit}": found["rmse"]["student"],
        f"teacher_rmse_{life_unit}": found["rmse"]["teacher"],
        f"rmse_against_teacher_{life_unit}": found["rmse_against_teacher"],
        "interval_note": found["interval_note"],
        "parameters": found["parameters"],
        "onnx_bytes": found["onnx_bytes"],
        "teacher_onnx_bytes": found["teacher_onnx_bytes"],
    }
