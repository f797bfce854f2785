"""How fast learning and answering are, each figure beside its target, in one run.

    python -m rul_platform_tests.benches.bench_learning --data FOLDER [--json]

What counts is the CPU time of this process on one torch thread, so that a busy machine tells the same;
of several repeats the quickest counts. FD004's own training file; weights are random where only time is
asked for. The clock on the wall stands beside where somebody waits for an answer.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pandas as pd
import torch
from torch import nn

from rul_platform.core import splits
from rul_platform.core.cmapss import file_names, training_fleet
from rul_platform.core.columns import INFORMATIVE
from rul_platform.core.folds import FOLDS
from rul_platform.core.labels import DEFAULT_CAP_CYCLES, to_target
from rul_platform.core.preparation import DEFAULT_WINDOW, Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows, last_of_each_unit
from rul_platform.learning.fitting import full_history, training
from rul_platform.learning.fitting.batches import Examples
from rul_platform.learning.networks import models
from rul_platform.learning.trained.boosting import fit_boosting
from rul_platform.learning.trained.ensemble_recipe import EnsembleRecipe
from rul_platform.learning.trained.learned import Learned, MeanModel, NetworkModel
from rul_platform.storage.cmapss_source import CmapssSource

CAP, BATCH, SUBSET = DEFAULT_CAP_CYCLES, 256, "FD004"
REPEATS, STEPS, ANSWERS = 3, 60, 3000


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement beside its target.

    Attributes:
        at_least: Whether more is better than the target; otherwise less.
        note: What else was seen.
    """

    what: str
    value: float
    target: float
    unit: str
    at_least: bool
    note: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the target is reached."""
        return self.value >= self.target if self.at_least else self.value < self.target


def quickest(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """CPU seconds of the quickest repeat."""
    seconds = []
    for _ in range(repeats):
        begin = time.process_time()
        work()
        seconds.append(time.process_time() - begin)
    return min(seconds)


def cut(text: bytes) -> Windows:
    """From NASA's text to every window of the training engines."""
    fleet = training_fleet(text, file_names(SUBSET)[0])
    roles = splits.assign(tuple(fleet.units["unit"]), splits.SplitPolicy(), source=SUBSET)
    preparation = Preparation.fit(
        splits.with_role(fleet, roles, splits.TRAIN),
        INFORMATIVE,
        window=DEFAULT_WINDOW,
        cap=CAP,
        life_unit="cycles",
    )
    return preparation.windows(fleet, pd.Series(roles))


def reading(text: bytes) -> Figure:
    """Text to windows in memory, cut out."""
    seconds = quickest(lambda: cut(text).features(), repeats=5)
    return Figure("text to windows, FD004", seconds, 0.2, "CPU s", at_least=False)


def gathering(windows: Windows) -> Figure:
    """Batches as the training loop takes them, in shuffled order."""
    examples = Examples.of(windows, cap=CAP)
    orders = torch.randperm(len(windows)).split(BATCH)

    def epoch() -> None:
        for batch_B in orders:
            examples.batch(batch_B)

    rate = len(windows) / quickest(epoch, repeats=5) / 1e6
    note = f"{windows.table.shape[1]} channels, batches of {BATCH}"
    return Figure("training input", rate, 2.0, "M windows / CPU s", at_least=True, note=note)


def stepping(windows: Windows) -> Figure:
    """Our loop beside a bare one: same network, same tensors, same number of steps, by turns."""
    train, bare, ours = windows.select(splits.TRAIN), [], []
    for _ in range(REPEATS):
        bare.append(bare_loop(train))
        ours.append(our_loop(train))
    ratio, rate = min(bare) / min(ours), STEPS * BATCH / min(ours)
    note = f"{rate:,.0f} windows / CPU s, LSTM 1x64"
    return Figure("training step", ratio, 0.9, "of a bare torch loop", at_least=True, note=note)


def our_loop(train: Windows) -> float:
    """CPU seconds of ``training.fit`` without any validation."""
    config = FitConfig(seed=0, steps=STEPS, batch_size=BATCH, early_stopping=False)
    fitted = training.fit(network(train), train, None, config, cap=CAP)
    return fitted.cpu_seconds


def bare_loop(train: Windows) -> float:
    """CPU seconds of the least code that does the same arithmetic."""
    training.one_thread()
    begin = time.process_time()
    model, config = network(train), FitConfig(seed=0)
    table, rows_NW = torch.from_numpy(train.table), torch.from_numpy(train.rows())
    y_N = torch.from_numpy(to_target(train.rul(), CAP))
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=config.learning_rate, total_steps=STEPS
    )
    for batch_B in torch.randperm(len(train))[: STEPS * BATCH].split(BATCH):
        optimizer.zero_grad(set_to_none=True)
        nn.functional.mse_loss(model(table[rows_NW[batch_B]]), y_N[batch_B]).backward()
        nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
        optimizer.step()
        schedule.step()
    return time.process_time() - begin


