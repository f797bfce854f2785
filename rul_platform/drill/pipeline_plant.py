"""A plant whose model really went through the graph, for drills.

``python -m rul_platform.drill.pipeline_plant`` makes it in the home that ``RUL_HOME`` names: simulated
turbofans, simulated pumps and networks of eight hidden units, with every asset, check and gate between.

Belongs here: what is run. Does not belong here: hurting it (``scenarios.retrains``).
"""

import os

from rul_platform.core.examples import PUMPS
from rul_platform.orchestration.instance import open_instance
from rul_platform.orchestration.pipeline import Pipeline, Stage
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform.storage.plant_examples import write_simulated_pumps

SMALL = {"steps": 40, "hidden_size": 8}
BRIEFLY = {
    "architecture": "gru",
    "approach": "full_fine_tuning",
    "folds": 2,
    "steps": 90,
    "scratch_steps": 90,
}
STAGES = (
    Stage(("raw_cmapss", "cmapss_windows"), "SIM"),
    Stage(
        ("pretrained_checkpoint",), "gru", {"pretrained_checkpoint": {**SMALL, "subsets": ["SIM"]}}
    ),
    Stage(("plant_readings", "plant_windows"), PUMPS),
    Stage(("finetuned_model",), PUMPS, {"finetuned_model": BRIEFLY}),
    Stage(("evaluation_report", "deployed_model"), PUMPS),
)


def main() -> None:
    """Make it."""
    home = Home(Settings.read(os.environ))  # noqa: TID251  a door
    write_simulated_pumps(home.plants)
    with open_instance(home) as instance:
        pipeline = Pipeline(home, instance)
        for stage in STAGES:
            pipeline.run(stage)


if __name__ == "__main__":
    main()
