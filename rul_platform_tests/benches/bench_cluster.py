"""Twelve trainings on a Ray cluster of one node, and of two: how much sooner, and the same models?

    python -m rul_platform_tests.benches.bench_cluster [--plants 12] [--steps 300]

Nodes of one CPU each on this machine, which must have two; Dagster and the platform on PostgreSQL. Each
training is a run of its own, for a plant of its own, all asked for at once. Works on simulated pumps.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rul_platform.orchestration.pipeline import Pipeline, Stage
from rul_platform.storage.plant_examples import write_pump_line
from rul_platform_tests.benches.throwaway import print_table
from rul_platform_tests.ray_cluster import Place, cluster, production
from rul_platform_tests.service.processes import free_port

TARGET = 1.6
"""What two nodes must be worth at least, in times of one."""

MODEL = "finetuned_model"
PRETRAINED: dict[str, Any] = {"steps": 40, "hidden_size": 8, "subsets": ["SIM"]}
TRAINED: dict[str, Any] = {"architecture": "gru", "approach": "full_fine_tuning", "folds": 2}


def main() -> None:
    """Measure and print; exit code 1 where it is too little, or where a model is another one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plants", type=int, default=12)
    parser.add_argument("--steps", type=int, default=300, help="batches of each training")
    arguments = parser.parse_args()
    plants = [f"line_{number:02}" for number in range(arguments.plants)]
    config = {**TRAINED, "steps": arguments.steps, "scratch_steps": arguments.steps}
    rows = [("nodes", "trainings", "seconds", "each", "retried")]
    found: dict[int, tuple[float, dict[str, str]]] = {}
    with tempfile.TemporaryDirectory(prefix="rul_bench_") as folder:
        address = f"http://127.0.0.1:{free_port()}"
        with production(Path(folder), address) as place:
            prepare(place, plants)
            for nodes in (1, 2):
                with cluster(place, address, nodes=nodes):
                    seconds = trained(place, plants, config)
                found[nodes] = seconds, {each: place.made(MODEL, each) for each in plants}
                each, lost = seconds / len(plants), retries(place, len(plants))
                rows.append(
                    (str(nodes), str(len(plants)), f"{seconds:.0f}", f"{each:.1f}", str(lost))
                )
    print_table(rows)
    ratio = found[1][0] / found[2][0]
    same = found[1][1] == found[2][1]
    print(f"two nodes are {ratio:.2f} times as fast (target {TARGET}); same models: {same}")
    sys.exit(0 if same and ratio >= TARGET else 1)


def prepare(place: Place, plants: Sequence[str]) -> None:
    """Something to start from, and the windows of each plant; no two have the same machines."""
    with place.instance() as instance:
        pipeline = Pipeline(place.home, instance)
        pipeline.run(Stage(("raw_cmapss", "cmapss_windows"), "SIM"))
        checkpoint = {"pretrained_checkpoint": PRETRAINED}
        pipeline.run(Stage(("pretrained_checkpoint",), "gru", checkpoint))
        for seed, plant in enumerate(plants):
            write_pump_line(place.home.plants, seed=seed, name=plant)
            pipeline.run(Stage(("plant_readings", "plant_windows"), plant))


def trained(place: Place, plants: Sequence[str], config: dict[str, Any]) -> float:
    """Wall seconds from asking for all to the end of the last."""
    begin = time.monotonic()
    for run in [place.start(MODEL, plant, config) for plant in plants]:
        run.end()
    return time.monotonic() - begin


def retries(place: Place, runs: int) -> int:
    """How many steps began anew: a node under too much work can look dead."""
    from dagster import DagsterEventType

    with place.instance() as instance:
        return sum(
            len(instance.all_logs(run.run_id, DagsterEventType.STEP_RESTARTED))
            for run in instance.get_runs(limit=runs)
        )


if __name__ == "__main__":
    main()