def network(windows: Windows) -> models.RulNetwork:
    """The LSTM that we train by default."""
    return models.build(models.default_config("lstm", windows.table.shape[1]), seed=0)


def histories(windows: Windows) -> Figure:
    """The ensemble's network over whole histories: a loss at every reading."""
    units = windows.index["unit"].unique()[:60]
    some, epochs, recipe = windows.of_units(units), 3, EnsembleRecipe()
    steps = epochs * len(units) // recipe.batch_size
    fit = FitConfig(seed=0, steps=steps, batch_size=recipe.batch_size, early_stopping=False)
    seconds = []
    for _ in range(REPEATS):
        network = models.build(history_config(windows), seed=0)
        seconds.append(full_history.fit_histories(network, some, fit, cap=CAP).cpu_seconds)
    rate = epochs * len(some) / min(seconds) / 1e3
    note = f"LSTM {recipe.num_layers}x{recipe.hidden_size}, {recipe.batch_size} engines in a batch"
    return Figure("full history", rate, 70.0, "k targets / CPU s", at_least=True, note=note)


def history_config(windows: Windows) -> models.ModelConfig:
    """What the ensemble's networks are built from."""
    recipe = EnsembleRecipe()
    return models.ModelConfig(
        name="lstm",
        input_size=windows.table.shape[1],
        hidden_size=recipe.hidden_size,
        num_layers=recipe.num_layers,
        reads="history",
    )


def answering(windows: Windows) -> list[Figure]:
    """One answer at a time, by every kind of model that is recommended to deploy."""
    channels = tuple(f"c{number}" for number in range(windows.table.shape[1]))
    one, whole = models.default_config("lstm", len(channels)), history_config(windows)
    longest = windows.longest_history()
    boosted = fit_boosting(windows, cap=CAP, seed=0)
    of_histories = [
        NetworkModel(models.build(whole, seed=fold), whole, channels, longest)
        for fold in range(FOLDS)
    ]
    kinds: dict[str, Learned] = {
        "network": NetworkModel(models.build(one, seed=0), one, channels, windows.length),
        "boosting": boosted,
        "ensemble": MeanModel((*of_histories, *[boosted] * FOLDS)),
    }
    return [answers(name, model, windows.longer(model.window)) for name, model in kinds.items()]


def answers(name: str, model: Learned, windows: Windows) -> Figure:
    """The slowest of a hundred answers, in CPU time of the thread that answers."""
    channels = windows.table.shape[1]
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(model.graph(channels=channels), options)
    x = np.ascontiguousarray(last_of_each_unit(windows).features()[:1])
    cpu, wall = [], []
    for _ in range(ANSWERS if windows.length < 100 else ANSWERS // 10):
        begin, began = time.thread_time_ns(), time.perf_counter_ns()
        session.run(["rul"], {"x": x})
        cpu.append(time.thread_time_ns() - begin)
        wall.append(time.perf_counter_ns() - began)
    p99 = float(np.percentile(cpu, 99)) / 1e6
    note = (
        f"p50 {statistics.median(cpu) / 1e6:.3f}; wall p99 {np.percentile(wall, 99) / 1e6:.3f} ms"
    )
    return Figure(f"ONNX batch 1, {name}, p99", p99, 0.2, "CPU ms", at_least=False, note=note)


def main() -> None:
    """Measure and print."""
    options = _options()
    source = CmapssSource(given=Path(options.data), cache=Path(), url="")
    text = source.fetch(SUBSET).train
    training.one_thread()
    windows = cut(text)
    figures = [reading(text), gathering(windows), stepping(windows), histories(windows)]
    figures += answering(windows)
    if options.json:
        rows = [asdict(figure) | {"is_met": figure.is_met} for figure in figures]
        print(json.dumps(rows, indent=2))
        return
    for figure in figures:
        sign, verdict = ("≥" if figure.at_least else "<"), ("met" if figure.is_met else "MISSED")
        print(
            f"{figure.what:32}{figure.value:10.3f}  {sign} {figure.target:<6g}{figure.unit:22}"
            f"{verdict:8}{figure.note}"
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    default = os.environ.get("RUL_TEST_DATA")  # noqa: TID251  a door of its own
    parser.add_argument(
        "--data", default=default, required=not default, help="folder with NASA's zip"
    )
    parser.add_argument("--json", action="store_true", help="a list of figures")
    return parser.parse_args()


if __name__ == "__main__":
    main()
