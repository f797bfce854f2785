"""What auditors ask: explain, at, diff, affected; as a person types them."""

import json
import shutil
from pathlib import Path

import pytest

from rul_platform.operation.answering import GivenReadings, answer_given
from rul_platform.operation.audit.history import built_with
from rul_platform.orchestration.step import current
from rul_platform.orchestration.stored_windows import plant_fleet
from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.orchestration.conftest import PUMPS, works_in


@pytest.fixture(scope="module")
def asked(finished_home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Terminal, str]:
    """A terminal at a finished home, and the id of an answer."""
    folder = tmp_path_factory.mktemp("asked") / "home"
    shutil.copytree(finished_home, folder)
    with works_in(folder) as works:
        fleet = plant_fleet(current(works.home, "plant_windows", PUMPS))
        seen = GivenReadings(fleet.take(["pump-01"]).readings.iloc[:40])
        (answer,) = answer_given(works.home, PUMPS, seen)
        assert [v.number for v, _ in built_with(works.home, "Scikit_Learn")] == [1]
    return Terminal(folder), answer.id


def test_a_prediction_a_version_a_plant_and_a_hash_are_explained(asked, tmp_path: Path):
    terminal, prediction = asked
    told = terminal.reads("audit", "explain", prediction)
    assert (told["prediction"]["id"], told["version"]["number"]) == (prediction, 1)
    assert told["made_from"][0]["sha256"] == told["version"]["sha256"]
    assert told["provenance"]["holds"]
    for subject in (f"{PUMPS}:1", PUMPS, told["version"]["sha256"][:12]):
        assert terminal.reads("audit", "explain", subject)["version"] == told["version"]
    page = tmp_path / "page.html"
    assert terminal.types("audit", "explain", prediction, "--html", str(page)).code == 0
    assert f"under the id {prediction}" in page.read_text()
    text = terminal.types("audit", "explain", prediction).out
    assert "the signature holds" in text
    assert "raw_cmapss[SIM]" in text


def test_what_served_then_is_told(asked):
    terminal, _ = asked
    (served,) = terminal.reads("audit", "explain", PUMPS)["in_charge"]
    found = terminal.types("audit", "at", served["since"], "--plant", PUMPS, "--json")
    assert (found.code, json.loads(found.out)["number"]) == (0, 1)
    before = terminal.types("audit", "at", "2020-01-01", "--plant", PUMPS)
    assert (before.code, before.out[:23]) == (1, "No version was in charg")


def test_a_version_does_not_differ_from_itself(asked):
    terminal, _ = asked
    same = terminal.types("audit", "diff", f"{PUMPS}:1", f"{PUMPS}:1")
    assert (same.code, same.out) == (0, "Nothing that is recorded differs.\n")


def test_who_was_built_with_a_package_is_told(asked):
    terminal, _ = asked
    (row,) = terminal.reads("audit", "affected", "--package", "NumPy")
    assert (row["plant"], row["number"]) == (PUMPS, 1)
    same = terminal.types("audit", "affected", "--package", f"numpy=={row['built_with']}")
    assert (same.code, PUMPS in same.out) == (0, True)
    other = terminal.types("audit", "affected", "--package", "numpy==0.1")
    assert (other.code, other.out) == (1, "No deployed model was built with numpy==0.1.\n")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("explain", "nothing"), 1, "found nothing of this name"),
        (("explain", f"{PUMPS}:9"), 1, "found nothing of this name"),
        (("at", "soon", "--plant", PUMPS), 2, "expected a date or a moment"),
        (("at", "2026-01-01", "--plant", "pump"), 1, "pump"),
        (("diff", PUMPS), 2, "Missing argument"),
        (("reproduce", "nothing"), 1, "found nothing of this name"),
        (("export", "nothing"), 1, "found nothing of this name"),
    ],
)
def test_what_is_wrong_is_said(asked, words: tuple[str, ...], code: int, told: str):
    terminal, _ = asked
    found = terminal.types("audit", *words)
    assert found.code == code
    assert told in found.err
