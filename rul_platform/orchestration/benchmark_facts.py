"""What a cell of the benchmark says of itself: how it was trained, what to keep in mind, its figures.

Belongs here: words and numbers for the card and the UI. Does not belong here: computing them
(``benchmark_cell``).
"""

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import dagster as dg
import pandas as pd

from rul_platform.core.benchmark import BenchmarkRow
from rul_platform.core.evaluation import BOOSTING
from rul_platform.orchestration.benchmark_config import ENSEMBLE, BenchmarkConfig, options_of
from rul_platform.orchestration.step import Metadata

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.learning.trained.trials import Lesson, Trial

COSTLY = ("unit", "mean_truth", "mean_predicted", "share_of_score")
"""What is shown of an engine that much of the score comes from."""

STOPPED_ON_LEFT_OUT = (
    "The engines that this network's interval and its validation come from also decided when its "
    "training stopped, so both are somewhat optimistic. The test engines had no part in either."
)


def training_facts(
    name: str, config: BenchmarkConfig, lesson: "Lesson", trial: "Trial"
) -> dict[str, Any]:
    """How the first seed's model was trained: what was really used, and nothing else."""
    told = config.model_dump(mode="json", include=set(options_of(name)))
    if name == ENSEMBLE:
        told |= _ensemble(lesson)
    elif name == BOOSTING:
        told["window"] = lesson.recipe.boosting_window
    else:
        told |= {"loss": lesson.fit.loss, **_shape(trial)}
    return {**told, "device_used": trial.device}


def _ensemble(lesson: "Lesson") -> dict[str, Any]:
    """The recipe of its networks and of its boosting; steps are those of each fold's network."""
    from rul_platform.learning.trained.trials import ENSEMBLE_FAR

    engines = Counter(lesson.folds.values())
    steps = [lesson.recipe.steps_for(len(lesson.folds) - engines[fold]) for fold in sorted(engines)]
    return {**asdict(lesson.recipe), "steps": steps, "far": ENSEMBLE_FAR}


def _shape(trial: "Trial") -> dict[str, Any]:
    """Of a network: what its name decides where nobody chose."""
    from rul_platform.learning.trained.learned import NetworkModel

    if not isinstance(trial.model, NetworkModel):
        return {}
    shape = trial.model.config
    return {"layers": shape.num_layers, "dropout": shape.dropout}


def notes(trial: "Trial") -> tuple[str, ...]:
    """What a reader of its figures must know, on the card and in the report."""
    return (STOPPED_ON_LEFT_OUT,) if trial.stopped_on_left_out else ()


def benchmark_metadata(row: BenchmarkRow, engines: pd.DataFrame) -> Metadata:
    """The figures of the table, and which engines the score comes from."""
    figures = {name: value for name, value in row.to_json().items() if value is not None}
    worst = engines.head(10)[list(COSTLY)]
    return {
        **{name: value for name, value in figures.items() if not isinstance(value, list)},
        "engines_with_most_of_the_score": dg.MetadataValue.table(
            [
                dg.TableRecord(dict(zip(COSTLY, record, strict=True)))
                for record in worst.itertuples(index=False)
            ]
        ),
    }
