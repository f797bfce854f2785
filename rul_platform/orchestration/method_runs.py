"""The method as an asset makes it: its launchpad, its state between interruptions, its log as files.

Belongs here: what `method_log` and `plant_method_log` share. Does not belong here: the steps
(``learning.recipes.method``).
"""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from rul_platform.core.canonical import canonical_json, fingerprint
from rul_platform.core.method_log import TEST, MethodState
from rul_platform.core.parquet import to_parquet
from rul_platform.orchestration.step import STUDY_CODE, Step
from rul_platform.orchestration.studies import Known, StudyConfig, other_subsets, pooled, study_of
from rul_platform.storage.home import Home
from rul_platform.storage.plain_files import write_whole

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.learning.fitting.rate_finder import RateSweep


class BudgetName(StrEnum):
    """How much may be tried; ``learning.recipes.method_budget`` has the numbers."""

    quick = "quick"
    full = "full"


class MethodLogConfig(StudyConfig):
    """What a person may change in the launchpad."""

    budget: BudgetName = Field(
        default=BudgetName.quick, description="quick: minutes; full: longer trainings, more trials."
    )


def logged(step: Step, home: Home, config: MethodLogConfig, known: Known) -> dg.MaterializeResult:
    """Take the steps that are not taken yet, open the test once, write, report.

    Raises:
        SearchError: The sanity check failed, or somebody else is at work on the same method.
    """
    from rul_platform.learning.recipes.method import choose, open_test
    from rul_platform.learning.recipes.method_budget import BUDGETS
    from rul_platform.learning.recipes.method_ground import MethodGround
    from rul_platform.learning.recipes.method_steps import range_test

    source = other_subsets(step, home, known)
    facts = {
        **config.model_dump(mode="json", exclude={"new"}),
        "windows": known.stored.sha256,
        "checkpoint": known.checkpoint.sha256 if known.checkpoint else None,
        "source": {subset: files.sha256 for subset, files in source.items()},
        "code": STUDY_CODE,
    }
    digest = fingerprint({"facts.json": canonical_json(facts)})[:12]
    file = home.folder / "studies" / f"method_{digest}.json"
    with study_of(home, f"method {known.name}", facts) as study:
        ground = MethodGround(
            windows=known.windows,
            channels=known.preparation.channels,
            cap=known.preparation.cap,
            architecture=config.architecture.value,
            budget=BUDGETS[config.budget.value],
            seed=config.seed,
            checkpoint=known.start(),
            source=pooled(source),
            plain=known.plain(config.seed),
            study={**study, "is_new": config.new},
        )

        def keep(state: MethodState) -> None:
            write_whole(file, canonical_json(state.to_json()))

        is_known = file.is_file() and not config.new
        state = choose(ground, _kept(file) if is_known else None, keep=keep, progress=home.progress)
        keep(open_test(ground, state, known.test()))
        state = _kept(file)  # as it is read the next time, so that both write the same page
    return _published(step, state, range_test(ground), config, known)


def _kept(file: Path) -> MethodState:
    return MethodState.from_json(json.loads(file.read_bytes()))


def _published(
    step: Step, state: MethodState, sweep: "RateSweep", config: MethodLogConfig, known: Known
) -> dg.MaterializeResult:
    from rul_platform.reports.method_page import method_page
    from rul_platform.reports.plots import markdown_image
    from rul_platform.reports.search_plots import method_steps, rate_sweep

    life_unit = known.preparation.life_unit
    page = method_page(state, title=known.name, life_unit=life_unit)
    plot = method_steps(state, life_unit)
    curve = rate_sweep(sweep.table, sweep.suggestion, peak=sweep.peak)
    test = {
        f"test_rmse_{attempt.what.replace(' ', '_')}": float(attempt.rmse or 0.0)
        for attempt in state.step(TEST).tried
    }
    return step.publish(
        {
            "method.md": page.encode(),
            "method.json": canonical_json(state.to_json()),
            "steps.png": plot,
            "rate_sweep.png": curve,
            "rate_sweep.parquet": to_parquet(sweep.table),
        },
        parameters=config.model_dump(mode="json"),
        metadata={
            "log": dg.MetadataValue.md(page),
            "steps": dg.MetadataValue.md(markdown_image(plot, "What was tried")),
            "rate_sweep": dg.MetadataValue.md(markdown_image(curve, sweep.sentence)),
            "recipe": dg.MetadataValue.json(dict(state.recipe)),
            "valid_rmse": float(state.rmse or 0.0),
            **test,
        },
    )
