"""What each option of training is worth, one at a time, on engines left out; the test set stays closed.

    python -m rul_platform_tests.benches.bench_ablation --data FOLDER [--steps 150] [--only mixup]

One LSTM on windows of 30 cycles. The engines are divided into folds; each fold is predicted by a network
that learned from the others, 20 points of every engine, every engine counting once. Every option changes
one thing of the same base, with the same seeds and batches. The interval is the paired 90 % bootstrap
over engines; an option is called better or worse only where it holds no 0 and all seeds agree in sign.
"""

import argparse
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rul_platform.core import splits
from rul_platform.core.bootstrap import resample
from rul_platform.core.cmapss import file_names, training_fleet
from rul_platform.core.columns import INFORMATIVE
from rul_platform.core.folds import assign_folds
from rul_platform.core.labels import DEFAULT_CAP_CYCLES
from rul_platform.core.metrics import unit_weights, weighted_mean
from rul_platform.core.preparation import DEFAULT_WINDOW, Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows, even_cuts
from rul_platform.learning.fitting import training
from rul_platform.learning.networks import models
from rul_platform.storage.cmapss_source import CmapssSource

CAP, CUTS, LEVEL = DEFAULT_CAP_CYCLES, 20, 0.9
BASE = "base"


@dataclass(frozen=True, slots=True)
class Option:
    """What differs from the base.

    Attributes:
        fit: Fields of ``FitConfig``.
        model: Fields of ``ModelConfig``.
    """

    fit: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)


OPTIONS: Mapping[str, Option] = {
    BASE: Option(),
    "jitter": Option({"augment": ("jitter",)}),
    "scaling": Option({"augment": ("scaling",)}),
    "time warp": Option({"augment": ("time_warp",)}),
    "mixup": Option({"augment": ("mixup",)}),
    "cutmix": Option({"augment": ("cutmix",)}),
    "EMA": Option({"averaging": "ema"}),
    "SWA": Option({"averaging": "swa"}),
    "Huber loss": Option({"loss": "huber"}),
    "label distribution": Option({"loss": "distribution"}, {"bins": 50}),
    "cosine": Option({"schedule": "cosine"}),
    "steps": Option({"schedule": "step"}),
    "plateau": Option({"schedule": "plateau"}),
    "constant rate": Option({"schedule": "constant"}),
    "L1 1e-5": Option({"l1": 1e-5}),
    "layer norm": Option({}, {"normalise": True}),
    "bidirectional": Option({}, {"bidirectional": True}),
}


def prepared(source: CmapssSource, subset: str, folds: int) -> dict[int, tuple[Windows, Windows]]:
    """For each fold what is learned from and what is predicted, scaled by the former alone."""
    fleet = training_fleet(source.fetch(subset).train, file_names(subset)[0])
    fold_of = assign_folds(fleet.units["unit"], seed=0, source=subset, count=folds)
    made = {}
    for fold in range(folds):
        roles = {u: splits.VALID if f == fold else splits.TRAIN for u, f in fold_of.items()}
        preparation = Preparation.fit(
            splits.with_role(fleet, roles, splits.TRAIN), INFORMATIVE,
            window=DEFAULT_WINDOW, cap=CAP, life_unit="cycles",
        )  # fmt: skip
        windows = preparation.windows(fleet, pd.Series(roles))
        made[fold] = windows.select(splits.TRAIN), even_cuts(windows.select(splits.VALID), CUTS)
    return made


@dataclass(frozen=True, slots=True)
class Errors:
    """Out-of-fold errors of one option.

    Attributes:
        squared: Shape ``(S, N)``: of each seed and window.
        cpu_seconds: Of all trainings.
    """

    squared: NDArray[np.float64]
    cpu_seconds: float


def tried(
    option: Option, folds: Mapping[int, tuple[Windows, Windows]], steps: int, seeds: int
) -> Errors:
    """Train once for each seed and fold; a fixed number of steps, so that nothing watches the fold."""
    begin = time.process_time()
    squared = []
    for seed in range(seeds):
        parts = []
        for train, left_out in folds.values():
            base = models.default_config("lstm", train.table.shape[1])
            network = models.build(replace(base, **option.model), seed=seed)
            config = replace(FitConfig(seed=seed, steps=steps, early_stopping=False), **option.fit)
            training.fit(network, train, None, config, cap=CAP)
            predicted = training.predict(network, left_out, CAP)
            parts.append((predicted - np.minimum(left_out.rul(), CAP)) ** 2)
        squared.append(np.concatenate(parts))
    return Errors(np.stack(squared), time.process_time() - begin)


def compared(name: str, option: Errors, base: Errors, units: NDArray[np.str_]) -> dict[str, Any]:
    """One row of the table."""
    means = {"option": option.squared.mean(axis=0), "base": base.squared.mean(axis=0)}
    drawn = resample(
        units,
        lambda weights: {key: np.sqrt(weighted_mean(mean, weights)) for key, mean in means.items()},
        level=LEVEL,
        seed=0,
    )
    difference = drawn.difference("option", "base")
    weights = unit_weights(units)
    each, of_base = (np.sqrt(weighted_mean(e.squared, weights)) for e in (option, base))
    agree = len(set(np.sign(each - of_base))) == 1
    verdict = difference.verdict if agree and difference.verdict != "undecided" else "within noise"
    return {
        "option": name,
        "rmse": drawn.observed["option"],
        "difference": difference.mean,
        "low": difference.low,
        "high": difference.high,
        "of_seeds": [round(float(d), 3) for d in each - of_base],
        "verdict": "–" if name == BASE else verdict,  # noqa: RUF001
        "cpu_seconds": option.cpu_seconds,
    }


def main() -> None:
    """Measure and print."""
    options = _options()
    source = CmapssSource(given=Path(options.data), cache=Path(), url="")
    rows: list[dict[str, Any]] = []
    for subset in options.subset:
        folds = prepared(source, subset, options.folds)
        units = np.concatenate([left_out.units() for _, left_out in folds.values()])
        base = tried(OPTIONS[BASE], folds, options.steps, options.seeds)
        for name in OPTIONS:
            if options.only and name not in (BASE, *options.only):
                continue
            done = (
                base if name == BASE else tried(OPTIONS[name], folds, options.steps, options.seeds)
            )
            rows.append({"subset": subset} | compared(name, done, base, units))
            if not options.json:
                print(as_line(rows[-1]), flush=True)
    if options.json:
        print(json.dumps(rows, indent=2))


def as_line(row: Mapping[str, Any]) -> str:
    """A row of a Markdown table."""
    return (
        f"| {row['subset']} | {row['option']} | {row['rmse']:.2f} | {row['difference']:+.2f} "
        f"({row['low']:+.2f} to {row['high']:+.2f}) | {row['verdict']} | {row['cpu_seconds']:.0f} |"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    default = os.environ.get("RUL_TEST_DATA")  # noqa: TID251  a door of its own
    parser.add_argument(
        "--data", default=default, required=not default, help="folder with NASA's zip"
    )
    parser.add_argument("--subset", nargs="+", default=["FD001", "FD003"])
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=sorted(OPTIONS), help="these beside the base")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
