"""`rul recalibrate`, and intervals of any level."""

from pathlib import Path

import pytest

from rul_platform.operation.intake import OutcomeRow, add_outcomes
from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.operation.served import NOW, PRESS, table

WHY = ("--reason", "half were outside")


def now_csv(tmp_path: Path) -> str:
    file = tmp_path / "now.csv"
    table(30).to_csv(file, index=False)
    return str(file)


def failed(terminal: Terminal, count: int) -> None:
    """Machines that version 2 answered for, 8 hours too early, and that have failed since."""
    home = terminal.open()
    home.now = lambda: NOW
    version = home.registry.version(PRESS, 2)
    for number in range(count):
        home.predictions.record(
            plant=PRESS, unit=f"x{number}", number=2, sha256=version.sha256, life=80.0, rul=12.0,
            rul_low=0.0, rul_high=14.0, now=NOW,
        )  # fmt: skip
    rows = [OutcomeRow(f"x{number}", "failed", 100.0) for number in range(count)]
    add_outcomes(home, PRESS, rows, now=NOW)
    home.engine.dispose()


def test_a_dry_run_says_what_would_change(terminal: Terminal):
    failed(terminal, 20)
    done = terminal.types("recalibrate", PRESS, *WHY, "--dry-run")
    assert done.out.startswith(
        "20 machines failed after 20 answers of version 2: its interval held "
    )
    assert "1 of 1 bands of predicted life are calibrated anew, for 90%; the mean width" in done.out
    assert done.out.endswith("to 16.0 hours.\nNothing was changed.\n")
    assert len(terminal.reads("models", PRESS)) == 3


def test_another_version_answers_with_the_same_life(terminal: Terminal, tmp_path: Path):
    failed(terminal, 20)
    file = now_csv(tmp_path)
    (before,) = terminal.reads("predict", PRESS, file)

    told = terminal.reads("recalibrate", PRESS, *WHY, "--by", "Ann")

    (after,) = terminal.reads("predict", PRESS, file)
    assert (told["over"], told["number"], after["number"]) == (2, 4, 4)
    assert (told["units"], told["bands_new"], told["width_after"]) == (20, 1, 16.0)
    assert after["rul"] == before["rul"]
    states = {row["number"]: row["state"] for row in terminal.reads("models", PRESS)}
    assert states == {1: "retired", 2: "retired", 3: "candidate", 4: "champion"}


def test_it_says_which_version_answers_now(terminal: Terminal):
    failed(terminal, 20)
    done = terminal.types("recalibrate", PRESS, *WHY, "--level", "0.8")
    assert done.out.endswith("Version 4 answers for press now.\n")
    assert "for 80%" in done.out


def test_too_few_machines_are_counted(terminal: Terminal):
    failed(terminal, 3)
    said = terminal.is_refused("recalibrate", PRESS, *WHY)
    assert "has answered for 3 machines that failed since" in said
    assert "Missing option '--reason'" in terminal.is_refused("recalibrate", PRESS, code=2)
    assert "0.5<=x<=0.99" in terminal.is_refused("recalibrate", PRESS, *WHY, "--level", "1", code=2)


def test_any_level_is_shown_and_the_log_keeps_the_usual_one(terminal: Terminal, tmp_path: Path):
    file = now_csv(tmp_path)
    (usual,) = terminal.reads("predict", PRESS, file)
    (half,) = terminal.reads("predict", PRESS, file, "--level", "0.5")
    assert (usual["level"], half["level"]) == (0.9, 0.5)
    assert half["rul_high"] - half["rul_low"] <= usual["rul_high"] - usual["rul_low"]
    home = terminal.open()
    logged = home.predictions.get(half["id"])
    assert (logged.rul_low, logged.rul_high) == (usual["rul_low"], usual["rul_high"])
    home.engine.dispose()
    assert "82.5% interval" in terminal.types("predict", PRESS, file, "--level", "0.825").out


@pytest.mark.parametrize("level", ["0.3", "1.5"])
def test_a_level_that_cannot_be_served_logs_nothing(terminal: Terminal, tmp_path: Path, level: str):
    said = terminal.is_refused("predict", PRESS, now_csv(tmp_path), "--level", level)
    assert f"Level {level} cannot be served; from 0.5 to 0.99 is expected" in said
    home = terminal.open()
    assert home.predictions.answered(PRESS) == ()
    home.engine.dispose()


def test_the_status_tells_how_often_the_interval_held(terminal: Terminal):
    assert "held the truth" not in terminal.types("status").out
    home = terminal.open()
    version = home.registry.version(PRESS, 2)
    for unit, high in (("x1", 25.0), ("x2", 14.0)):
        home.predictions.record(
            plant=PRESS, unit=unit, number=2, sha256=version.sha256, life=80.0, rul=12.0,
            rul_low=0.0, rul_high=high, now=home.now(),
        )  # fmt: skip
    rows = [OutcomeRow(unit, "failed", 100.0) for unit in ("x1", "x2")]
    add_outcomes(home, PRESS, rows, now=home.now())
    home.engine.dispose()
    told = terminal.types("status").out
    assert "of 2 machines that failed after an answer, the interval held the truth in 50%" in told
