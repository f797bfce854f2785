"""A newcomer's way through the command line, in real processes: the demo, killed and repeated."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from rul_platform_tests.cli.terminal import Terminal

RUL = [sys.executable, "-m", "rul_platform"]
PUMPS = "simulated_pumps"
DEMO = ("demo", "--simulate", "--no-benchmark", "--architecture", "lstm")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a terminal."""

    home: Path

    @property
    def environ(self) -> dict[str, str]:
        """As in a shell that knows nothing but this home folder, and has no network."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("RUL_", "DAGSTER_"))}  # noqa: TID251  a shell
        return kept | {"RUL_HOME": str(self.home), "RUL_CMAPSS_URL": ""}

    def types(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `rul` to its end."""
        return subprocess.run(
            [*RUL, *words],
            env=self.environ | more,
            cwd=self.home.parent,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )

    @property
    def terminal(self) -> Terminal:
        """The same, in this process, for what has no part in how a process starts and ends."""
        return Terminal(self.home)

    def reads_json(self, *words: str) -> list[dict]:
        """Run `rul … --json` and take its answer apart."""
        done = self.types(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Person:
    """Somebody whose machine lost power during the demo's first training."""
    somebody = Person(tmp_path_factory.mktemp("somewhere") / "home")
    with subprocess.Popen(
        [*RUL, *DEMO],
        env=somebody.environ,
        cwd=somebody.home.parent,
        stdout=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "cmapss_windows [SIM]" in line:
                demo.kill()
    return somebody


@pytest.fixture(scope="module")
def demo(person: Person) -> str:
    """What the demo says when it is started again."""
    done = person.types(*DEMO)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_the_demo_goes_on_where_it_was_killed(demo: str):
    assert "raw_cmapss → cmapss_windows [SIM]: made already" in demo
    assert f"evaluation_report → deployed_model [{PUMPS}]:" in demo


def test_the_demo_says_that_its_data_is_simulated(demo: str):
    assert "*** SIMULATED DATA ***" in demo


def test_the_demo_answers_a_prediction_and_says_where_to_look_next(demo: str, person: Person):
    assert f"In charge of {PUMPS}: version 1." in demo
    assert "90% interval" in demo
    assert "make ui" in demo
    report = person.home / "reports" / f"{PUMPS}.html"
    assert f"Report: {report}" in demo
    assert "simulated" in report.read_text()


@pytest.mark.usefixtures("demo")
def test_the_demo_can_be_repeated_and_makes_nothing_twice(person: Person):
    done = person.types(*DEMO)
    assert done.returncode == 0, done.stderr
    assert f"finetuned_model [{PUMPS}]: made already" in done.stdout
    assert [row["number"] for row in person.reads_json("models")] == [1]


@pytest.mark.usefixtures("demo")
def test_there_is_one_champion_for_each_plant(person: Person):
    (row,) = person.reads_json("models", PUMPS)
    assert {key: row[key] for key in ("plant", "number", "state")} == {
        "plant": PUMPS,
        "number": 1,
        "state": "champion",
    }
    assert len(row["sha256"]) == 64


@pytest.mark.usefixtures("demo")
def test_the_status_says_what_is_made_and_in_charge(person: Person):
    done = person.types("status", "--json")
    found = json.loads(done.stdout)
    assert found["materialised"]["cmapss_windows"] == ["SIM"]
    (plant,) = found["plants"]
    assert (plant["plant"], plant["champion"]) == (PUMPS, 1)
    assert f"Plant {PUMPS}: version 1 since" in person.types("status").stdout


@pytest.mark.usefixtures("demo")
def test_a_prediction_carries_its_version_and_its_interval(person: Person):
    readings = person.home / "plants" / PUMPS / "readings.csv"
    rows = person.reads_json("predict", PUMPS, str(readings))
    assert len(rows) == 24
    for row in rows:
        assert 0 <= row["rul_low"] <= row["rul"] <= row["rul_high"] <= 580
        assert (row["number"], row["level"], row["life_unit"]) == (1, 0.9, "hours")
    assert len({row["id"] for row in rows}) == 24


@pytest.mark.usefixtures("demo")
def test_a_prediction_falls_as_a_pump_wears(person: Person, tmp_path: Path):
    readings = person.home / "plants" / PUMPS / "readings.csv"
    header, *lines = readings.read_text().splitlines()
    pump = [line for line in lines if line.startswith("pump-01,")]
    said = []
    for share in (0.4, 1.0):
        part = tmp_path / f"{share}.csv"
        part.write_text("\n".join([header, *pump[: int(share * len(pump))]]))
        said.append(person.reads_json("predict", PUMPS, str(part))[0]["rul"])
    assert said[1] < 0.5 * said[0]


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("pump,hours\n1,2\n", "no column 'vibration_mm_s'. Columns there: pump, hours"),
        ("\x00\x01garbage", "binary data, not text"),
    ],
)
def test_readings_that_are_none_are_refused(
    person: Person, tmp_path: Path, text: str, message: str
):
    file = tmp_path / "now.csv"
    file.write_text(text)
    done = person.terminal.types("predict", PUMPS, str(file))
    assert done.code == 1
    assert done.err.startswith("Error: ")
    assert message in done.err
    assert "Traceback" not in done.err


