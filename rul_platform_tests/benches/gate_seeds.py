"""Train a plant's recipe with many seeds and keep what each model predicted, for ``bench_gate``.

    python -m rul_platform_tests.benches.gate_seeds --data FOLDER [--seeds 30] [--champions 4]

The plant is the hundred engines of C-MAPSS FD003, divided by the platform's own split into forty to
learn from, twenty to stop by and forty to test on, at twenty points of each life. Its sensors count as
its own, as those of a pump or a filter do: of the checkpoint, pretrained on FD001, encoder and head are
inherited and the input layer is learned anew. A seed decides new weights, order of the batches and
dropout. Four groups of models:

- ``half``: learns from twenty of the forty engines, from the checkpoint.
- ``all``: the same from all forty. Really better, and nothing else differs.
- ``again C``: begins with the weights of model ``half C`` and learns from its twenty engines again, as
  a retraining does that has nothing new to learn from.
- ``more C``: begins with them too, and learns from all forty: a retraining with new failures.

What is stored already is not trained again.
"""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rul_platform.core import splits
from rul_platform.core.cmapss import file_names, training_fleet
from rul_platform.core.columns import INFORMATIVE
from rul_platform.core.fleet import Fleet
from rul_platform.core.labels import DEFAULT_CAP_CYCLES
from rul_platform.core.parquet import to_parquet
from rul_platform.core.preparation import DEFAULT_WINDOW, Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows, even_cuts
from rul_platform.learning.fitting import training
from rul_platform.learning.networks import checkpoints, models
from rul_platform.learning.networks.checkpoints import Checkpoint
from rul_platform.learning.transfer import finetuning
from rul_platform.storage.cmapss_source import CmapssSource

STORED = Path(__file__).parent / "data" / "gate_seeds.parquet"
CUTS = 20
FINETUNING = {"steps": 300, "learning_rate": 3e-3}
"""The defaults of the asset ``finetuned_model``."""


def fleet_of(source: CmapssSource, subset: str) -> Fleet:
    """The training engines of a subset: all ran to failure."""
    return training_fleet(source.fetch(subset).train, file_names(subset)[0])


def prepared(fleet: Fleet, roles: dict[str, str]) -> tuple[Preparation, Windows]:
    """Scaler and windows, as ``plant_windows`` makes them."""
    preparation = Preparation.fit(
        splits.with_role(fleet, roles, splits.TRAIN),
        INFORMATIVE,
        window=DEFAULT_WINDOW,
        cap=DEFAULT_CAP_CYCLES,
        life_unit="cycles",
    )
    used = splits.with_role(fleet, roles, splits.TRAIN, splits.VALID, splits.TEST)
    return preparation, preparation.windows(used, pd.Series(roles))


def pretrained(source: CmapssSource) -> Checkpoint:
    """An LSTM that learned from FD001, whose channels the plant does not have."""
    fleet = fleet_of(source, "FD001")
    roles = splits.assign_fleet(fleet, splits.SplitPolicy(valid=0.2), source="FD001")
    preparation, windows = prepared(fleet, roles)
    config = models.default_config("lstm", len(preparation.channels))
    network = models.build(config, seed=0)
    train, valid = windows.select(splits.TRAIN), windows.select(splits.VALID)
    training.fit(network, train, valid, FitConfig(seed=0), cap=preparation.cap)
    others = tuple(f"turbofan {channel}" for channel in preparation.channels)
    return checkpoints.load(checkpoints.dump(network, config, others), source="FD001")


def thinned(roles: dict[str, str], share: float) -> dict[str, str]:
    """Only the first part of the training engines keeps its role; the others are left out."""
    trained = [unit for unit, role in roles.items() if role == splits.TRAIN]
    left_out = set(trained[round(share * len(trained)) :])
    return {u: splits.CENSORED if u in left_out else role for u, role in roles.items()}


@dataclass(frozen=True, slots=True)
class Course:
    """One way to learn: what it begins with, and from which engines it learns."""

    start: Checkpoint
    preparation: Preparation
    windows: Windows

    def run(self, seed: int) -> tuple[Checkpoint, NDArray[np.int16]]:
        """The fine-tuned model, and what it predicts on the test cuts in hundredths of a cycle."""
        channels, cap = self.preparation.channels, self.preparation.cap
        config = finetuning.FinetuneConfig(
            fit=FitConfig(seed=seed, **FINETUNING), freeze="encoder_at_first"
        )
        network, model, report = finetuning.transfer(
            self.start, channels, seed=seed, freeze=config.freeze
        )
        finetuning.finetune(
            network,
            self.windows.select(splits.TRAIN),
            self.windows.select(splits.VALID),
            config,
            cap=cap,
            own_input=report.has_own_input,
        )
        tested = even_cuts(self.windows.select(splits.TEST), CUTS)
        predicted = training.predict(network, tested, cap)
        dumped = checkpoints.dump(network, model, channels)
        made = checkpoints.load(dumped, source=f"seed {seed}")
        return made, np.rint(100 * predicted).astype(np.int16)


class Collection:
    """The stored table: three columns that identify a row, then one for each model."""

    def __init__(self, path: Path, tested: Windows) -> None:
        self._path = path
        self.table = tested.index[["unit", "life", "rul"]].reset_index(drop=True)
        if path.exists():
            self.table = pd.read_parquet(path)

    def add(self, name: str, predict: Callable[[], NDArray[np.int16]]) -> None:
        """Train one model, unless it is there."""
        if name not in self.table:
            self.table[name] = predict()
            self._path.write_bytes(to_parquet(self.table))
            print(name, flush=True)


def main() -> None:
    """Train, and store after every model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("RUL_TEST_DATA"))  # noqa: TID251
    parser.add_argument("--seeds", type=int, default=30, help="Models that begin anew.")
    parser.add_argument("--champions", type=int, default=4, help="Models that are retrained.")
    parser.add_argument("--retrains", type=int, default=5, help="Seeds of each retraining.")
    parser.add_argument("--out", type=Path, default=STORED)
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("give --data or RUL_TEST_DATA: a folder with NASA's zip")
    source = CmapssSource(given=Path(arguments.data), cache=Path(), url="")
    fleet, parent = fleet_of(source, "FD003"), pretrained(source)
    policy = splits.SplitPolicy(valid=0.2, test=0.4)
    roles = splits.assign_fleet(fleet, policy, source="FD003")
    half, every = prepared(fleet, thinned(roles, 0.5)), prepared(fleet, roles)
    kept = Collection(arguments.out, even_cuts(every[1].select(splits.TEST), CUTS))
    for seed in range(arguments.seeds):
        kept.add(f"half {seed}", lambda seed=seed: Course(parent, *half).run(seed)[1])
        kept.add(f"all {seed}", lambda seed=seed: Course(parent, *every).run(seed)[1])
    for number in range(arguments.champions):
        champion, predicted = Course(parent, *half).run(number)
        if not (predicted == kept.table[f"half {number}"]).all():
            print(
                f"half {number} predicts otherwise than the stored one did: other package versions"
            )
        for seed in range(100, 100 + arguments.retrains):
            kept.add(
                f"again {number} {seed}", lambda s=seed, c=champion: Course(c, *half).run(s)[1]
            )
            kept.add(
                f"more {number} {seed}", lambda s=seed, c=champion: Course(c, *every).run(s)[1]
            )


if __name__ == "__main__":
    main()
