"""A retrain from the command line, with real training: tried, forced, held, and found nothing to do."""

import json
import shutil
from pathlib import Path

import dagster as dg
import pytest

from rul_platform.operation import triggering
from rul_platform.orchestration.code_location import build_defs
from rul_platform.orchestration.instance import open_instance
from rul_platform.orchestration.retrain_runs import tags
from rul_platform.storage.retrains import Retrain
from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.orchestration.conftest import PUMPS, finished_home

__all__ = ["finished_home"]

SHORT = ("--epochs", "1")


@pytest.fixture
def at_work(finished_home: Path, tmp_path: Path) -> Terminal:
    """A copy of a home in which everything was made once."""
    return Terminal(Path(shutil.copytree(finished_home, tmp_path / "home")))


def ask(at_work: Terminal, **flags: object) -> Retrain:
    """A retrain that nobody runs yet."""
    home = at_work.open()
    asked = triggering.force(
        home, PUMPS, actor="system", reason="test", flags=flags, now=home.now()
    )
    home.engine.dispose()
    return asked


def claim(at_work: Terminal, asked: Retrain) -> str:
    """The daemon runs it; gives since when."""
    home = at_work.open()
    with open_instance(home) as instance:
        job = build_defs(home).resolve_job_def("retrain_plant")
        status = dg.DagsterRunStatus.STARTED
        run = instance.create_run_for_job(job, status=status, tags=tags(asked))
    now = home.now()
    home.retrains.start(asked.id, attempt=1, run_id=run.run_id, now=now)
    home.engine.dispose()
    return f"{now:%Y-%m-%d %H:%M} UTC"


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


def test_other_settings_for_a_retrain_that_is_open_are_refused_and_the_same_are_not(
    at_work: Terminal,
):
    asked = ask(at_work, epochs=5)

    for try_only in ((), ("--dry-run",)):
        said = at_work.is_refused("retrain", "run", PUMPS, *SHORT, *try_only)
        assert f"Retrain {asked.id} is open, with epochs = 5;" in said
        assert "over before --epochs 1 can count" in said
        assert f"`rul retrain cancel {asked.id}`" in said

    claim(at_work, asked)
    assert at_work.types("retrain", "run", PUMPS, "--epochs", "5").code == 0


def test_a_retrain_that_the_daemon_runs_is_left_alone_and_told_of_with_its_time(at_work: Terminal):
    asked = ask(at_work)
    since = claim(at_work, asked)

    done = at_work.types("retrain", "run", PUMPS)

    assert done.code == 0
    assert (
        f"Retrain {asked.id} of {PUMPS} is being run by Dagster's daemon, since {since}" in done.out
    )
    assert f"`rul retrain cancel {asked.id}` gives it up now" in done.out
    said = at_work.is_refused("retrain", "run", PUMPS, "--force", "--reason", "x")
    assert f"retrain {asked.id} is not over" in said


def test_a_forced_retrain_of_a_frozen_plant_says_at_once_that_nothing_will_be_deployed(
    at_work: Terminal,
):
    failures = at_work.folder / "plants" / PUMPS / "failures.csv"
    failures.write_text("".join(failures.read_text().splitlines(keepends=True)[:3]))
    assert at_work.types("freeze", PUMPS, "--reason", "overhaul").code == 0

    said = at_work.is_refused("retrain", "run", PUMPS, "--force", "--reason", "new bearings")

    assert said.startswith(f"{PUMPS} is frozen: nothing will be deployed.")
    assert f"after `rul freeze {PUMPS} --lift`, `rul approve`" in " ".join(said.split())
    assert "(reason: new bearings)" in at_work.types("retrain", "history", PUMPS).out


@pytest.mark.long
def test_a_retrain_that_was_asked_for_is_run_by_the_next_command(at_work: Terminal):
    """As one that the daemon did not live to start."""
    asked = ask(at_work, epochs=1)

    at_work.types("retrain", "run", PUMPS)

    (row,) = at_work.reads("retrain", "history", PUMPS)
    assert (row["id"], row["attempt"]) == (asked.id, 1)
    assert row["finished_at"] is not None
    assert at_work.types("retrain", "run", PUMPS).out.startswith(f"Nothing to do for {PUMPS}: ")
