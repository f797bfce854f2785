"""Whether a retrain is due: asked, and never written."""

import gc
import json
from datetime import timedelta
from pathlib import Path

import pytest

from rul_platform.operation import triggering
from rul_platform.storage.home import Home
from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.operation.served import PRESS

FEW = ("--min-feedback", "3", "--min-negative", "2")


def rate(terminal: Terminal, asked: list[str], *ratings: str) -> None:
    for prediction, rating in zip(asked, ratings, strict=True):
        terminal.reads("feedback", "add", PRESS, prediction, rating, "--by", "Ann")


def force(home: Home) -> int:
    now = home.now()
    return triggering.force(home, PRESS, actor="system", reason="test", now=now).id


def test_both_verdicts_are_told_and_the_bounded_one_decides(terminal: Terminal, asked: list[str]):
    rate(terminal, asked, "negative", "negative", "positive")

    told = terminal.reads("retrain", "check", PRESS, *FEW)
    literal = terminal.reads("retrain", "check", PRESS, *FEW, "--confidence", "0")

    assert (told["literal"], told["bounded"], told["fires"]) == (True, False, False)
    assert (literal["bounded"], literal["fires"]) == (True, True)
    assert told["counts"]["positive"] == 1
    assert told["per_day"] == 3.0
    alarms = told["false_alarms_per_year"]
    assert 0 <= alarms["bounded"] <= alarms["literal"] <= 1
    assert told["settings"]["min_feedback"] == {"value": 3, "source": "command line"}
    assert told["settings"]["days_back"] == {"value": 30, "source": "default"}


def test_a_person_reads_why_not(terminal: Terminal, asked: list[str]):
    rate(terminal, asked, "negative", "positive", "positive")

    said = terminal.types("retrain", "check", PRESS, "--days-back", "7").out

    assert said.startswith("press: no retrain now.\n  literal rule: no\n  with 0.95 confidence: no")
    assert "  - 3 feedbacks, fewer than the 100 needed\n" in said
    assert "  - 1 negative, fewer than the 20 needed\n" in said
    assert "  volume: 3.0 ratings a day\n" in said
    assert (
        "at least one a year with probability 0.000 by the literal rule, 0.000 by the one" in said
    )
    assert said.endswith("Nothing was written.\n")


def test_without_ratings_nothing_is_said_of_false_alarms(terminal: Terminal):
    said = terminal.types("retrain", "check", PRESS).out
    assert said.endswith("  volume: 0.0 ratings a day\nNothing was written.\n")


def test_a_check_writes_nothing(terminal: Terminal, asked: list[str]):
    rate(terminal, asked, "negative", "negative", "negative")
    gc.collect()  # in a shell, connections end with their process
    home = terminal.open()
    home.engine.connect().close()
    home.engine.dispose()
    before = terminal.hashes()

    terminal.reads("retrain", "check", PRESS, *FEW)
    terminal.types("retrain", "check", PRESS)

    assert terminal.hashes() == before


def test_settings_come_from_file_environment_and_options_in_this_order(terminal: Terminal):
    settings = {"min_feedback": 7, "days_back": 8, "plants": {PRESS: {"min_negative": 3}}}
    (terminal.folder / "retrain.json").write_text(json.dumps(settings))

    told = terminal.reads("retrain", "check", PRESS, "--days-back", "9", RETRAIN_MIN_FEEDBACK="11")[
        "settings"
    ]

    assert told["min_negative"] == {"value": 3, "source": "file"}
    assert told["min_feedback"] == {"value": 11, "source": "environment"}
    assert told["days_back"] == {"value": 9, "source": "command line"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nope",), "There is no plant 'nope'; there is mill, press"),
        ((PRESS, "--days-back", "0"), "--days-back is '0', but must be"),
        ((PRESS, "--min-positive-rate", "70"), "--min-positive-rate is '70', but must be"),
        ((PRESS, "--confidence", "sure"), "--confidence is 'sure', but must be"),
    ],
)
def test_wrong_options_are_named(terminal: Terminal, words: tuple[str, ...], message: str):
    assert message in terminal.is_refused("retrain", "check", *words)


def test_a_file_that_is_not_json_is_named(terminal: Terminal):
    (terminal.folder / "retrain.json").write_text("{days_back: 3}")
    assert "retrain.json" in terminal.is_refused("retrain", "check", PRESS)


