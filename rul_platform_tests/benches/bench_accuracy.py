"""Clipped RMSE on the official test sets: several seeds of one architecture, with boosting beside.

    python -m rul_platform_tests.benches.bench_accuracy --data FOLDER [--architecture lstm] [--seeds 3]

The protocol of ``cmapss_benchmark``: split by engine, early stopping on training engines that are held
out, the last flight of every test engine scored once. Nothing is chosen on the test set: every seed
that is trained is printed.
"""

import argparse
import json
import os
import statistics
from pathlib import Path

import pandas as pd

from rul_platform.core import splits
from rul_platform.core.architectures import ARCHITECTURES, architecture
from rul_platform.core.bootstrap import metric_interval
from rul_platform.core.cmapss import SUBSETS, file_names, held_out_fleet, training_fleet
from rul_platform.core.columns import INFORMATIVE
from rul_platform.core.labels import DEFAULT_CAP_CYCLES
from rul_platform.core.metrics import rul_metrics
from rul_platform.core.preparation import DEFAULT_WINDOW, Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows, last_of_each_unit
from rul_platform.learning import baselines, models, training
from rul_platform.storage.cmapss_source import CmapssSource

Row = dict[str, str | int | float]


def prepared(source: CmapssSource, subset: str, seed: int) -> tuple[Windows, Windows]:
    """Training and validation windows, and the last window of every test engine."""
    found, names = source.fetch(subset), file_names(subset)
    train = training_fleet(found.train, names[0])
    test = held_out_fleet(found.test, found.rul, names[1], names[2])
    policy = splits.SplitPolicy(valid=0.2, seed=seed)
    roles = splits.assign(tuple(train.units["unit"]), policy, source=subset)
    preparation = Preparation.fit(
        splits.with_role(train, roles, splits.TRAIN),
        INFORMATIVE,
        window=DEFAULT_WINDOW,
        cap=DEFAULT_CAP_CYCLES,
        life_unit="cycles",
    )
    tested = last_of_each_unit(preparation.windows(test, splits.TEST))
    return preparation.windows(train, pd.Series(roles)), tested


def measure(source: CmapssSource, subset: str, name: str, seed: int) -> Row:
    """One network and one boosting fit, on the same division of the engines."""
    cap = DEFAULT_CAP_CYCLES
    windows, test = prepared(source, subset, seed)
    train = windows.select(splits.TRAIN)
    truth = test.rul().clip(max=cap)
    network = models.build(
        models.default_config(architecture(name), windows.table.shape[1]), seed=seed
    )
    fitted = training.fit(
        network, train, windows.select(splits.VALID), FitConfig(seed=seed), cap=cap
    )
    predicted = training.predict(network, test, cap)
    interval = metric_interval(test.units(), truth, predicted, seed=seed)
    boosted = baselines.boosting(train, test, cap=cap, seed=seed)
    return {
        "subset": subset,
        "architecture": name,
        "seed": seed,
        "rmse_clipped": rul_metrics(truth, predicted).rmse,
        "interval_low": interval.low,
        "interval_high": interval.high,
        "rmse_raw": rul_metrics(test.rul(), predicted).rmse,
        "score_clipped": rul_metrics(truth, predicted).nasa_score,
        "boosting_rmse_clipped": rul_metrics(truth, boosted).rmse,
        "cpu_seconds": fitted.cpu_seconds,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("RUL_TEST_DATA"))  # noqa: TID251
    parser.add_argument("--architecture", choices=ARCHITECTURES, default="lstm")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("give --data or RUL_TEST_DATA: a folder with NASA's zip")
    source = CmapssSource(given=Path(arguments.data), cache=Path(), url="")
    rows = []
    for subset in SUBSETS:
        for seed in range(arguments.seeds):
            rows.append(measure(source, subset, arguments.architecture, seed))
            if not arguments.json:
                print("  ".join(f"{k} {_short(v)}" for k, v in rows[-1].items()), flush=True)
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return
    for subset in SUBSETS:
        scores = [float(row["rmse_clipped"]) for row in rows if row["subset"] == subset]
        print(f"{subset}: mean clipped RMSE {statistics.mean(scores):.2f} over {len(scores)} seeds")


def _short(value: str | int | float) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
