"""Whatever goes wrong, a person reads one sentence and no traceback."""

import io
import json
import sqlite3
import sys
from contextlib import chdir
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from rul_platform.cli.console import progress_bar
from rul_platform.cli.main import main
from rul_platform.cli.stages import Work, opened
from rul_platform.cli.walkthrough import Walkthrough
from rul_platform.core.gate import Verdict, decide
from rul_platform.core.policy import Policy
from rul_platform.settings import Settings
from rul_platform_tests.cli.terminal import Screen, Terminal
from rul_platform_tests.core.test_gate import GOOD

NOW = datetime(2024, 5, 1, tzinfo=UTC)


def typed(folder: Path, *words: str, **environ: str) -> Screen:
    """What a person gets to see after `rul …` in ``folder``."""
    with chdir(folder):
        return Terminal(folder / "home").types(*words, **environ)


def assert_refused(done: Screen, message: str, code: int = 1) -> None:
    """One message, no traceback, no secret."""
    assert message in done.err
    assert done.code == code
    assert "Traceback" not in done.err
    assert "secret" not in done.err + done.out


@pytest.mark.parametrize("words", [("status",), ("train", "pumps"), ("ui",), ("data", "fetch")])
@pytest.mark.parametrize("home", ["/proc/foo", "/etc/passwd/x"])
def test_a_home_that_cannot_be_one(tmp_path: Path, words: tuple[str, ...], home: str):
    assert_refused(
        typed(tmp_path, *words, RUL_HOME=home), f"Error: RUL_HOME is '{home}', but must be"
    )


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://u:secret@127.0.0.1:1/rul", "Connection refused"),
        ("postgresql://127.0.0.1:1/rul?user=u&password=secret", "Connection refused"),
        ("postgresql://u:secret@h:port/rul", "RUL_DATABASE_URL is 'no URL', but must be"),
        ("sqlite:////proc/foo/rul.db", "/proc/foo/rul.db cannot be used: No such file"),
    ],
)
def test_a_database_that_does_not_answer(tmp_path: Path, url: str, message: str):
    assert_refused(typed(tmp_path, "status", RUL_DATABASE_URL=url), message)


def test_tables_that_are_damaged(tmp_path: Path):
    assert typed(tmp_path, "status").code == 0
    with sqlite3.connect(tmp_path / "home" / "rul.db") as tables:
        tables.execute("DROP TABLE materialization")
    tables.close()

    done = typed(tmp_path, "status")

    assert_refused(done, "Error: the database refused: no such table: materialization.")
    assert "SELECT" not in done.err


def test_a_folder_where_a_file_should_be(tmp_path: Path):
    (tmp_path / "home" / "plants").parent.mkdir()
    (tmp_path / "home" / "plants").touch()

    done = typed(tmp_path, "plant", "init", "--example", "simulated_pumps")

    assert_refused(done, "Error: ")
    assert "Is the path right, is there room, and may you read and write there?" in done.err


def test_a_plants_name_that_leaves_the_folder(tmp_path: Path):
    (tmp_path / "evil.toml").write_text("")

    done = typed(tmp_path, "train", "../../evil")

    assert_refused(done, "Error: '../../evil' cannot be a plant's name, which is 1 to 40 of")


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("nodir/x.parquet", "'nodir' is no folder; make it first, or give another path."),
        (".", "'.' is a folder; give the path of a Parquet file."),
    ],
)
def test_windows_cannot_be_exported_there(tmp_path: Path, output: str, message: str):
    done = typed(tmp_path, "windows", "export", "FD001", "--output", output, "--overwrite")

    assert_refused(done, message, code=2)


def test_data_that_is_not_nasas_is_refused_or_named(tmp_path: Path):
    sample = Path(__file__).parents[1] / "data"
    for name in ("train", "test", "RUL"):
        (tmp_path / f"{name}_FD001.txt").write_bytes((sample / f"{name}_SIM.txt").read_bytes())
    words = ("data", "fetch", "--subset", "FD001")

    done = typed(tmp_path, *words, RUL_CMAPSS=str(tmp_path))
    assert_refused(
        done, "`rul data fetch --accept-other-data` looks at it, and raw_cmapss takes it"
    )

    done = typed(tmp_path, *words, "--accept-other-data", RUL_CMAPSS=str(tmp_path))
    assert done.code == 0, done.err
    assert "NOT as NASA published them; from" in done.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--plant", "filters"), "Plant filters needs its data: set RUL_FILTERS to the zip"),
        (("--simulate", "--plant", "filters"), "Plant filters needs its data: set RUL_FILTERS"),
        (
            ("--simulate", "--plant", "fd003_fleet"),
            "Plant fd003_fleet is made of NASA's FD003, which no simulator replaces. Leave out",
        ),
    ],
)
def test_the_demo_refuses_plants_without_data(tmp_path: Path, words: tuple[str, ...], message: str):
    assert_refused(typed(tmp_path, "demo", *words), message, code=2)


