"""Readings and windows of plants of 1, 10 and 100 million rows: time, and peak memory.

``python -m rul_platform_tests.benches.bench_scale [--rows 1e6 1e7 1e8] [--folder FOLDER] [--csv]``

A simulated plant is written to disk, then two processes of their own make its readings and its windows,
as the assets do; of each, CPU seconds after its imports, wall seconds and peak memory (``getrusage``)
are printed. Files and artifacts are removed after each size.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from rul_platform.core import splits
from rul_platform.core.parquet import to_parquet
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.builds import build
from rul_platform.storage.long_plant import LongPlant
from rul_platform.storage.stored_fleet import UNITS, long_fleet
from rul_platform.storage.window_build import WindowRecipe, build_windows

LONGEST, SHORTEST = 60_000, 10_000
"""Readings of a machine."""

FILE_ROWS = 2_000_000
PLANT = """
title = "Simulated plant of a bench"
simulated = true
[source]
files = "data/*"
[columns]
unit = "machine"
life = "hours"
life_unit = "hours"
condition = "mode"
[sensors]
vibration = "vibration"
temperature = "temperature"
[failure]
kind = "last_row"
[label]
cap = 2000
"""


def write_plant(folder: Path, rows: int, *, is_csv: bool) -> Path:
    """The same plant for the same number of rows, whatever the machine it is made on."""
    (folder / "data").mkdir(parents=True)
    path = folder / "bench.toml"
    path.write_text(PLANT)
    held: list[pa.Table] = []
    made = written = number = 0
    while made < rows:
        random = np.random.default_rng(number)
        life = min(int(random.integers(SHORTEST, LONGEST)), rows - made)
        held.append(_machine(f"m{number:05d}", max(life, 2), random))
        made, number = made + max(life, 2), number + 1
        if sum(table.num_rows for table in held) >= FILE_ROWS or made >= rows:
            _write(folder / "data" / f"{written:03d}", pa.concat_tables(held), is_csv=is_csv)
            held, written = [], written + 1
    return path


def _machine(name: str, life: int, random: np.random.Generator) -> pa.Table:
    """One machine from its beginning to its failure, measured ten times an hour."""
    wear = (np.arange(life) / life) ** 2
    mode = np.repeat(random.choice(["low", "high"], life // 500 + 1), 500)[:life]
    noise = random.normal(size=(2, life))
    return pa.table(
        {
            "machine": pa.array(np.full(life, name)),
            "hours": np.round(np.arange(life) * 0.1, 1),
            "mode": pa.array(mode),
            "vibration": np.round(2 + 3 * wear + 0.3 * noise[0] + (mode == "high"), 2),
            "temperature": np.round(60 + 25 * wear + 2 * noise[1] + 5 * (mode == "high"), 1),
        }
    )


def _write(path: Path, table: pa.Table, *, is_csv: bool) -> None:
    if is_csv:
        pa_csv.write_csv(table, path.with_suffix(".csv"))
    else:
        pq.write_table(table, path.with_suffix(".parquet"), row_group_size=200_000)


def make_readings(folder: Path) -> dict[str, Any]:
    """As ``plant_readings`` does."""
    store = ArtifactStore(folder / "store")
    plant = LongPlant(folder / "bench.toml")
    with build(folder / "builds" / "readings", plant.identity) as work:
        built = plant.build(store, work)
        artifact = store.write({**built.files, UNITS: to_parquet(built.units)})
    return {"sha256": artifact.sha256, "rows": int(built.units["rows"].sum())}


def make_windows(folder: Path, readings: str) -> dict[str, Any]:
    """As ``plant_windows`` does."""
    store = ArtifactStore(folder / "store")
    fleet = long_fleet(store, store.artifact(readings))
    policy = splits.SplitPolicy(valid=0.2, test=0.2, seed=0)
    roles = splits.assign_units(fleet.units, policy, source="the bench")
    recipe = WindowRecipe(roles=roles, window=30, cap=2000.0, life_unit="hours", source="the bench")
    with build(folder / "builds" / "windows", {"readings": readings}) as work:
        built = build_windows(store, work, fleet, recipe)
        artifact = store.write(built.files)
    return {"sha256": artifact.sha256, "rows": built.windows}


def measured(step: str, *arguments: str) -> dict[str, Any]:
    """Run a step in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, "--step", step, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def run_step(step: str, arguments: list[str]) -> None:
    """In the child: do it, and print what it took."""
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    steps = {"readings": make_readings, "windows": make_windows}
    found = steps[step](Path(arguments[0]), *arguments[1:])
    used = resource.getrusage(resource.RUSAGE_SELF)
    found |= {
        "wall": time.perf_counter() - begin,
        "cpu": used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime,
        "peak_mib": used.ru_maxrss / 1024,
    }
    print(json.dumps(found))


def bench(rows: int, folder: Path, *, is_csv: bool) -> None:
    """One size: a line for each step, and one for both."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        own = Path(name)
        write_plant(own, rows, is_csv=is_csv)
        readings = measured("readings", name)
        shutil.rmtree(own / "data")
        windows = measured("windows", name, readings["sha256"])
        stored = sum(path.stat().st_size for path in (own / "store").rglob("*") if path.is_file())
    for step, found in (("readings", readings), ("windows", windows)):
        print(
            f"{rows:>12,}  {step:<9} {found['cpu']:>8.1f} {found['wall']:>8.1f} "
            f"{found['rows'] / found['cpu']:>10,.0f} {found['peak_mib']:>8.0f}  {found['sha256'][:12]}"
        )
    both = readings["cpu"] + windows["cpu"]
    print(
        f"{rows:>12,}  both      {both:>8.1f} {readings['wall'] + windows['wall']:>8.1f} "
        f"{rows / both:>10,.0f} {max(readings['peak_mib'], windows['peak_mib']):>8.0f}  "
        f"{stored / 1e9:.2f} GB stored",
        flush=True,
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=float, nargs="+", default=[1e6, 1e7, 1e8])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--csv", action="store_true", help="CSV files instead of Parquet")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("arguments", nargs="*", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        run_step(asked.step, asked.arguments)
        return
    print(
        f"{'rows':>12}  {'step':<9} {'CPU s':>8} {'wall s':>8} {'rows/CPU s':>10} {'peak MiB':>8}"
    )
    for rows in asked.rows:
        bench(int(rows), asked.folder, is_csv=asked.csv)


if __name__ == "__main__":
    main()
