"""A retrain from the command line, with real training: tried, forced, held, and found nothing to do."""

import json
import shutil
from pathlib import Path

import pytest

from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.orchestration.conftest import PUMPS, finished_home

__all__ = ["finished_home"]

SHORT = ("--epochs", "1")


@pytest.fixture
def at_work(finished_home: Path, tmp_path: Path) -> Terminal:
    """A copy of a home in which everything was made once."""
    return Terminal(Path(shutil.copytree(finished_home, tmp_path / "home")))


def test_a_dry_run_says_what_the_gate_would_say_and_writes_nothing(at_work: Terminal):
    at_work.types("retrain", "check", PUMPS)  # whatever opening the database leaves is there now
    before = at_work.hashes()

    told = at_work.reads("retrain", "run", PUMPS, "--dry-run", *SHORT)

    assert told["is_dry_run"]
    assert told["verdict"] in ("PROMOTE", "HOLD", "REJECT")
    assert told["reasons"]
    assert told["retrain"] is None
    assert at_work.hashes() == before


def test_a_forced_retrain_runs_to_its_end(at_work: Terminal):
    before = at_work.reads("models", PUMPS)

    done = at_work.types(
        "retrain",
        "run",
        PUMPS,
        "--force",
        "--reason",
        "new bearings",
        *SHORT,
        "--cleanup",
        "--json",
    )

    told = json.loads(done.out)
    (row,) = at_work.reads("retrain", "history", PUMPS)
    assert told["retrain"] == row
    assert (row["trigger"], row["reason"]) == ("forced", "new bearings")
    assert row["finished_at"] is not None
    assert row["verdict"] == told["verdict"]
    assert row["version"] == told["version"] == len(before) + 1
    assert "\nFiles of versions removed: none." in told["text"]
    if row["state"] == "held":
        assert done.code == 0
        assert f"rul approve {PUMPS} {row['version']} --reason TEXT" in told["text"]
    elif row["state"] == "rejected":
        assert done.code == 1
        assert f"Error: {PUMPS} version {row['version']} is not deployed: " in done.err
    else:
        assert (done.code, row["state"]) == (0, "deployed")


def test_a_retrain_that_was_asked_for_is_run_by_the_next_command(at_work: Terminal):
    """As one that the daemon did not live to start."""
    from rul_platform.operation import triggering

    home = at_work.open()
    asked = triggering.force(
        home, PUMPS, actor="system", reason="test", flags={"epochs": 1}, now=home.now()
    )
    home.engine.dispose()

    at_work.types("retrain", "run", PUMPS)

    (row,) = at_work.reads("retrain", "history", PUMPS)
    assert (row["id"], row["attempt"]) == (asked.id, 1)
    assert row["finished_at"] is not None
    assert at_work.types("retrain", "run", PUMPS).out.startswith(f"Nothing to do for {PUMPS}: ")