def test_the_demo_does_not_replace_a_fleet_that_was_asked_for(tmp_path: Path):
    done = typed(tmp_path, "demo", "--plant", "fd003_fleet")

    assert_refused(done, "which no simulator replaces. FD001 was not found: RUL_CMAPSS is not set")


@pytest.mark.parametrize("plants", [(), ("simulated_pumps", "filters")])
def test_filters_that_are_given_join_the_pumps(
    tmp_path: Path, plants: tuple[str, ...], capsys: pytest.CaptureFixture[str]
):
    environ = {"RUL_HOME": str(tmp_path), "RUL_CMAPSS_URL": "", "RUL_FILTERS": str(tmp_path)}
    with opened(Settings.read(environ)) as work:
        walk = Walkthrough.plan(work, ("FD001",), plants, ("lstm",), simulate=False)

    assert (walk.subsets, walk.plants) == (("SIM",), ("simulated_pumps", "filters"))
    said = capsys.readouterr().out
    assert "*** SIMULATED DATA ***" in said
    assert "but for plant filters: its machines are real" in said


def refuse(work: Work, plant: str) -> Verdict:
    """Leave a report of a gate that said no, as a judgement does."""
    verdict = decide(replace(GOOD, candidate_rmse=50.0), Policy())
    gate = json.dumps(verdict.to_json()).encode()
    work.home.lineage.record(
        asset="evaluation_report",
        partition=plant,
        sha256=work.home.store.write({"gate.json": gate}).sha256,
        run_id="r",
        code_version="v",
        parameters={},
        environment={},
        inputs=(),
        now=NOW,
    )
    return verdict


def test_a_model_that_the_gate_refused_does_not_end_the_demo(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with opened(Settings.read({"RUL_HOME": str(tmp_path), "RUL_CMAPSS_URL": ""})) as work:
        verdict = refuse(work, "pumps")
        Walkthrough(work, ("SIM",), ("pumps",), ("lstm",)).answer()
    work.home.engine.dispose()

    assert not verdict.is_open
    assert capsys.readouterr().out == (
        f"\nNo prediction for pumps: the gate refused its only model ({'; '.join(verdict.reasons)}).\n"
    )


class ImpatientReader(io.StringIO):
    """Somebody who presses Ctrl-C when the first words appear."""

    def write(self, text: str) -> int:
        """Take the text, and interrupt the first time."""
        is_first = bool(text) and not self.getvalue()  # click tries a stream with an empty text
        super().write(text)
        if is_first:
            raise KeyboardInterrupt
        return len(text)


def test_an_interruption_while_a_message_is_written(monkeypatch: pytest.MonkeyPatch):
    reader = ImpatientReader()
    monkeypatch.setattr(sys, "argv", ["rul", "nonsense"])
    monkeypatch.setattr(sys, "stderr", reader)

    with pytest.raises(SystemExit) as end:
        main()

    assert end.value.code == 130
    assert reader.getvalue().endswith(
        "\nInterrupted. What was finished is kept; the same command goes on from there.\n"
    )


def test_work_without_a_terminal_says_when_it_begins(capsys: pytest.CaptureFixture[str]):
    with progress_bar("[5/7] pretrained_checkpoint [lstm]") as tell:
        tell(1, 2)
        click.echo("working")

    said = capsys.readouterr()
    assert (said.out, said.err) == ("working\n", "[5/7] pretrained_checkpoint [lstm] ...\n")


@pytest.mark.parametrize(
    ("told", "last"),
    [
        ([(25, 50, 30.0), (50, 50, 14.25)], "training: last validation RMSE 14.2 cycles\n"),
        ([(25, 50, float("nan"))], ""),  # without validation units
        ([(25, 50, 30.0), (1, 2)], ""),  # other work after a training
        ([], ""),
    ],
)
def test_without_a_terminal_the_last_validation_error_is_said_at_the_end(
    capsys: pytest.CaptureFixture[str], told: list[tuple[float, ...]], last: str
):
    with progress_bar("training", life_unit="cycles") as tell:
        for each in told:
            tell(*each)
    assert capsys.readouterr().err == f"training ...\n{last}"


def test_on_a_terminal_the_validation_error_stands_beside_the_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    for key, value in {"FORCE_COLOR": "1", "COLUMNS": "120", "TERM": "xterm"}.items():
        monkeypatch.setenv(key, value)
    with progress_bar("training") as tell:
        tell(25, 50, 14.25)
    said = capsys.readouterr().err
    assert "validation RMSE 14.2" in said
    assert "cycles" not in said  # a unit that is not known is not made up
    assert "last validation" not in said
