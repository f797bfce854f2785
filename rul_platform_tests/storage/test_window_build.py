"""Windows of a plant in many parts: killed and taken up again, read back whole and in part."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from rul_platform.core.parquet import scaled_cycles
from rul_platform.core.preparation import Preparation
from rul_platform.core.splits import TEST, TRAIN, VALID, with_role
from rul_platform.core.windows import Windows
from rul_platform.errors import DataError, LongUnitError
from rul_platform.storage.artifacts import Artifact, ArtifactStore
from rul_platform.storage.stored_fleet import (
    held_fleet,
    held_windows,
    pieces_of,
    window_parts_of,
)
from rul_platform_tests.storage import long_plants
from rul_platform_tests.storage.long_plants import LIVES, ROLES, machines, make_windows


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[ArtifactStore, Artifact]:
    folder = tmp_path_factory.mktemp("long")
    return ArtifactStore(folder / "store"), make_windows(folder)


@pytest.fixture(scope="module")
def in_memory() -> tuple[Preparation, Windows]:
    """The same windows, cut of the whole fleet at once."""
    fleet = machines()
    preparation = Preparation.fit(
        with_role(fleet, ROLES, TRAIN), fleet.sensors, window=6, cap=20.0, life_unit="hours"
    )
    labelled = with_role(fleet, ROLES, TRAIN, VALID, TEST)
    return preparation, preparation.windows(labelled, pd.Series(ROLES))


def reading(of: tuple[Preparation, Windows]) -> dict[str, object]:
    return {"channels": of[0].channels, "length": of[0].window}


def test_many_parts_hold_what_one_would(made, in_memory):
    store, artifact = made
    preparation, windows = in_memory
    names = [name for name in artifact.files if name.startswith("cycles-")]
    assert names == [f"cycles-{number:05d}.parquet" for number in range(5)]
    rows = [pq.read_metadata(store.path(artifact, name)).num_rows for name in names]
    assert rows == [25, 25, 25, 25, 25]
    cycles = pd.concat(list(pieces_of(store, artifact, "cycles")), ignore_index=True)
    labelled = long_plants.labelled(machines().readings)
    assert cycles.equals(scaled_cycles(labelled, windows, preparation.channels).to_pandas())
    index = pd.concat(list(pieces_of(store, artifact, "windows")), ignore_index=True)
    assert index.equals(windows.index)


@pytest.mark.parametrize("parts", [1, 3])
def test_a_build_that_is_killed_goes_on_where_it_stopped_and_gives_the_same(
    parts: int, made, tmp_path: Path
):
    command = [sys.executable, "-m", long_plants.__name__, str(tmp_path), str(parts)]
    root = Path(__file__).parents[2]
    killed = subprocess.run(command, cwd=root, check=False, capture_output=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    seen: list[int] = []
    again = make_windows(tmp_path, told=lambda done, _of: seen.append(done), piece_rows=7)
    assert again.sha256 == made[1].sha256
    assert len(seen) == 5 - parts  # parts that were done are not made again, nor is the recipe
    assert not (tmp_path / "builds" / "long").exists()


def test_a_part_that_got_lost_in_between_is_made_again(made, tmp_path: Path):
    class StoppedError(Exception):
        """Somebody pressed Ctrl-C."""

    journal = tmp_path / "builds" / "long" / "journal.jsonl"

    def stop(_done: int, _of: int) -> None:
        if journal.read_bytes().count(b'"kind":"part"') == 3:
            raise StoppedError

    with pytest.raises(StoppedError):
        make_windows(tmp_path, told=stop)
    second = made[1].files["cycles-00001.parquet"].sha256
    (tmp_path / "store" / second[:2] / second).unlink()
    for _ in range(2):  # and a third time, when the journal tells of that part twice
        with pytest.raises(StoppedError):
            make_windows(tmp_path, told=lambda _done, _of: (_ for _ in ()).throw(StoppedError))
    assert make_windows(tmp_path).sha256 == made[1].sha256


def test_all_windows_are_there_part_by_part_with_what_they_reach_back_to(made, in_memory):
    windows = in_memory[1]
    parts = list(window_parts_of(*made, **reading(in_memory)))
    assert len(parts) == 5
    features = np.concatenate([part.features() for part in parts])
    assert np.array_equal(features, windows.features())


def test_whole_units_of_each_role_are_held_where_not_all_can_be(made, in_memory):
    windows = in_memory[1]
    held = held_windows(*made, **reading(in_memory), most=100)
    units = list(dict.fromkeys(held.units().tolist()))
    assert {ROLES[unit] for unit in units} <= {TRAIN, VALID, TEST}
    assert sum(LIVES[unit] for unit in units) <= 100
    same = windows.of_units(units)
    assert np.array_equal(held.features(), same.features())
    assert held.index["life"].tolist() == same.index["life"].tolist()
    fleet = held_fleet(*made, most=100)
    assert fleet.units["unit"].tolist() == units
    assert fleet.readings.equals(machines().take(units).readings)


def test_everything_is_held_where_it_can_be(made, in_memory):
    held = held_windows(*made, **reading(in_memory))
    assert np.array_equal(held.features(), in_memory[1].features())
    assert held.index.equals(in_memory[1].index)


def test_units_that_are_too_long_to_be_held_are_refused_with_a_way_out(made, in_memory):
    with pytest.raises(LongUnitError, match=r"at most 20 .* role valid has 31.*\[resample\] step"):
        held_windows(*made, **reading(in_memory), most=20)


def test_a_refusal_leaves_no_work_behind(tmp_path: Path):
    strange = machines()
    strange.readings.loc[strange.readings["unit"] == "c", "condition"] = "storm"
    store = ArtifactStore(tmp_path / "store")
    stored = long_plants.store_readings(store, strange)
    fleet = long_plants.long_fleet(store, stored)
    folder = tmp_path / "builds" / "long"
    with (
        pytest.raises(DataError, match="valid unit c in condition storm"),
        long_plants.build(folder, {}) as work,
    ):
        long_plants.build_windows(store, work, fleet, long_plants.RECIPE)
    assert not folder.exists()
