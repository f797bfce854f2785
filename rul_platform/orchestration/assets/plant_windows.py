"""A plant's scaled table with its index of windows, and the role of each machine.

Units are divided into training, validation and test, never windows; a unit keeps the role it once had,
so that the machines that judge a model are never among those it learned from: `roles.json` keeps every
role ever given, also of units that are absent now. Units that have not failed are `censored`: they have
no label, so no window is cut of them; their readings are kept. A unit that outlived a prediction trains:
its labels are lower bounds (`at_least`). The scaler is fitted on training units only.

Upstream `plant_readings`; downstream `finetuned_model`.
"""

import dagster as dg
import pandas as pd
from pydantic import Field

from rul_platform.core import parquet, splits
from rul_platform.core.canonical import canonical_json
from rul_platform.core.plant import Plant
from rul_platform.core.preparation import DEFAULT_WINDOW, Preparation
from rul_platform.orchestration import report
from rul_platform.orchestration.partitions import PLANT
from rul_platform.orchestration.retries import retrying
from rul_platform.orchestration.step import DATA_CODE, Step
from rul_platform.orchestration.stored_windows import plant_fleet, roles_ever_given
from rul_platform.storage.home import Home


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
    fleet = plant_fleet(stored)

    earlier = step.read_if_made("plant_windows", name)
    previous = roles_ever_given(earlier) if earlier else None
    policy, source = plant.split.policy(seed=config.seed), f"plant {name}"
    roles = splits.assign_fleet(fleet, policy, source=source, previous=previous)
    splits.require_known_conditions(fleet, roles, source=source)
    preparation = Preparation.fit(
        splits.with_role(fleet, roles, splits.TRAIN),
        fleet.sensors,
        window=config.window,
        cap=plant.label.cap,
        life_unit=plant.columns.life_unit,
    )
    labelled = splits.with_role(fleet, roles, splits.TRAIN, splits.VALID, splits.TEST)
    windows = preparation.windows(labelled, pd.Series(roles))
    cycles = parquet.scaled_cycles(labelled.readings, windows, preparation.channels)
    return step.publish(
        {
            "cycles.parquet": parquet.to_parquet(cycles),
            "windows.parquet": parquet.to_parquet(windows.index),
            "preparation.json": canonical_json(preparation.to_json()),
            "splits.json": canonical_json(roles),
            "roles.json": canonical_json(splits.remember(previous, roles)),
            **{
                file: stored.read(file)
                for file in ("readings.parquet", "units.parquet", "plant.json")
            },
        },
        parameters=config.model_dump(),
        metadata={
            "units_gone": ", ".join(sorted((previous or {}).keys() - roles.keys())) or "none",
            "windows_at_least": int(windows.at_least().sum()),
            **report.windows(windows.index, preparation),
        },
        table="cycles.parquet",
    )
