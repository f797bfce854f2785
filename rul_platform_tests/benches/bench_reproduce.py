"""Is a version that is trained again the same, bit for bit? Each kind of model, on the simulated pumps.

    python -m rul_platform_tests.benches.bench_reproduce [--times 3]

One home, small settings: an LSTM, a GRU and a TCN that were pretrained on simulated turbofans and
fine-tuned, and the ensemble. Each is then trained again from what the lineage names, several times.
"""

import argparse
import sys
import tempfile
import time
from typing import Any

from rul_platform.orchestration.instance import open_instance
from rul_platform.orchestration.pipeline import Pipeline, Stage
from rul_platform.orchestration.reproducing import Reproduction, reproduce
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion
from rul_platform.storage.plant_examples import write_simulated_pumps
from rul_platform_tests.benches.throwaway import print_table

PUMPS = "simulated_pumps"
PRETRAINED: dict[str, Any] = {"steps": 40, "hidden_size": 8, "subsets": ["SIM"]}
TUNED: dict[str, Any] = {"steps": 40, "scratch_steps": 60, "folds": 2}
NETWORKS = ("lstm", "gru", "tcn")
KINDS = {
    **{name: {"architecture": name, "approach": "full_fine_tuning"} for name in NETWORKS},
    "ensemble": {"architecture": "gru", "approach": "ensemble"},
}
"""What is trained: its name to options of the launchpad."""


def main() -> None:
    """Train, train again, compare, print; exit code 1 where a byte differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="how often each is trained again")
    times = parser.parse_args().times
    rows, differing = [("model", "files", "trained again", "identical", "seconds each")], 0
    with tempfile.TemporaryDirectory(prefix="rul_bench_") as folder:
        home = Home(Settings.read({"RUL_HOME": folder, "RUL_CMAPSS_URL": ""}))
        versions = train_all(home)
        for kind, version in versions.items():
            begin = time.monotonic()
            found = [reproduce(home, version) for _ in range(times)]
            seconds = (time.monotonic() - begin) / times
            files = len(home.store.artifact(version.sha256).files)
            same = sum(is_same(each) for each in found)
            differing += times - same
            rows.append((kind, str(files), str(times), str(same), f"{seconds:.0f}"))
            for each in found:
                if not is_same(each):
                    print(f"{kind}: {', '.join(each.differing)} differ; {each.conditions}")
        home.engine.dispose()
    print_table(rows)
    sys.exit(1 if differing else 0)


def train_all(home: Home) -> dict[str, ModelVersion]:
    """A version of each kind."""
    write_simulated_pumps(home.plants)
    with open_instance(home) as instance:
        pipeline = Pipeline(home, instance)
        pipeline.run(Stage(("raw_cmapss", "cmapss_windows"), "SIM"))
        for name in NETWORKS:
            stage = Stage(("pretrained_checkpoint",), name, {"pretrained_checkpoint": PRETRAINED})
            pipeline.run(stage)
        pipeline.run(Stage(("plant_readings", "plant_windows"), PUMPS))
        return {kind: train(home, pipeline, TUNED | told) for kind, told in KINDS.items()}


def train(home: Home, pipeline: Pipeline, options: dict[str, Any]) -> ModelVersion:
    """One version, registered under the next number."""
    pipeline.run(Stage(("finetuned_model",), PUMPS, {"finetuned_model": options}))
    made = home.lineage.current("finetuned_model", PUMPS)
    assert made is not None
    return home.registry.register(PUMPS, made.sha256, now=home.now())


def is_same(found: Reproduction) -> bool:
    """Every byte, and none of the recorded conditions another."""
    return found.is_identical and not found.differing and not found.conditions


if __name__ == "__main__":
    main()
