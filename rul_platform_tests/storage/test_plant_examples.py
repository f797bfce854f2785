import zipfile
from pathlib import Path

import numpy as np
import pytest

from rul_platform.core.columns import INFORMATIVE
from rul_platform.core.splits import assign_fleet
from rul_platform.errors import ArchiveError, MalformedRowError
from rul_platform.storage.cmapss_source import CmapssSource
from rul_platform.storage.plant_examples import (
    FILTER_SAMPLES,
    write_fd003_fleet,
    write_filters,
    write_simulated_pumps,
)
from rul_platform.storage.plant_source import list_plants, read_plant

SAMPLE = Path(__file__).parents[1] / "data" / "train_SIM.txt"


def filter_text(life_s: int) -> str:
    """A filter file whose pressure difference exceeds 20 psi at ``life_s``."""
    head = "Time(s),Flow_Rate(ml/m),Upstream_Pressure(psi),Downstream_Pressure(psi)\n"
    rows = (f"{n / 10},300.0,{20.5 * n / 10 / life_s},0.0\n" for n in range(life_s * 10 + 50))
    return head + "".join(rows)


@pytest.fixture(scope="module")
def filters_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip in the form of the challenge's, with short lives."""
    path = tmp_path_factory.mktemp("filters") / "filters.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for group, numbers in FILTER_SAMPLES.items():
            for number in numbers:
                archive.writestr(f"x/{group}/Sample{number:02d}.csv", filter_text(10 + number % 7))
        archive.writestr("../../evil.csv", "x")
    return path


def test_the_simulated_pumps_are_in_order_without_any_data(tmp_path: Path):
    found = read_plant(write_simulated_pumps(tmp_path))

    assert "SIMULATED" in (tmp_path / "simulated_pumps.toml").read_text().splitlines()[0]
    assert found.fleet.units["rul_at_end"].isna().sum() == 4
    assert sorted(set(found.fleet.readings["condition"])) == ["heavy", "light"]
    lives = (found.fleet.units["end_life"] + found.fleet.units["rul_at_end"]).dropna()
    assert lives.min() == pytest.approx(584.3)  # as the plant file's comment says
    roles = assign_fleet(found.fleet, found.plant.split.policy(seed=0), source="pumps")
    assert {role: list(roles.values()).count(role) for role in set(roles.values())} == {
        "train": 10, "valid": 4, "test": 6, "censored": 4,
    }  # fmt: skip


def test_an_example_can_have_another_name(tmp_path: Path):
    path = write_simulated_pumps(tmp_path, name="line2")

    assert path == tmp_path / "line2.toml"
    assert (tmp_path / "line2" / "readings.csv").is_file()
    assert read_plant(path).plant.name == "line2"


def test_writing_again_changes_nothing_repairs_data_and_keeps_an_edited_plant_file(tmp_path: Path):
    path = write_simulated_pumps(tmp_path)
    data = tmp_path / "simulated_pumps" / "readings.csv"
    before, written = data.read_bytes(), data.stat().st_mtime_ns

    write_simulated_pumps(tmp_path)
    assert data.stat().st_mtime_ns == written

    data.write_bytes(b"cut off")
    path.write_text(path.read_text() + "# mine\n")
    write_simulated_pumps(tmp_path)
    assert data.read_bytes() == before
    assert path.read_text().endswith("# mine\n")
    assert not list(tmp_path.rglob("*.partial"))


def test_engines_become_one_file_each_with_nasas_sensor_names(tmp_path: Path):
    write_fd003_fleet(tmp_path, SAMPLE.read_bytes())
    found = read_plant(tmp_path / "fd003_fleet.toml")

    assert found.fleet.sensors == INFORMATIVE
    assert found.fleet.units["unit"].tolist() == ["engine-001", "engine-002", "engine-003"]
    assert found.plant.transfer.held_out == ("FD003",)
    assert len(list((tmp_path / "fd003_fleet").iterdir())) == 3


def test_text_that_is_not_of_cmapss_writes_no_plant(tmp_path: Path):
    with pytest.raises(MalformedRowError, match=r"train_FD003\.txt, line 1"):
        write_fd003_fleet(tmp_path, b"1 2 three\n")

    assert list_plants(tmp_path) == ()


def test_filters_come_from_a_zip_or_a_folder_and_stay_below_their_folder(
    tmp_path: Path, filters_zip: Path
):
    path = write_filters(tmp_path / "a" / "plants", filters_zip)
    with zipfile.ZipFile(filters_zip) as archive:
        members = [name for name in archive.namelist() if "evil" not in name]
        archive.extractall(tmp_path / "given", members)
    again = write_filters(tmp_path / "b", tmp_path / "given")

    assert not list(tmp_path.rglob("evil.csv"))
    first, second = read_plant(path), read_plant(again)
    assert first.sources == second.sources
    assert len(first.fleet.units) == 32
    assert first.fleet.units["end_life"].max() < 17
    assert np.diff(first.fleet.readings["life"].to_numpy()[:5]).tolist() == pytest.approx([1.0] * 4)


def test_a_zip_without_all_filters_writes_no_plant(tmp_path: Path, filters_zip: Path):
    short = tmp_path / "short.zip"
    with zipfile.ZipFile(filters_zip) as full, zipfile.ZipFile(short, "w") as archive:
        for name in full.namelist():
            if "Sample16" not in name:
                archive.writestr(name, full.read(name))

    with pytest.raises(ArchiveError, match=r"0 members are called Sample16\.csv, one is expected"):
        write_filters(tmp_path / "plants", short)
    with pytest.raises(ArchiveError, match=r"0 files are called Sample01\.csv, one is expected"):
        write_filters(tmp_path / "plants", tmp_path)
    assert list_plants(tmp_path / "plants") == ()


@pytest.mark.data
def test_the_real_filters_all_cross_the_challenges_threshold(real_data: Path, tmp_path: Path):
    found = read_plant(write_filters(tmp_path, real_data / "phme20_filters.zip"))
    units = found.fleet.units.set_index("unit")

    assert (units["rul_at_end"] == 0.0).sum() == 32
    assert (units["end_life"].min(), units["end_life"].max()) == (172.6, 277.5)
    is_training = units.index.str.startswith("Training/")
    assert is_training.sum() == 24
    training = units[is_training]["end_life"]
    assert (training.min(), training.max()) == (175.2, 277.5)  # as the plant file's comment says
    roles = assign_fleet(found.fleet, found.plant.split.policy(seed=0), source="filters")
    assert sorted(u for u, role in roles.items() if role == "test") == sorted(
        units.index[~is_training]
    )
    assert len(found.fleet.readings) == 6968
    assert found.fleet.sensors == ("flow_ml_min", "upstream_psi", "downstream_psi")


@pytest.mark.data
def test_the_real_fleet_is_every_fifth_engine_of_fd003(real_data: Path, tmp_path: Path):
    source = CmapssSource(given=real_data / "CMAPSSData.zip", cache=tmp_path / "cache", url="")
    found = read_plant(write_fd003_fleet(tmp_path, source.fetch("FD003").train))
    units = found.fleet.units

    assert units["unit"].tolist() == [f"engine-{number:03d}" for number in range(5, 101, 5)]
    assert units["rows"].tolist()[:4] == [213, 481, 202, 338]
    assert units["rows"].sum() == 4722
    assert (units["end_life"] == units["rows"]).all()
