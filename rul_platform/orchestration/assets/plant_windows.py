"""A plant's scaled table with its index of windows, and the role of each machine.

Units are divided into training, validation and test, never windows; a unit keeps the role it once had,
so that the machines that judge a model are never among those it learned from: `roles.json` keeps every
role ever given, also of units that are absent now. Units that have not failed are `censored`: they have
no label, so no window is cut of them; their readings are kept. A unit that outlived a prediction trains:
its labels are lower bounds (`at_least`). The scaler is fitted on training units only.

Upstream `plant_readings`; downstream `finetuned_model`.
"""

from dataclasses import asdict

import dagster as dg
from pydantic import Field

from rul_platform.core import splits
from rul_platform.core.canonical import canonical_json
from rul_platform.core.plant import Plant
from rul_platform.core.preparation import DEFAULT_WINDOW
from rul_platform.orchestration import report
from rul_platform.orchestration.partitions import PLANT
from rul_platform.orchestration.retries import retrying
from rul_platform.orchestration.step import DATA_CODE, Step
from rul_platform.orchestration.stored_windows import roles_ever_given
from rul_platform.storage.home import Home
from rul_platform.storage.stored_fleet import READINGS, UNITS, long_fleet, part_entries
from rul_platform.storage.window_build import WindowRecipe, build_windows


class PlantWindowsConfig(dg.Config):
    """What a person may change in the launchpad."""

    window: int = Field(default=DEFAULT_WINDOW, ge=1, description="Window length, in readings.")
    seed: int = Field(default=0, description="Decides the role of units that have none yet.")


@dg.asset(
    description=__doc__,
    partitions_def=PLANT,
    deps=["plant_readings"],
    group_name="plant",
    kinds={"parquet"},
    owners=["team:plant"],
    code_version=DATA_CODE,
)
@retrying()
def plant_windows(
    context: dg.AssetExecutionContext, config: PlantWindowsConfig, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, compute, write, report."""
    name = context.partition_key
    step = Step(context, home)
    stored = step.read("plant_readings", name)
    plant = Plant.model_validate_json(stored.read("plant.json"))
    fleet = long_fleet(home.store, stored.artifact)

    earlier = step.read_if_made("plant_windows", name)
    previous = roles_ever_given(earlier) if earlier else None
    policy, source = plant.split.policy(seed=config.seed), f"plant {name}"
    roles = splits.assign_units(fleet.units, policy, source=source, previous=previous)
    recipe = WindowRecipe(
        roles=roles,
        window=config.window,
        cap=plant.label.cap,
        life_unit=plant.columns.life_unit,
        source=source,
    )
    what = {"code": DATA_CODE, "readings": stored.sha256, "recipe": asdict(recipe)}
    with home.build("plant_windows", name, what) as work:
        built = build_windows(
            home.store, work, fleet, recipe, told=home.progress if fleet.is_long else None
        )
        return step.publish(
            {
                **built.files,
                "preparation.json": canonical_json(built.preparation.to_json()),
                "splits.json": canonical_json(roles),
                "roles.json": canonical_json(splits.remember(previous, roles)),
                **part_entries(stored.artifact, READINGS),
                **{file: stored.artifact.files[file] for file in (UNITS, "plant.json")},
            },
            parameters=config.model_dump(),
            metadata={
                "units_gone": ", ".join(sorted((previous or {}).keys() - roles.keys())) or "none",
                "windows_at_least": built.at_least,
                **report.long_windows(fleet.units, recipe.labelled, built.shown, built.preparation),
            },
            table="cycles.parquet",
        )
