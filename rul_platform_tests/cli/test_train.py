"""`rul deploy` and `rul evaluate` of a model that is held: no failure, and what a person can do."""

import json
import shutil
from pathlib import Path

import pytest

from rul_platform.cli.train import APPROACH_OPTIONS
from rul_platform.core.canonical import canonical_json
from rul_platform.orchestration.finetuning_config import ApproachName
from rul_platform.orchestration.step import current
from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.orchestration.conftest import PUMPS, finished_home

__all__ = ["finished_home"]

APPROVE = f"To let it through: rul approve {PUMPS} 2 --reason TEXT"


@pytest.fixture
def at_work(finished_home: Path, tmp_path: Path) -> Terminal:
    """A copy of a home in which everything was made once."""
    return Terminal(Path(shutil.copytree(finished_home, tmp_path / "home")))


def judged(at_work: Terminal, verdict: str) -> None:
    """Version 2, which another plant has as its first, and what the gate said of it, made by hand."""
    home = at_work.open()
    now, candidate = home.now(), "b" * 64
    home.registry.register("another", candidate, now=now)
    home.registry.register(PUMPS, candidate, now=now)
    report = current(home, "evaluation_report", PUMPS)
    files = {name: report.read(name) for name in report.artifact.files}
    record = json.loads(files["gate.json"]) | {"verdict": verdict}
    record["evidence"]["candidate"] = candidate
    made = home.store.write(files | {"gate.json": canonical_json(record)})
    home.lineage.record(
        asset="evaluation_report",
        partition=PUMPS,
        sha256=made.sha256,
        run_id="by hand",
        code_version="",
        parameters={},
        environment={},
        inputs=(),
        now=now,
    )
    home.engine.dispose()


def test_a_held_model_is_no_failure_and_the_command_that_approves_it_is_said(at_work: Terminal):
    judged(at_work, "HOLD")
    done = at_work.types("deploy", PUMPS)
    assert done.code == 0, done.err
    assert "Gate on version 2: HOLD" in done.out
    assert APPROVE in done.out


@pytest.mark.parametrize(("approval", "is_said"), [("held", False), ("always", True)])
def test_so_it_is_where_the_policy_asks_for_a_person(
    at_work: Terminal, approval: str, is_said: bool
):
    judged(at_work, "PROMOTE")
    done = at_work.types("deploy", PUMPS, RETRAIN_APPROVAL=approval)
    assert done.code == 0, done.err
    assert (APPROVE in done.out) is is_said


def test_a_refused_model_is_a_failure(at_work: Terminal):
    judged(at_work, "REJECT")
    said = at_work.is_refused("deploy", PUMPS)
    assert f"{PUMPS} version 2 is not deployed" in said


def test_all_wrong_options_of_a_training_are_told_at_once_and_nothing_is_started(
    at_work: Terminal,
):
    typed = ("--set", "stepps=3", "--folds", "3", "--set", "folds=2", "--set", "seed=x")
    said = at_work.is_refused("train", PUMPS, *typed)
    assert "'stepps' is no option; did you mean 'steps'?" in said
    assert "folds is given 2 times, expected once" in said
    assert "seed is 'x', expected a valid integer" in said


def test_every_approach_can_be_asked_for_on_the_command_line():
    """The command line knows no Dagster, so it lists them itself."""
    assert set(APPROACH_OPTIONS) == {name.value for name in ApproachName}
