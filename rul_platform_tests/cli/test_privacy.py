"""What a person reads who asks what is held, erases it, or lets go of what is too old."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rul_platform.cli.main import rul
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.operation.test_privacy import rate

NOW = datetime.now(UTC)  # the commands go by the real clock
LONG_AGO = NOW - timedelta(days=400)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(Settings.read({"RUL_HOME": str(tmp_path)}))


def typed(home: Home, *words: str, answer: str = "") -> Result:
    environ = {"RUL_HOME": str(home.folder), "RUL_DATABASE_URL": "", "RUL_KEYS": ""}
    return CliRunner().invoke(rul, ["privacy", *words], env=environ, input=answer)


def test_a_report_tells_ratings_actions_and_what_cannot_be_told(home: Home):
    rate(home, "Ann", NOW)
    home.freezes.freeze("press", home.people.of("Ann", NOW), "audit", NOW)

    told = typed(home, "report", "Ann").output

    assert "Ratings: 1\n" in told
    assert "press, unit u1: negative (too_late)" in told
    assert "freeze press (plant_freeze 1): audit" in told
    assert f"Quarters with a key: {home.people.quarters()[0]}. What a person did" in told
    assert home.people.of("Ann", NOW) not in told


def test_a_report_as_json_holds_no_pseudonym(home: Home):
    rating = rate(home, "Ann", NOW)
    home.freezes.freeze("press", home.people.of("Ann", NOW), "audit", NOW)

    held = json.loads(typed(home, "report", "Ann", "--json").output)

    assert held["feedback"] == [
        {
            "id": rating,
            "plant": "press",
            "unit": "u1",
            "rating": "negative",
            "reason": "too_late",
            "day": NOW.date().isoformat(),
            "created_at": NOW.isoformat(),
        }
    ]
    assert [(each["table"], each["what"]) for each in held["actions"]] == [
        ("ledger", "freeze"),
        ("plant_freeze", "freeze"),
    ]
    assert home.people.of("Ann", NOW) not in json.dumps(held)


def test_an_erasure_asks_first(home: Home):
    rate(home, "Ann", NOW)

    for answer in ("n\n", ""):
        refused = typed(home, "erase", "Ann", answer=answer)
        assert (refused.exit_code, refused.stderr.splitlines()[-1]) == (
            1,
            "Error: Nothing was erased.",
        )
    assert len(home.feedback.of_person(home.people.all_of("Ann"))) == 1

    done = typed(home, "erase", "Ann", "--by", "Officer", answer="y\n")

    assert "Take this person out of 1 rating, for good?" in done.output
    assert "Erased: 1. The ratings stay, without anyone behind them." in done.output
    assert "Actions that stay: 0. What a person did" in done.output
    assert home.feedback.of_person(home.people.all_of("Ann")) == ()
    [row] = [row for row in home.ledger.rows() if row.kind == "erasure"]
    assert json.loads(row.body)["actor"] == home.people.of("Officer", home.now())


def test_who_erases_themselves_is_not_named_by_it(home: Home):
    rate(home, "Ann", NOW)

    typed(home, "erase", "Ann", "--yes", "--by", "Ann")

    [row] = [row for row in home.ledger.rows() if row.kind == "erasure"]
    assert json.loads(row.body)["actor"] == "self"
    assert "Actions: 0\n" in typed(home, "report", "Ann").output


def test_an_erasure_of_nobody_says_so(home: Home):
    assert typed(home, "erase", "Ann", "--yes").output == (
        "No rating is held under this name; nothing was erased.\n"
    )


def test_a_dry_run_counts_and_changes_nothing(home: Home):
    rate(home, "Ann", LONG_AGO)

    told = typed(home, "purge", "--dry-run").output

    assert told.startswith("Would be forgotten, of all before ")
    assert told.endswith(" UTC: who gave 1 rating, and 1 key.\n")
    assert len(home.people.quarters()) == 1
    done = json.loads(typed(home, "purge", "--json").output)
    assert (done["feedback"], done["keys"], done["is_dry_run"]) == (1, 1, False)
    assert home.people.quarters() == ()
