"""The files of a plant's candidate: the model, its card, its rivals, and what the choice rests on.

Belongs here: what the card says. Does not belong here: how models become graphs
(``learning.trained.packaging``), making the candidate (``assets.finetuned_model``).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rul_platform.core.folds import assign_folds
from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows
from rul_platform.orchestration.attempts import Attempts
from rul_platform.orchestration.finetuning_config import FinetunedModelConfig
from rul_platform.orchestration.lessons import Lessons, card_of, origin_of, rival_file
from rul_platform.orchestration.step import Files
from rul_platform.orchestration.stored_windows import plant_windows, preparation_of
from rul_platform.storage.home import Home

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.learning.transfer.candidates import Candidate
    from rul_platform.learning.transfer.finetuning import FinetuneConfig


def folds_of(
    known: Windows, config: FinetunedModelConfig, plant: str, champion: Files | None
) -> dict[str, int]:
    """The fold of each unit that may teach; one that had a fold keeps it."""
    return assign_folds(
        known.units().tolist(),
        seed=config.seed,
        source=f"plant {plant}",
        count=config.folds,
        previous=None if champion is None else card_of(champion).get("folds"),
    )


def folds_and_training(
    folds: Mapping[str, int],
    config: FinetunedModelConfig,
    trained: "FinetuneConfig",
    champion: Files | None,
) -> dict[str, Any]:
    """For the card: the folds that units were ever given, and how networks were trained, in steps."""
    before = {} if champion is None else card_of(champion).get("folds", {})
    steps = {"steps": trained.fit.steps, "scratch_steps": trained.from_scratch.steps}
    return {
        "folds": {**before, **folds},
        "member_folds": sorted(set(folds.values())),
        "training": config.model_dump(mode="json") | steps,
    }


def remarks_of(lessons: Lessons, candidate: "Candidate", tried: Attempts) -> dict[str, str]:
    """Why something that could have been used is not, by what it is."""
    diverged = "; ".join(f"{name} {where}" for name, where in candidate.diverged.items())
    return {**lessons.remarks, **tried.remarks, **({"diverged": diverged} if diverged else {})}


def parent_told(home: Home, parent: Files) -> str:
    """For the UI: which checkpoint a model starts from, by its name where it has one."""
    names = [each.name for each in home.parents.imported() if each.sha256 == parent.sha256]
    called = f" ({', '.join(names)})" if names else ""
    return f"{origin_of(parent)} {parent.sha256[:12]}{called}"


def origin(lessons: Lessons, candidate: "Candidate", tried: Attempts) -> dict[str, Any]:
    """For the card: what the model began with, what was tried and why it is this one."""
    begins = lessons.parent if candidate.transfer is not None else None
    kind = "nothing" if begins is None else "pretrained"
    if candidate.is_from_champion and lessons.champion is not None:
        begins, kind = lessons.champion, "champion"
    life_unit = preparation_of(lessons.stored).life_unit
    return {
        "parent": lessons.parent.sha256,
        "parent_origin": origin_of(lessons.parent),
        "parent_architecture": card_of(lessons.parent)["architecture"],
        "source": {name: files.sha256 for name, files in lessons.source.items()},
        "start": {"from": kind, "sha256": begins.sha256 if begins else None},
        "windows": lessons.stored.sha256,
        "remarks": remarks_of(lessons, candidate, tried),
        "approach": candidate.approach,
        "choice": candidate.choice.to_json(),
        "chosen_at": tried.chosen_at,
        "rivals": {name: model.window for name, model in candidate.rivals.items()},
        "transfer": candidate.transfer.to_json() if candidate.transfer else None,
        "transfer_verdict": candidate.choice.verdict.sentence(life_unit),
    }


def packed(
    candidate: "Candidate", preparation: Preparation, lessons: Lessons, facts: Mapping[str, Any]
) -> dict[str, bytes]:
    """The model, its card, its rivals' graphs, and what the choice rests on."""
    from rul_platform.core.calibration import Calibration
    from rul_platform.learning.trained import packaging

    left_out = candidate.out_of_fold
    calibration = Calibration.from_errors(
        left_out["unit"].to_numpy(dtype=str),
        left_out["predicted"].to_numpy(dtype=float),
        left_out["rul"].to_numpy(dtype=float),
        cap=preparation.cap,
    )
    never_twice_the_same = "cpu_seconds"
    looked = {} if candidate.gradients.empty else {"gradients": candidate.gradients}
    files = packaging.package(
        candidate.model,
        preparation,
        windows=plant_windows(lessons.stored).of_length(candidate.model.window),
        interval=calibration.to_json(),
        facts=facts,
        tables={
            "out_of_fold": left_out,
            "approaches": candidate.choice.table.drop(columns=never_twice_the_same),
            "history": candidate.history,
            **looked,
        },
    )
    channels = len(preparation.channels)
    rivals = {
        rival_file(name): model.graph(channels=channels) for name, model in candidate.rivals.items()
    }
    return files | rivals
