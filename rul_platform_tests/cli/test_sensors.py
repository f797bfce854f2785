"""`rul sensors`, as a person types it, on Dagster's own command line."""

import json
from pathlib import Path

from rul_platform_tests.cli.terminal import Terminal

NAME = "guard_champions"


def standing(terminal: Terminal, name: str) -> tuple[str, str, bool]:
    (found,) = [each for each in terminal.reads("sensors", "list") if each["name"] == name]
    return found["kind"], found["now"], found["actor"] is not None


def test_a_person_stops_and_starts_and_the_ledger_knows_who(tmp_path: Path):
    terminal = Terminal(tmp_path / "home")
    assert standing(terminal, NAME) == ("sensor", "running", False)

    done = terminal.types("sensors", "stop", NAME, "--reason", "maintenance", "--by", "Ann")

    assert done.code == 0, done.err
    assert standing(terminal, NAME) == ("sensor", "stopped", True)
    (line,) = [each for each in terminal.types("sensors", "list").out.splitlines() if NAME in each]
    assert "stopped  since" in line
    assert line.endswith(": maintenance")
    home = terminal.open()
    (row,) = home.ledger.of_kind("sensor")
    assert json.loads(row.body)["actor"] == home.people.of("Ann", home.now())
    home.engine.dispose()
    assert terminal.types("audit", "verify").code == 0


def test_a_schedule_is_switched_on_the_instance_that_dagster_home_names(tmp_path: Path):
    terminal, production = Terminal(tmp_path / "home"), tmp_path / "production"
    production.mkdir()
    (production / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    told = ("sensors", "stop", "retention_schedule", "--reason", "moved to cron")

    done = terminal.types(*told, DAGSTER_HOME=str(production))

    assert done.code == 0, done.err
    assert str(production) in done.out
    assert terminal.types("audit", "verify", DAGSTER_HOME=str(production)).code == 0
    assert "is stopped, expected" in terminal.is_refused(*told, DAGSTER_HOME=str(production))


def test_what_cannot_be_switched_is_refused(tmp_path: Path):
    terminal = Terminal(tmp_path / "home")
    assert terminal.types("sensors", "stop", NAME).code == 2  # no reason
    told = terminal.is_refused("sensors", "stop", "no_such", "--reason", "x")
    assert "found nothing of this name" in told
    assert "rul sensors list" in told
