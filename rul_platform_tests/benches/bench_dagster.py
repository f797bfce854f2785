"""What Dagster costs: loading the code location, and each step of a run.

    python -m rul_platform_tests.benches.bench_dagster [--json]

Works on simulated data in a throw-away home; needs no data and no network.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from rul_platform.orchestration.instance import prepare_instance
from rul_platform.settings import Settings
from rul_platform.storage.home import Home

LOADS = 5
LOAD = """
import resource, sys, time
begin = time.perf_counter()
from rul_platform.definitions import defs
location = defs() if callable(defs) and not hasattr(defs, "load_fn") else defs.load_fn()
location.resolve_asset_graph()
seconds = time.perf_counter() - begin
print(seconds, "torch" in sys.modules, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
ASSETS = "raw_cmapss,cmapss_windows"


@contextmanager
def environment() -> Iterator[dict[str, str]]:
    """A shell with a throw-away home."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Settings.read({"RUL_HOME": folder, "RUL_CMAPSS_URL": ""}))
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("RUL_")}  # noqa: TID251
        yield inherited | {"RUL_HOME": folder, "DAGSTER_HOME": str(prepare_instance(home))}


def loading(environ: dict[str, str]) -> dict[str, float | bool]:
    """Wall seconds from nothing to a loaded code location; the median of five processes."""
    runs = []
    for _ in range(LOADS):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", LOAD],
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        )
        seconds, torch, megabytes = done.stdout.split()
        runs.append((float(seconds), torch == "True", float(megabytes)))
    return {
        "load_seconds": statistics.median(run[0] for run in runs),
        "torch_imported": any(run[1] for run in runs),
        "megabytes": max(run[2] for run in runs),
    }


def stepping(environ: dict[str, str]) -> dict[str, float | int]:
    """How much of a run of two assets and four checks is not spent in their bodies.

    Steps run in processes of their own, as in the UI.
    """
    program = str(Path(sys.executable).with_name("dagster"))
    module = ("-m", "rul_platform.definitions")
    chosen = ("--select", ASSETS, "--partition", "SIM")
    subprocess.run(
        [program, "asset", "materialize", *module, *chosen],
        env=environ,
        capture_output=True,
        check=True,
    )
    with dg.DagsterInstance.from_config(environ["DAGSTER_HOME"]) as instance:
        (run,) = instance.get_run_records()
        stats = instance.get_run_step_stats(run.dagster_run.run_id)
    bodies = sum((s.end_time or 0) - (s.start_time or 0) for s in stats)
    whole = (run.end_time or 0) - (run.start_time or 0)
    return {
        "steps": len(stats),
        "run_seconds": whole,
        "step_seconds": bodies,
        "overhead_seconds_per_step": (whole - bodies) / len(stats),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with environment() as environ:
        found = loading(environ) | stepping(environ)
    if arguments.json:
        print(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        print(f"{name:<26} {value if isinstance(value, (bool, int)) else round(value, 2)}")


if __name__ == "__main__":
    main()
