"""What a person decides: back to the version before, forward against a doubt, or neither for a while."""

import json
from pathlib import Path

import pytest

from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.operation.served import PRESS, table

WHY = ("--reason", "answers jump")


def answering(terminal: Terminal, tmp_path: Path) -> int:
    """Which version really answers."""
    file = tmp_path / "now.csv"
    table(30).to_csv(file, index=False)
    return terminal.reads("predict", PRESS, str(file))[0]["number"]


def judge(terminal: Terminal, number: int, verdict: str) -> None:
    """What the gate leaves behind when it has looked at a version."""
    home = terminal.open()
    home.gates.record(
        plant=PRESS,
        number=number,
        sha256=home.registry.version(PRESS, number).sha256,
        verdict=verdict,
        record={"reasons": ["6 test units"], "evidence": {"champion_number": 2}},
        report="b" * 64,
        retrain_id=None,
        now=home.now(),
    )
    home.engine.dispose()


def test_a_rollback_changes_who_answers(terminal: Terminal, tmp_path: Path):
    assert answering(terminal, tmp_path) == 2

    told = terminal.reads("rollback", PRESS, *WHY, "--by", "Ann")

    assert (told["before"], told["number"]) == (2, 1)
    assert answering(terminal, tmp_path) == 1
    states = {row["number"]: row["state"] for row in terminal.reads("models", PRESS)}
    assert states == {1: "champion", 2: "rolled_back", 3: "candidate"}
    home = terminal.open()
    evidence = home.registry.deployments(PRESS)[-1].evidence
    assert (evidence["reason"], len(evidence["actor"])) == ("answers jump", 64)


def test_a_rollback_says_who_answers_now(terminal: Terminal):
    done = terminal.types("rollback", PRESS, "--to", "1", *WHY)
    assert done.out == "Version 1 answers for press now, in the place of version 2.\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nope",), "There is no plant 'nope'; there is mill, press"),
        (("mill",), "mill"),
        ((PRESS, "--to", "9"), "Plant 'press' has no version 9; it has versions 1, 2, 3"),
        ((PRESS, "--to", "3"), "version 3"),
    ],
)
def test_a_rollback_to_nothing_changes_nothing(
    terminal: Terminal, tmp_path: Path, words: tuple[str, ...], message: str
):
    assert message in terminal.is_refused("rollback", *words, *WHY)
    assert answering(terminal, tmp_path) == 2


def test_a_reason_is_needed(terminal: Terminal):
    for words in (("rollback", PRESS), ("approve", PRESS, "3"), ("retrain", "cancel", "1")):
        assert "Missing option '--reason'" in terminal.is_refused(*words, code=2)


def test_a_blank_reason_is_none(terminal: Terminal):
    for words in (("rollback", PRESS), ("approve", PRESS, "3"), ("freeze", PRESS)):
        said = terminal.is_refused(*words, "--reason", "  ")
        assert "The reason is empty, but must be said in a few words, for the audit." in said


def test_what_the_gate_holds_is_approved_by_a_person(terminal: Terminal, tmp_path: Path):
    judge(terminal, 3, "HOLD")

    done = terminal.types("approve", PRESS, "3", "--reason", "compared by hand")

    assert (done.code, done.out) == (0, "Version 3 answers for press now.\n")
    assert answering(terminal, tmp_path) == 3


def test_what_the_gate_rejected_needs_force(terminal: Terminal, tmp_path: Path):
    judge(terminal, 3, "REJECT")

    said = terminal.is_refused("approve", PRESS, "3", *WHY)
    assert "press version 3 is not deployed: 6 test units; only --force overrules this" in said
    assert answering(terminal, tmp_path) == 2

    assert terminal.reads("approve", PRESS, "3", "--force", *WHY)["number"] == 3
    assert answering(terminal, tmp_path) == 3


def test_what_nobody_judged_is_not_approved(terminal: Terminal):
    said = terminal.is_refused("approve", PRESS, "3", "--force", *WHY)
    assert "the gate has not judged it: rul evaluate press" in said


def test_a_frozen_plant_keeps_its_model_until_the_freeze_is_lifted(terminal: Terminal):
    judge(terminal, 3, "HOLD")
    assert terminal.reads("freeze", PRESS, "--reason", "overhaul")["is_frozen"]

    assert "frozen" in terminal.is_refused("approve", PRESS, "3", *WHY)
    assert "frozen" in terminal.is_refused("freeze", PRESS, "--reason", "again")
    assert "blocked: the plant is frozen" in terminal.types("retrain", "check", PRESS).out
    (plant,) = [each for each in terminal.reads("status")["plants"] if each["plant"] == PRESS]
    assert plant["frozen_because"] == "overhaul"
    assert "  frozen since " in terminal.types("status").out

    assert terminal.types("freeze", PRESS, "--lift").out == "press is not frozen any more.\n"
    assert terminal.types("approve", PRESS, "3", *WHY).code == 0
    assert "not frozen" in terminal.is_refused("freeze", PRESS, "--lift")


@pytest.mark.parametrize("words", [(), ("--lift", "--reason", "done")])
def test_a_freeze_is_begun_or_lifted(terminal: Terminal, words: tuple[str, ...]):
    said = terminal.is_refused("freeze", PRESS, *words, code=2)
    assert "Give either --reason TEXT, to freeze, or --lift" in said


def test_models_of_no_plant_are_refused(terminal: Terminal):
    said = terminal.is_refused("models", "NOPE")
    assert "There is no plant 'NOPE'; there is mill, press. `rul plant init NAME" in said


def test_a_challenger_is_shown(terminal: Terminal):
    home = terminal.open()
    home.registry.shadow(PRESS, 3, expected_champion=2, evidence={}, now=home.now())
    home.engine.dispose()
    assert "  version 3 is on trial beside it" in terminal.types("status").out


def test_names_of_persons_are_nowhere(terminal: Terminal):
    terminal.types("freeze", PRESS, "--reason", "overhaul", "--by", "Ann Example")
    terminal.types("freeze", PRESS, "--lift", "--by", "Ann Example")
    terminal.types("rollback", PRESS, *WHY, "--by", "Ann Example")
    for path in terminal.folder.rglob("*"):
        assert not path.is_file() or b"Ann Example" not in path.read_bytes(), path


def test_settings_of_the_wrong_kind_are_named(terminal: Terminal):
    (terminal.folder / "retrain.json").write_text(json.dumps({"min_feedbak": 5}))
    said = terminal.is_refused("retrain", "check", PRESS, RETRAIN_DAYS_BACK="never")
    assert "min_feedbak" in said
    assert "did you mean 'min_feedback'" in said
    assert "RETRAIN_DAYS_BACK is 'never'" in said
