"""Our cold path from C-MAPSS text to windows in memory; one process, one measurement.

The same calls as the asset ``cmapss_windows``, and then the cut that training makes. ``bench_windows``
starts it: ``python -m rul_platform_tests.benches.our_windows FOLDER SUBSET WINDOW OUT``.
"""

import json
import sys
import time
from pathlib import Path

import pandas as pd

from rul_platform.core import parquet, splits
from rul_platform.core.canonical import canonical_json
from rul_platform.core.cmapss import file_names, held_out_fleet, training_fleet
from rul_platform.core.columns import INFORMATIVE
from rul_platform.core.fleet import Fleet
from rul_platform.core.labels import DEFAULT_CAP_CYCLES
from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows, last_of_each_unit


def measure(folder: Path, subset: str, window: int, out: Path) -> dict[str, float]:
    """CPU seconds of this process for both steps, and what they made.

    Args:
        folder: Holds the subset's three text files.
        subset: ``FD001`` to ``FD004``.
        window: W, in cycles.
        out: An empty folder, for what the first step leaves on the disk.
    """
    start = time.process_time()
    train, test = prepare(folder, subset, window, out)
    prepared = time.process_time()
    learned = train.features()
    judged = last_of_each_unit(test).features()
    return {
        "prepare_cpu_seconds": prepared - start,
        "windows_cpu_seconds": time.process_time() - prepared,
        "rows": len(train) + len(test),
        "windows": len(learned) + len(judged),
        "channels": learned.shape[2],
        "megabytes": (learned.nbytes + judged.nbytes) / 1e6,
    }


def prepare(folder: Path, subset: str, window: int, out: Path) -> tuple[Windows, Windows]:
    """Read, check, split, scale and store, as the asset does."""
    names = file_names(subset)
    train_text, test_text, rul_text = ((folder / name).read_bytes() for name in names)
    train = training_fleet(train_text, names[0])
    test = held_out_fleet(test_text, rul_text, names[1], names[2])
    roles = splits.assign(tuple(train.units["unit"]), splits.SplitPolicy(), source=subset)
    preparation = Preparation.fit(
        splits.with_role(train, roles, splits.TRAIN),
        INFORMATIVE,
        window=window,
        cap=DEFAULT_CAP_CYCLES,
        life_unit="cycles",
    )
    train_windows = preparation.windows(train, pd.Series(roles))
    test_windows = preparation.windows(test, splits.TEST)
    store(out, "train", train, train_windows, preparation)
    store(out, "test", test, test_windows, preparation)
    (out / "preparation.json").write_bytes(canonical_json(preparation.to_json()))
    return train_windows, test_windows


def store(out: Path, prefix: str, fleet: Fleet, windows: Windows, preparation: Preparation) -> None:
    """The two Parquet files of one side."""
    cycles = parquet.scaled_cycles(fleet.readings, windows, preparation.channels)
    (out / f"{prefix}_cycles.parquet").write_bytes(parquet.to_parquet(cycles))
    (out / f"{prefix}_windows.parquet").write_bytes(parquet.to_parquet(windows.index))


if __name__ == "__main__":
    _, source, chosen, length, target = sys.argv
    print(json.dumps(measure(Path(source), chosen, int(length), Path(target))))
