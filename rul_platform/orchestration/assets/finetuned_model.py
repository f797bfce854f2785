"""A plant's candidate: the approach that errs least on units left out, as one ONNX graph.

The known units are divided into folds that they keep for ever. Each approach (a pretrained network as
it is, one whose head or all of which learns on, with source units replayed, boosting, from scratch, ...)
is trained once for each fold, on the units of all other folds, and scored on the fold. The best serves,
unless it may well be worse than doing nothing or starting from scratch: as the mean of its fold models,
with an interval from the errors on units left out. A retrain may go on from the champion's networks,
each with the fold that it has never seen. What was not loaded or not used is in the metadata, with the
reason.

It starts from the checkpoint that a person selected, which may be an imported one; where nobody did,
from the newest `pretrained_checkpoint`.

Upstream `pretrained_checkpoint`, `cmapss_windows` and `plant_windows`; downstream `evaluation_report`.
"""

import dagster as dg

from rul_platform.core.plant import Plant
from rul_platform.orchestration import candidate_files, choice_report, report
from rul_platform.orchestration.attempts import NOT_FROM_CHAMPION, attempts
from rul_platform.orchestration.finetuning_config import FinetunedModelConfig
from rul_platform.orchestration.lessons import Lessons, card_of, refuse_leak, source_of, start_of
from rul_platform.orchestration.partitions import PLANT
from rul_platform.orchestration.retries import retrying
from rul_platform.orchestration.step import LEARNING_CODE, Files, Step
from rul_platform.orchestration.step_needs import TRAINS
from rul_platform.orchestration.stored_windows import preparation_of
from rul_platform.storage.home import Home


@dg.asset(
    description=__doc__,
    partitions_def=PLANT,
    deps=[
        dg.AssetDep("pretrained_checkpoint", partition_mapping=dg.AllPartitionMapping()),
        dg.AssetDep("cmapss_windows", partition_mapping=dg.AllPartitionMapping()),
        "plant_windows",
    ],
    group_name="plant",
    kinds={"pytorch", "scikitlearn", "onnx"},
    owners=["team:learning"],
    code_version=LEARNING_CODE,
    op_tags=TRAINS,
)
@retrying()
def finetuned_model(
    context: dg.AssetExecutionContext, config: FinetunedModelConfig, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, try, choose, write, report."""
    from rul_platform.learning.transfer.candidates import best_candidate

    name = context.partition_key
    step = Step(context, home)
    champion = _champion(config, step, home, name)
    lessons = _lessons(config, step, name, champion)
    known, setting = lessons.known, lessons.setting(config)
    begun_with = (setting.checkpoint, *(setting.start or {}).values())
    config.require_bins(each.config.bins for each in begun_with)
    preparation = preparation_of(lessons.stored)
    folds = candidate_files.folds_of(known, config, name, champion)
    card = None if champion is None else card_of(champion)
    tried = attempts(config, setting, units=len(folds), champion=card)
    candidate = best_candidate(
        known,
        folds,
        setting,
        names=tried.names,
        from_champion=tried.from_champion,
        only=tried.only,
        seed=config.seed,
        life_unit=preparation.life_unit,
        progress=home.progress,
    )
    facts = {
        "plant": name,
        **candidate_files.folds_and_training(folds, config, setting.config, champion),
        **candidate_files.origin(lessons, candidate, tried),
    }
    return step.publish_model(
        candidate_files.packed(candidate, preparation, lessons, facts),
        parameters=config.model_dump(mode="json"),
        metadata={
            "started_from": candidate_files.parent_told(home, lessons.parent),
            **candidate_files.remarks_of(lessons, candidate, tried),
            **choice_report.choice(candidate.choice, life_unit=preparation.life_unit),
            **choice_report.trainings(
                candidate.history, candidate.gradients, life_unit=preparation.life_unit
            ),
            **report.transfer(candidate.transfer),
        },
        table="approaches.parquet",
    )


def _champion(config: FinetunedModelConfig, step: Step, home: Home, plant: str) -> Files | None:
    """The model in charge, where its weights are asked for and there is one; the read is recorded."""
    version = None if config.start == "pretrained" else home.registry.champion(plant)
    return None if version is None else step.read_exactly("finetuned_model", plant, version.sha256)


def _lessons(
    config: FinetunedModelConfig, step: Step, plant: str, champion: Files | None
) -> Lessons:
    """Everything to learn from that fits; a checkpoint that knows the plant's own machines is refused.

    Raises:
        LeakError: The pretrained network has seen machines that this plant holds out, or may have.
    """
    stored = step.read("plant_windows", plant)
    parent = step.read_parent(config.architecture.value)
    refuse_leak(Plant.model_validate_json(stored.read("plant.json")), parent)
    source, no_source = source_of(step, parent, stored)
    start, no_start = start_of(config, champion, stored)
    remarks = {"not_replayed": no_source, NOT_FROM_CHAMPION: no_start}
    return Lessons(
        stored=stored,
        parent=parent,
        source=source,
        champion=start,
        remarks={what: why for what, why in remarks.items() if why is not None},
    )