@pytest.mark.usefixtures("demo")
def test_exported_windows_are_those_that_the_network_sees(person: Person, tmp_path: Path):
    target = tmp_path / "windows.parquet"
    done = person.types("windows", "export", PUMPS, "--output", str(target))
    assert done.returncode == 0, done.stderr
    table = pq.read_table(target)
    assert table.schema.metadata[b"length"] == b"30"
    assert len(table["window"][0]) == 30 * 9
    assert np.isfinite(table["window"].combine_chunks().flatten().to_numpy()).all()
    again = person.terminal.is_refused("windows", "export", PUMPS, "--output", str(target))
    assert "exists; give another --output, or --overwrite" in again


@pytest.mark.usefixtures("demo")
def test_evaluate_and_deploy_find_the_model_in_charge(person: Person):
    done = person.types("evaluate", PUMPS)
    assert done.returncode == 0, done.stderr
    assert "Gate on version 1: IN_CHARGE (this very model is already in charge)." in done.stdout
    done = person.types("deploy", PUMPS)
    assert done.returncode == 0, done.stderr
    assert f"evaluation_report → deployed_model [{PUMPS}]: made already" in done.stdout


@pytest.mark.usefixtures("demo")
def test_a_plant_without_a_file_is_refused_with_those_that_have_one(person: Person):
    done = person.types("train", "pump")
    assert done.returncode == 1
    assert f"plants found: {PUMPS}" in done.stderr


def test_a_plant_without_a_model_answers_nothing(tmp_path: Path):
    file = tmp_path / "now.csv"
    file.write_text("a\n1\n")
    done = Person(tmp_path / "home").types("predict", "line_2", str(file))
    assert done.returncode == 1
    assert "There is no plant 'line_2'" in done.stderr
    (tmp_path / "home" / "plants").mkdir()
    (tmp_path / "home" / "plants" / "line_2.toml").touch()
    done = Person(tmp_path / "home").types("predict", "line_2", str(file))
    assert done.returncode == 1
    assert "Plant 'line_2' has no deployed model" in done.stderr


def test_without_data_and_without_simulator_all_ways_are_named(tmp_path: Path):
    done = Person(tmp_path / "home").types("data", "fetch")
    assert done.returncode == 1
    assert "RUL_CMAPSS" in done.stderr
    assert "--simulate" in done.stderr


def test_a_broken_copy_is_an_error_and_no_reason_to_simulate(tmp_path: Path):
    broken = tmp_path / "CMAPSSData.zip"
    broken.write_bytes(b"PK\x03\x04 cut off")
    done = Person(tmp_path / "home").types("demo", RUL_CMAPSS=str(broken))
    assert done.returncode == 1
    assert "CMAPSSData.zip" in done.stderr
    assert "SIMULATED" not in done.stdout


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "RUL_CMAPSS",
            "/nowhere.zip",
            "RUL_CMAPSS is '/nowhere.zip', but must be a zip or a folder",
        ),
        ("RUL_DATABASE_URL", "mysql://u:secret@h/d", "RUL_DATABASE_URL is 'mysql:…', but must be"),
    ],
)
def test_a_wrong_setting_is_named_and_no_secret_shown(
    tmp_path: Path, key: str, value: str, message: str
):
    done = Person(tmp_path / "home").types("status", **{key: value})
    assert done.returncode == 1
    assert message in done.stderr
    assert "secret" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    "words",
    [
        (),
        *((name,) for name in (
            "demo", "data", "plant", "train", "evaluate", "deploy", "predict", "models", "status",
            "windows", "ui", "feedback", "outcome", "retrain", "rollback", "approve", "freeze",
        )),
        *(("feedback", name) for name in ("add", "import", "stats")),
        *(("outcome", name) for name in ("add", "import")),
        *(("retrain", name) for name in ("check", "run", "history", "cancel")),
        ("data", "fetch"),
        ("windows", "export"),
    ],
)  # fmt: skip
def test_every_command_teaches(tmp_path: Path, words: tuple[str, ...]):
    done = Terminal(tmp_path / "home").types(*words, "--help")
    assert done.code == 0
    assert done.out.startswith("Usage: ")
    assert len(done.out.splitlines()) > 4
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("words", [("train",), ("demo", "--subset", "FD009")])
def test_wrong_usage_is_refused(tmp_path: Path, words: tuple[str, ...]):
    Terminal(tmp_path / "home").is_refused(*words, code=2)


def test_wrong_usage_has_exit_code_2(tmp_path: Path):
    done = Person(tmp_path / "home").types("nonsense")
    assert done.returncode == 2
    assert "Error:" in done.stderr