def test_the_history_and_its_export(terminal: Terminal, tmp_path: Path):
    assert "No retrain yet." in terminal.types("retrain", "history").out
    home = terminal.open()
    number = force(home)
    home.engine.dispose()

    (row,) = terminal.reads("retrain", "history", PRESS)
    assert {key: row[key] for key in list(row)[:6]} == {
        "id": number, "plant": PRESS, "trigger": "forced", "watermark": None,
        "state": "requested", "verdict": None,
    }  # fmt: skip
    assert terminal.reads("retrain", "history", "mill") == []
    assert "forced" in terminal.types("retrain", "history").out
    retrain = {each["plant"]: each for each in terminal.reads("status")["plants"]}[PRESS]["retrain"]
    assert retrain == {"id": number, "state": "requested", "trigger": "forced"}
    assert f"  retrain {number} is requested, asked for by forced" in terminal.types("status").out

    folder = tmp_path / "made" / "exported"
    done = terminal.types("retrain", "history", "--export", str(folder), "--json")

    assert done.code == 0, done.err
    lines = (folder / "retrain_executions.jsonl").read_text().splitlines()
    (exported,) = [json.loads(line) for line in lines]
    assert json.loads(done.out) == [row]
    assert exported | {"reason": row["reason"], "cause": row["cause"]} == row
    plants = json.loads((folder / "metrics.json").read_text())["plants"]
    assert [each["plant"] for each in plants] == ["mill", PRESS]
    assert sorted(path.name for path in folder.iterdir()) == [
        "metrics.json", "retrain_executions.jsonl",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("history", "nope"), 1, "There is no plant 'nope'"),
        (("history", PRESS, "--export", "x"), 2, "--export writes all plants: leave out PLANT."),
        (("history", "--export", "{file}"), 2, "is a file"),
        (("cancel", "7", "--reason", "x"), 1, "There is no retrain 7. `rul retrain history` lists"),
        (("cancel", "x", "--reason", "x"), 2, "'x' is not a valid integer range"),
        (
            ("run", PRESS, "--force"),
            2,
            "--force needs --reason TEXT, and --reason goes with --force",
        ),
        (("run", PRESS, "--reason", "x"), 2, "--force needs --reason TEXT, and --reason goes with"),
        (("run", PRESS, "--force", "--reason", "x", "--dry-run"), 2, "leave out --force"),
        (("run", "nope"), 1, "There is no plant 'nope'"),
        (("run", PRESS, "--epochs", "none"), 1, "--epochs is 'none', but must be"),
    ],
)
def test_wrong_words(
    terminal: Terminal, tmp_path: Path, words: tuple[str, ...], code: int, message: str
):
    file = tmp_path / "file"
    file.touch()
    typed = [word.format(file=file) for word in words]
    assert message in terminal.is_refused("retrain", *typed, code=code)


def test_an_open_retrain_is_cancelled_once(terminal: Terminal):
    home = terminal.open()
    number = force(home)
    home.engine.dispose()
    assert "is not over" in terminal.is_refused(
        "retrain", "run", PRESS, "--force", "--reason", "again"
    )

    done = terminal.types("retrain", "cancel", str(number), "--reason", "by mistake")

    assert done.out == f"Retrain {number} of press is cancelled.\n"
    assert terminal.reads("retrain", "history")[0]["state"] == "cancelled"


def test_nothing_to_do_is_no_error(terminal: Terminal):
    done = terminal.types("retrain", "run", PRESS)

    assert done.code == 0, done.err
    assert done.out.startswith("Nothing to do for press: 0 feedbacks, fewer than the 100 needed; ")
    assert terminal.reads("retrain", "run", PRESS)["retrain"] is None


def test_cron_guards_the_champion_as_the_daemon_does(terminal: Terminal):
    home = terminal.open()
    since = home.registry.deployments(PRESS)[-1].since
    home.predictions.failed(PRESS, 2, "InferenceError", since + timedelta(minutes=1), count=40)
    home.engine.dispose()

    done = terminal.types("retrain", "run", PRESS)

    assert done.code == 0
    assert "Version 1 is in charge of press now, in the place of version 2 (rollback): " in done.err
    assert {row["number"]: row["state"] for row in terminal.reads("models", PRESS)} == {
        1: "champion",
        2: "rolled_back",
        3: "candidate",
    }
