"""`rul doctor` and `rul explain`: what a person reads about a model."""

import sys
from pathlib import Path

import pytest

from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.operation.looked_into import serve_with_windows
from rul_platform_tests.operation.served import PRESS, model_files, table

SENSORS = ("s0", "s1")


@pytest.fixture
def press(tmp_path: Path) -> Terminal:
    """Version 1 in charge, with all that it learned from."""
    terminal = Terminal(tmp_path / "home")
    home = terminal.open()
    serve_with_windows(home)
    home.engine.dispose()
    return terminal


def test_the_doctor_lists_every_part_and_what_it_found(press: Terminal):
    before = press.hashes()
    done = press.types("doctor", PRESS)
    assert done.code == 0, done.err
    first, *lines = done.out.splitlines()
    parts = [line for line in lines if line.startswith("  1: ")]
    assert first.startswith("plant press version 1 architecture gru: ")
    assert first.endswith(f"parameters in {len(parts)} parts")
    assert any("input_layer.weight" in line and "8 x 5" in line for line in parts)
    assert lines[len(parts)].split(":")[0] in {"good", "note", "warning"}
    files = {name: digest for name, digest in press.hashes().items() if "rul.db" not in name}
    assert files == {name: digest for name, digest in before.items() if "rul.db" not in name}


def test_the_doctor_tells_programs_the_same(press: Terminal):
    seen = press.reads("doctor", PRESS, "--version", "1")
    assert (seen["plant"], seen["version"], seen["architecture"]) == (PRESS, 1, "gru")
    assert seen["parameters"] == sum(part["parameters"] for part in seen["parts"])
    assert [row["channel"] for row in seen["influence"]] == ["s0", "s1", "s0_dev", "s1_dev", "age"]
    assert {"kind", "severity", "what", "remedy", "numbers"} == set(seen["findings"][0])


def test_the_doctor_looks_at_a_checkpoint_file_too(press: Terminal, tmp_path: Path):
    file = tmp_path / "press.pt"
    file.write_bytes(model_files(0)["checkpoint.pt"])
    seen = press.reads("doctor", "--checkpoint", str(file))
    assert (seen["checkpoint"], seen["influence"]) == (str(file), [])
    assert seen["findings"][0]["kind"] == "sound"


def test_the_doctor_needs_to_know_whom_to_look_at(press: Terminal):
    assert "one of the two" in press.is_refused("doctor", code=2)
    assert "no version 7" in press.is_refused("doctor", PRESS, "--version", "7")
    assert "no plant 'pres'" in press.is_refused("doctor", "pres")


def test_a_unit_of_the_plant_is_explained_at_a_life_of_choice(press: Terminal):
    (late,) = press.reads("explain", PRESS, "--unit", "u3", "--life", "71")
    assert (late["unit"], late["life_unit"]) == ("u3", "hours")
    assert late["life"] <= 71
    assert {row["sensor"] for row in late["sensors"]} == {*SENSORS, "age"}
    assert late["method"] == "integrated gradients"
    explained = sum(row["change"] for row in late["sensors"])
    assert explained == pytest.approx(sum(row["change"] for row in late["readings"]), abs=1e-6)
    assert abs(late["missing"]) < 0.5
    lives = [row["life"] for row in late["readings"]]
    assert lives == sorted(lives)
    assert lives[-1] == late["life"]


def test_readings_are_explained_as_they_would_be_predicted(press: Terminal, tmp_path: Path):
    file = tmp_path / "now.csv"
    table(30, "m1", "m2").to_csv(file, index=False)
    explained = press.reads("explain", PRESS, "--readings", str(file))
    predicted = press.reads("predict", PRESS, str(file))
    assert [row["unit"] for row in explained] == ["m1", "m2"]
    for why, said in zip(explained, predicted, strict=True):
        assert why["rul"] == pytest.approx(said["rul"], abs=0.01)


def test_people_read_hours_and_sensors(press: Terminal):
    done = press.types("explain", PRESS, "--unit", "u0")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("unit u0 after 60 hours: about ")
    assert "a healthy machine: " in lines[0]
    assert {line.split(":")[0].strip() for line in lines[1:4]} == {*SENSORS, "age"}
    assert lines[-1].startswith("  by integrated gradients; ")


@pytest.mark.parametrize(
    ("words", "message", "code"),
    [
        ((), "Give --unit, with --life if you like, or --readings.", 2),
        (("--unit", "zz"), "the model did not learn from a unit 'zz', only from u0, u1", 1),
        (("--unit", "u0", "--life", "99999"), "unit u0 has no reading after", 1),
        (("--unit", "u0", "--life", "0.5"), "unit u0 has no reading by 0.5, its first is", 1),
    ],
)
def test_what_cannot_be_explained_is_refused(
    press: Terminal, words: tuple[str, ...], message: str, code: int
):
    assert message in press.is_refused("explain", PRESS, *words, code=code)


def test_without_the_extra_the_command_says_what_to_install(
    press: Terminal, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "captum", None)
    assert "pip install 'rul-platform[explain]'" in press.is_refused(
        "explain", PRESS, "--unit", "u0"
    )
