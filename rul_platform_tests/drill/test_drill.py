"""Drills themselves: few faults of each scenario, and the command's door."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from rul_platform.drill.faults import Fault, Inject, Scenario, plan
from rul_platform.drill.ground import LOST, Ground
from rul_platform.drill.promises import DEPLOYMENT, Promise
from rul_platform.drill.runner import drill
from rul_platform.drill.scenarios import ALL
from rul_platform.drill.tally import Tally, exit_code, to_json, to_text
from rul_platform.errors import SettingsError
from rul_platform.storage.database import writing
from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.drill.conftest import past_triggers

EACH = 1
"""Fault of each scenario; those that take long have a test of their own."""


@contextmanager
def _breaks(ground: Ground) -> Iterator[Inject]:
    ground.plant = "always"

    def inject(_: Fault) -> str:
        ground.take(Promise(DEPLOYMENT, "always:1", "always:1"))
        with writing(ground.home.engine) as connection:
            for statement in (
                *past_triggers(connection),
                "DELETE FROM deployment WHERE number = 1",
            ):
                connection.exec_driver_sql(statement)
        return "deleted"

    yield inject


BREAKS = Scenario(
    name="breaks",
    about="a home that is broken on purpose",
    kinds=("a deployment is deleted",),
    quick=1,
    whole=1,
    opened=_breaks,
)


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)]
)
def drilled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Tally, Ground]]:
    """All scenarios, each with few faults; at the end the home is broken on purpose."""
    is_postgres = request.param == "postgresql"
    database = request.getfixturevalue("postgres") if is_postgres else None
    ground = Ground.new(tmp_path_factory.mktemp("drill") / "home", database, {})
    chosen = [each for each in ALL if not each.is_long]
    faults = (*plan(chosen, 1, is_quick=True, times=EACH), *plan([BREAKS], 1, is_quick=True))
    yield drill(ground, faults, seed=1), ground
    ground.remove()


def test_everything_holds_but_what_was_broken_on_purpose(drilled: tuple[Tally, Ground]):
    _, ground = drilled
    assert [each for each in ground.breaches if each.after.partition(":")[0] != BREAKS.name] == []


def test_a_home_that_was_broken_on_purpose_is_told(drilled: tuple[Tally, Ground]):
    tally, ground = drilled
    assert LOST in {each.invariant for each in ground.breaches}
    assert "BROKEN, lost, after breaks: a deployment is deleted" in to_text(tally, ground)
    assert to_json(tally, ground)["holds"] is False
    assert exit_code(ground) == 1


@pytest.mark.parametrize(
    "scenario", [each for each in ALL if not each.is_long], ids=lambda s: s.name
)
def test_each_scenario_is_carried_out_or_says_why_not(
    drilled: tuple[Tally, Ground], scenario: Scenario
):
    tally, _ = drilled
    times = sum(e.total() for (name, _), e in tally.endings.items() if name == scenario.name)
    assert times == EACH or tally.skipped[scenario.name]


@pytest.mark.long
@pytest.mark.parametrize("scenario", [each for each in ALL if each.is_long], ids=lambda s: s.name)
def test_whatever_takes_long_holds_too(tmp_path: Path, scenario: Scenario):
    ground = Ground.new(tmp_path / "home", None, {})
    counted = drill(ground, plan([scenario], 1, is_quick=False, times=len(scenario.kinds)), seed=1)
    assert ground.breaches == []
    assert counted.faults == counted.planned
    ground.remove()


def test_a_home_that_is_there_is_never_touched(tmp_path: Path):
    (tmp_path / "rul.db").write_bytes(b"somebody's")
    with pytest.raises(SettingsError, match="a drill never touches a home that is"):
        Ground.new(tmp_path, None, {})
    assert (tmp_path / "rul.db").read_bytes() == b"somebody's"


def test_the_command_names_its_scenarios(tmp_path: Path):
    told = Terminal(tmp_path / "mine").types("drill", "--list").out
    assert all(each.name in told for each in ALL)


def test_the_command_refuses_a_home_that_is_there(tmp_path: Path):
    done = Terminal(tmp_path / "mine").types("drill", "--quick", "--home", str(tmp_path))
    assert done.code == 1
    assert "never touches a home that is" in done.err


def test_the_command_refuses_scenarios_that_it_does_not_know(tmp_path: Path):
    done = Terminal(tmp_path / "mine").types("drill", "--only", "meteor")
    assert done.code == 2
    assert "found meteor, expected one of" in done.err


@pytest.mark.long
def test_the_command_leaves_nothing_and_not_even_looks_at_the_users_home(tmp_path: Path):
    home, report = tmp_path / "home", tmp_path / "report.json"
    done = Terminal(tmp_path / "mine").types(
        "drill", "--only", ALL[0].name, "--faults", "2", "--report", str(report),
        "--home", str(home),
    )  # fmt: skip
    assert done.code == 0, done.out + done.err
    told = json.loads(report.read_text())
    assert told["holds"]
    assert told["faults"] == told["planned"] == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json"]


def test_a_database_that_is_not_empty_is_refused(
    postgres: str,
    tmp_path: Path,
):
    engine = sa.create_engine(postgres.replace("postgresql://", "postgresql+psycopg2://"))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE somebodys (id integer)")
    try:
        with pytest.raises(SettingsError, match="an empty database, made for the drill"):
            Ground.new(tmp_path / "home", postgres, {})
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE somebodys")
        engine.dispose()


@pytest.mark.long
def test_a_drill_that_is_ended_cleans_up_and_tells_what_was_done(tmp_path: Path):
    """Ctrl-C, or the end of a job, while it is being prepared."""
    command = [sys.executable, "-m", "rul_platform", "drill", "--quick", "--home"]
    home = tmp_path / "home"
    with subprocess.Popen([*command, str(home)], stdout=subprocess.PIPE, text=True) as process:
        while not (home / "drill").is_dir():
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.05)
        process.send_signal(signal.SIGTERM)
        told, _ = process.communicate()
    assert process.returncode == 130
    assert "Interrupted: what was done until then. 0 of" in told
    assert not home.exists()
