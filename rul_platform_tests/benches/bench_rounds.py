"""What a round of each sensor costs at many plants, on PostgreSQL.

    python -m rul_platform_tests.benches.bench_rounds [--plants 200] [--of CHECKOUT]

``--of`` measures the code of another checkout too, in turn with this one's, so that both meet the same
load: its figures stand beside. CPU time of Python and of PostgreSQL, and questions asked, in the second
of two rounds.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as sa

from rul_platform_tests.benches.bench_sizing import SENSORS, server_seconds
from rul_platform_tests.benches.throwaway import place, print_table
from rul_platform_tests.service.running import signed_champion

HERE = Path(__file__).parents[2]


def main() -> None:
    """Measure, and print the least of each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plants", type=int, default=200)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--of", type=Path)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.inside:
        print(json.dumps(measured(told.plants)))
        return
    checkouts = [each for each in (told.of, HERE) if each is not None]
    found: dict[Path, list[dict[str, list[float]]]] = {each: [] for each in checkouts}
    for _ in range(told.times):
        for checkout in checkouts:
            found[checkout].append(outside(checkout, told.plants))
    rows = [("a look at a plant", "checkout", "Python, CPU ms", "PostgreSQL, CPU ms", "questions")]
    for sensor in SENSORS:
        for checkout in checkouts:
            figures = [each[sensor.name] for each in found[checkout]]
            least = [min(each) for each in zip(*figures, strict=True)]
            rows.append((sensor.name, checkout.name, *(f"{each:.2f}" for each in least)))
    print_table(rows)


def outside(checkout: Path, plants: int) -> dict[str, list[float]]:
    """The same in a process with that checkout's code, and this bench."""
    environ = {**os.environ, "PYTHONPATH": str(checkout)}  # noqa: TID251  handed on
    code = f"import runpy; runpy.run_path({__file__!r}, run_name='__main__')"
    command = [sys.executable, "-c", code, "--inside", "--plants", str(plants)]
    done = subprocess.run(
        command, check=True, cwd=checkout, env=environ, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def measured(plants: int) -> dict[str, list[float]]:
    """By sensor and plant: milliseconds of Python, of PostgreSQL, and statements."""
    asked = 0

    def count(*_: Any) -> None:
        nonlocal asked
        asked += 1

    with place("postgresql") as (where, server), dg.DagsterInstance.ephemeral() as instance:
        home = where.home()
        for number in range(plants):
            signed_champion(home, name=f"plant_{number:05}")
        sa.event.listen(home.engine, "before_cursor_execute", count)
        found = dict[str, list[float]]()
        for sensor in (*SENSORS, *SENSORS):
            with dg.build_sensor_context(instance, resources={"home": home}) as context:
                begin, theirs, asked = time.process_time(), server_seconds(server), 0
                sensor(context)
                python, postgres = time.process_time() - begin, server_seconds(server) - theirs
            found[sensor.name] = [python * 1000 / plants, postgres * 1000 / plants, asked / plants]
        home.engine.dispose()
    return found


if __name__ == "__main__":
    main()
