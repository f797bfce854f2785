"""A search as an asset makes it: its launchpad, and its outcome as files.

Belongs here: what `tuned_recipe` and `plant_tuned_recipe` share. Does not belong here: the searching
(``learning.recipes.search``), how to train with what was found (``found_recipe``).
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from rul_platform.core.canonical import canonical_json
from rul_platform.core.parquet import to_parquet
from rul_platform.core.plant_recipe import SCRATCH_TIMES, STEPS
from rul_platform.core.recipe import FitConfig
from rul_platform.core.search_space import (
    DEFAULT_SPACE,
    DEFAULT_TUNING_SPACE,
    SearchSpace,
    parse_space,
)
from rul_platform.errors import SearchSpaceError
from rul_platform.orchestration.found_recipe import how_to_use
from rul_platform.orchestration.step import STUDY_CODE, Step
from rul_platform.orchestration.studies import Known, StudyConfig, study_of
from rul_platform.storage.home import Home

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.learning.recipes.objective import Ground

SUBSET_STEPS = 200
"""Batches of each training of a trial on a subset."""


class PrunerName(StrEnum):
    """When a trial is given up."""

    median = "median"
    hyperband = "hyperband"
    none = "none"


class TunedRecipeConfig(StudyConfig):
    """What a person may change in the launchpad."""

    trials: int = Field(default=20, ge=1, description="Trials that the study has in the end.")
    timeout: float | None = Field(
        default=None, gt=0, description="Begin no trial after so many seconds."
    )
    workers: int = Field(default=1, ge=1, description="Processes that share the trials.")
    pruner: PrunerName = Field(
        default=PrunerName.median, description="When a trial that falls behind is given up."
    )
    grid: bool = Field(default=False, description="Every combination of a few values, no drawing.")
    space: str = Field(
        default="",
        description="What may be chosen, as TOML or JSON; else the default.",
    )
    steps: int | None = Field(
        default=None,
        ge=3,
        description=f"Batches of each training of a trial; by default {SUBSET_STEPS}, of a plant as "
        f"many as its networks get: {STEPS}, from scratch {SCRATCH_TIMES} times that.",
    )
    folds: int = Field(default=3, ge=2, description="Trainings of each trial.")


class PlantTunedRecipeConfig(TunedRecipeConfig):
    """What a person may change in the launchpad."""

    pretrained: bool = Field(
        default=True, description="Train on from the pretrained network, where one is there."
    )


def tuned(step: Step, home: Home, config: TunedRecipeConfig, known: Known) -> dg.MaterializeResult:
    """Search, write, report.

    Raises:
        SearchSpaceError: The space has problems, or does not fit what is searched on.
        SearchError: The search cannot begin, or came to no result.
        MissingExtraError: Optuna is not installed.
    """
    from rul_platform.learning.recipes.grid import grid_search
    from rul_platform.learning.recipes.search import search
    from rul_platform.learning.recipes.studies import Search

    space, ground = _searched(config, known)
    asked = config.model_dump(
        mode="json", exclude={"trials", "timeout", "workers", "new", "pruner"}
    )
    checkpoint = known.checkpoint.sha256 if known.checkpoint else None
    facts = {
        **asked,
        "steps": ground.fit.steps,
        "space": space.to_json(),
        "windows": known.stored.sha256,
        "checkpoint": checkpoint,
        "code": STUDY_CODE,  # other code scores otherwise: its trials are no part of this study
    }
    with study_of(home, f"search {known.name}", facts) as study:
        wanted = Search(
            **study,
            trials=config.trials,
            seconds=config.timeout,
            workers=config.workers,
            pruner=config.pruner.value,
            seed=config.seed,
            is_new=config.new,
        )
        found = search(
            ground,
            space,
            grid_search(space, wanted) if config.grid else wanted,
            progress=home.progress,
        )
    card = {
        **found.to_json(),
        "space": space.to_json(),
        "windows": known.stored.sha256,
        "start": checkpoint if known.goes_on else None,
        "use": how_to_use(found.best, known, ground),
    }
    return _published(step, card, found.trials, config, known)


def _searched(config: TunedRecipeConfig, known: Known) -> "tuple[SearchSpace, Ground]":
    """Which recipes are compared, and on what.

    Raises:
        SearchSpaceError: As of :func:`tuned`.
    """
    from rul_platform.learning.recipes.objective import Ground, problems_of

    start = known.start()
    space = _space(config, is_pretrained=start is not None)
    ground = Ground(
        windows=known.windows,
        channels=known.preparation.channels,
        cap=known.preparation.cap,
        architecture=config.architecture.value,
        fit=_plain_fit(config, known),
        start=start,
        model=known.shape(),
        folds=config.folds,
        source=known.name,
    )
    if problems := problems_of(space, ground):
        raise SearchSpaceError("search space", problems)
    return space, ground


def _plain_fit(config: TunedRecipeConfig, known: Known) -> FitConfig:
    """What a trial does not choose: as this plant or subset is trained by default."""
    plain = known.plain(config.seed)
    if plain is None:
        return FitConfig(seed=config.seed, steps=config.steps or SUBSET_STEPS)
    fit = plain.from_scratch if known.start() is None else plain.fit
    return replace(fit, steps=config.steps or fit.steps)


def _space(config: TunedRecipeConfig, *, is_pretrained: bool) -> SearchSpace:
    if config.space:
        is_json = config.space.lstrip().startswith("{")  # no TOML begins so
        return parse_space(config.space, source="search space", is_json=is_json)
    return DEFAULT_TUNING_SPACE if is_pretrained else DEFAULT_SPACE


def _published(
    step: Step, card: Mapping[str, Any], trials: Any, config: TunedRecipeConfig, known: Known
) -> dg.MaterializeResult:
    from rul_platform.reports.method_page import search_page
    from rul_platform.reports.plots import markdown_image
    from rul_platform.reports.search_plots import study_history

    life_unit = known.preparation.life_unit
    page = search_page(card, title=known.name, life_unit=life_unit)
    plot = study_history(trials, life_unit)
    return step.publish(
        {
            "study.json": canonical_json(dict(card)),
            "trials.parquet": to_parquet(trials),
            "search.md": page.encode(),
            "history.png": plot,
        },
        parameters=config.model_dump(mode="json"),
        metadata={
            "summary": dg.MetadataValue.md(page),
            "history": dg.MetadataValue.md(markdown_image(plot, "Trials")),
            "best": dg.MetadataValue.json(card["best"]),
            "best_rmse": float(card["best_rmse"]),
            "scored": card["scored"],
            "given_up": card["given_up"],
            "use": dg.MetadataValue.json(card["use"]),
        },
        table="trials.parquet",
    )
