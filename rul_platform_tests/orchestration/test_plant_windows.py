"""A plant's windows: who gets a role, who keeps it, who has no window."""

import json
from pathlib import Path

import pytest

from rul_platform.core import splits
from rul_platform.orchestration.pipeline import Stage
from rul_platform.orchestration.step import Files, current
from rul_platform.orchestration.stored_windows import (
    plant_windows,
    preparation_of,
    roles_ever_given,
    splits_of,
)
from rul_platform.storage import long_plant
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.plant_check import check_plant
from rul_platform.storage.plant_examples import write_simulated_pumps
from rul_platform_tests.orchestration.conftest import PUMP_DATA, PUMPS, Works


@pytest.fixture
def pumps(empty: Works) -> Works:
    """Simulated pumps, of which windows were made once."""
    write_simulated_pumps(empty.home.plants)
    empty.run(PUMP_DATA)
    return empty


def made(works: Works) -> Files:
    return current(works.home, "plant_windows", PUMPS)


def forget_failure(works: Works, unit: str) -> str:
    """Make ``unit`` one that has not failed; gives the table of failures as it was."""
    path = works.home.plants / PUMPS / "failures.csv"
    before = path.read_text()
    lines = before.splitlines(keepends=True)
    path.write_text("".join(line for line in lines if line.split(",")[0] != unit))
    assert path.read_text() != before
    return before


def test_a_unit_that_is_censored_for_a_while_returns_to_its_role(pumps: Works):
    """Even with another seed, and though the windows in between know nothing of it."""
    first = splits_of(made(pumps))
    taught = next(unit for unit, role in first.items() if role == splits.TRAIN)
    failures = forget_failure(pumps, taught)
    pumps.run(PUMP_DATA)

    between = made(pumps)
    assert splits_of(between)[taught] == splits.CENSORED
    assert roles_ever_given(between) == {u: r for u, r in first.items() if r != splits.CENSORED}
    assert taught not in set(plant_windows(between).units())
    assert taught not in set(between.table("cycles.parquet")["unit"])
    assert taught not in preparation_of(between).scaler.fitted_on
    assert taught in set(between.table("readings.parquet")["unit"])
    assert taught in set(between.table("units.parquet")["unit"])

    (pumps.home.plants / PUMPS / "failures.csv").write_text(failures)
    pumps.run(Stage(PUMP_DATA.assets, PUMPS, {"plant_windows": {"seed": 5}}))
    assert splits_of(made(pumps)) == first


def test_a_plant_that_is_read_piece_by_piece_has_the_same_artifacts(
    pumps: Works, monkeypatch: pytest.MonkeyPatch
):
    """Which way its files went is not to be seen in what is stored, nor in what is checked."""
    at_once = [current(pumps.home, asset, PUMPS).sha256 for asset in PUMP_DATA.assets]
    figures = check_plant(pumps.home.plant_file(PUMPS))
    monkeypatch.setattr(long_plant, "HELD_BYTES", 0)
    pumps.run(PUMP_DATA)
    assert [current(pumps.home, asset, PUMPS).sha256 for asset in PUMP_DATA.assets] == at_once
    assert check_plant(pumps.home.plant_file(PUMPS)) == figures
    builds = pumps.home.folder / "builds"
    assert not [path for path in builds.glob("*/*") if path.is_dir()]


def test_windows_from_before_all_roles_were_kept_still_say_their_own(tmp_path: Path):
    store = ArtifactStore(tmp_path)
    roles = {"a": splits.TRAIN, "b": splits.CENSORED}
    files = Files(store, store.write({"splits.json": json.dumps(roles).encode()}))
    assert roles_ever_given(files) == roles
