"""What a plant, a million rows and a million predictions cost, and what ten thousand plants need.

    python -m rul_platform_tests.benches.bench_sizing [--predictions 100000] [--plants 100]

CPU seconds and bytes; simulated pumps, PostgreSQL. On a busy machine a CPU second does less. The
arithmetic to ten thousand plants is printed, so that anyone can put in numbers of their own.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
import sqlalchemy as sa

from rul_platform.operation.serving.given_units import GivenUnit
from rul_platform.orchestration.instance import open_instance
from rul_platform.orchestration.pipeline import Pipeline, Stage
from rul_platform.orchestration.sensors.drift import watch_data_drift
from rul_platform.orchestration.sensors.feedback import retrain_on_feedback
from rul_platform.orchestration.sensors.guard import guard_champions
from rul_platform.orchestration.sensors.outcomes import retrain_on_outcomes
from rul_platform.service.parts import Parts
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform.storage.plant_examples import write_simulated_pumps
from rul_platform_tests.benches.throwaway import place, print_table
from rul_platform_tests.operation.served import PRESS, table
from rul_platform_tests.service.running import signed_champion

PUMPS = "simulated_pumps"
MILLION, GIB, MIB, DAY, YEAR = 1_000_000, 2**30, 2**20, 86_400, 365 * 86_400
TOGETHER, READINGS = 100, 30
"""Machines in one question, and readings of each."""

SENSORS = (retrain_on_feedback, guard_champions, retrain_on_outcomes, watch_data_drift)
"""Those that go round all plants."""

PLANTS, MACHINES, ASKED_A_DAY, RETRAINS_A_YEAR = 10_000, 20, 24, 12
"""What the last table is for: so many plants of so many machines, each asked every hour."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What something took.

    Attributes:
        cpu: Seconds of one core, user and system.
        disk: Bytes that are there since.
        memory: Most bytes of the process at once.
    """

    cpu: float
    disk: int = 0
    memory: int = 0


def main() -> None:
    """Measure, print, and multiply."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--predictions", type=int, default=100_000)
    parser.add_argument("--plants", type=int, default=100)
    parser.add_argument("--inside", choices=("data", "training"), help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.inside:
        work(told.home, told.inside)
        return
    with tempfile.TemporaryDirectory(prefix="rul_bench_") as folder:
        data, training, rows = trained(Path(folder))
    with place("postgresql") as (where, server):
        service, database = predicted(where.home(), server, told.predictions)
        round_ = looked(where.home(), told.plants)
    show(data, rows, training, service, database, told.predictions, round_)


def trained(folder: Path) -> tuple[Cost, Cost, int]:
    """A plant's windows, then its retrain with the default recipe; and how many rows it has."""
    home = Home(Settings.read({"RUL_HOME": str(folder), "RUL_CMAPSS_URL": ""}))
    with open_instance(home) as instance:
        pipeline = Pipeline(home, instance)
        pipeline.run(Stage(("raw_cmapss", "cmapss_windows"), "SIM"))
        pretrained = {"pretrained_checkpoint": {"subsets": ["SIM"], "steps": 200}}
        pipeline.run(Stage(("pretrained_checkpoint",), "lstm", pretrained))
    write_simulated_pumps(home.plants)
    data, training = outside(folder, "data"), outside(folder, "training")
    made = home.lineage.current("plant_readings", PUMPS)
    assert made is not None
    file = home.store.path(home.store.artifact(made.sha256), "readings.parquet")
    from pyarrow.parquet import read_metadata

    home.engine.dispose()
    return data, training, read_metadata(file).num_rows


def outside(folder: Path, what: str) -> Cost:
    """The same in a process of its own, whose time and memory are its alone."""
    before, disk = resource.getrusage(resource.RUSAGE_CHILDREN), size(folder / "store")
    command = [sys.executable, "-m", __spec__.name, "--inside", what, "--home", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    memory = int(done.stdout.split()[-1])
    return Cost(cpu=cpu, disk=size(folder / "store") - disk, memory=memory)


def work(folder: Path, what: str) -> None:
    """The part inside: makes the plant's data or its model, and tells its memory."""
    home = Home(Settings.read({"RUL_HOME": str(folder), "RUL_CMAPSS_URL": ""}))
    stages = {
        "data": Stage(("plant_readings", "plant_windows"), PUMPS),
        "training": Stage(("finetuned_model", "evaluation_report", "deployed_model"), PUMPS),
    }
    with open_instance(home) as instance:
        Pipeline(home, instance).run(stages[what])
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def predicted(home: Home, server: Any, predictions: int) -> tuple[Cost, Cost]:
    """Answers given and logged by a service's own parts; and what the database took for it."""
    signed_champion(home)
    parts = Parts.open(home)
    columns = table(READINGS)
    told = {name: columns[name].tolist() for name in columns if name != "pump"}
    units = [GivenUnit(f"m{number}", told) for number in range(TOGETHER)]
    begin, disk, theirs = time.process_time(), database_size(home), server_seconds(server)
    for _ in range(predictions // TOGETHER):
        parts.predicting.answer(PRESS, units, level=None, now=home.now())
        while parts.log.waiting > TOGETHER * 10:  # a caller would be told to come again
            time.sleep(0.01)
    assert parts.close()
    service = Cost(time.process_time() - begin)
    database = Cost(server_seconds(server) - theirs, database_size(home) - disk)
    return service, database


def looked(home: Home, plants: int) -> dict[str, float]:
    """CPU seconds by which one plant more makes each sensor's round longer."""
    few = plants // 2
    before = rounds(home, 0, few)
    after = rounds(home, few, plants)
    return {name: (after[name] - before[name]) / (plants - few) for name in after}


def rounds(home: Home, begin: int, end: int) -> dict[str, float]:
    """CPU seconds of a round of each sensor, after these plants were added; the second of two rounds."""
    for number in range(begin, end):
        signed_champion(home, name=f"plant_{number:05}")
    found: dict[str, float] = {}
    with dg.DagsterInstance.ephemeral() as instance:
        for sensor in (*SENSORS, *SENSORS):
            with dg.build_sensor_context(instance, resources={"home": home}) as context:
                start = time.process_time()
                sensor(context)
            found[sensor.name] = time.process_time() - start
    return found


def database_size(home: Home) -> int:
    """Bytes of the platform's database on disk."""
    with home.engine.connect() as connection:
        return connection.execute(
            sa.text("SELECT pg_database_size(current_database())")
        ).scalar_one()


def server_seconds(server: Any) -> float:
    """CPU time of PostgreSQL's processes, those that ended among it."""
    parent = psutil.Process(server.get_pid())
    ended = parent.cpu_times()
    alive = [child.cpu_times() for child in parent.children(recursive=True)]
    whole = ended.user + ended.system + ended.children_user + ended.children_system
    return whole + sum(each.user + each.system for each in alive)


def size(folder: Path) -> int:
    """Bytes of all files below."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def show(
    data: Cost,
    rows: int,
    training: Cost,
    service: Cost,
    database: Cost,
    predictions: int,
    round_: dict[str, float],
) -> None:
    """The measured figures, then what they come to."""
    by_row, by_answer = MILLION / rows, MILLION / predictions
    print_table(
        [
            ("measured", "CPU s", "disk MiB", "memory MiB"),
            (f"readings and windows of {rows} rows", f"{data.cpu:.1f}", f"{data.disk / MIB:.1f}",
             f"{data.memory / MIB:.0f}"),
            ("  for a million rows", "see bench_windows", f"{data.disk * by_row / MIB:.0f}", ""),
            ("a retrain with all approaches, judged and deployed", f"{training.cpu:.0f}",
             f"{training.disk / MIB:.1f}", f"{training.memory / MIB:.0f}"),
            ("a million predictions: the service", f"{service.cpu * by_answer:.0f}", "", ""),
            ("a million predictions: PostgreSQL", f"{database.cpu * by_answer:.0f}",
             f"{database.disk * by_answer / MIB:.0f}", ""),
            *((f"{name}: one look at a plant, ms", f"{seconds * 1000:.2f}", "", "")
              for name, seconds in round_.items()),
        ]
    )  # fmt: skip
    answers = PLANTS * MACHINES * ASKED_A_DAY
    every = {each.name: each.minimum_interval_seconds or 30 for each in SENSORS}
    looking = {name: PLANTS * seconds / every[name] for name, seconds in round_.items()}
    retraining = PLANTS * RETRAINS_A_YEAR * training.cpu / YEAR
    answering = answers / DAY * service.cpu / predictions
    storing = answers / DAY * database.cpu / predictions
    log = answers * 365 * database.disk / predictions / GIB
    models = PLANTS * RETRAINS_A_YEAR * training.disk / GIB
    print(f"\n{PLANTS:,} plants, {MACHINES} machines each, asked {ASKED_A_DAY} times a day, "
          f"{RETRAINS_A_YEAR} retrains a year each:")  # fmt: skip
    for name, cores in looking.items():
        print(f"  {name}: {PLANTS:,} x {round_[name] * 1000:.2f} ms / {every[name]} s "
              f"= {cores:.2f} cores")  # fmt: skip
    print(f"  retraining: {PLANTS:,} x {RETRAINS_A_YEAR} x {training.cpu:.0f} s / a year "
          f"= {retraining:.2f} cores on average")  # fmt: skip
    print(f"  answering: {answers:,} a day = {answers / DAY:.0f} a second = {answering:.3f} cores, "
          f"PostgreSQL {storing:.3f}")  # fmt: skip
    print(f"  the log of answers: {log:.0f} GiB a year; models kept: {models:.0f} GiB a year")


if __name__ == "__main__":
    main()
