"""Tables as bytes, windows as files."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from rul_platform.core.parquet import export_windows, read_windows, scaled_cycles, to_parquet
from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows
from rul_platform_tests.fleets import wearing_fleet


def prepared() -> tuple[Preparation, Windows, bytes, bytes]:
    fleet = wearing_fleet({"a": 50, "b": 20})
    preparation = Preparation.fit(fleet, fleet.sensors, window=7, cap=125.0, life_unit="cycles")
    windows = preparation.windows(fleet, "train")
    cycles = scaled_cycles(fleet.readings, windows, preparation.channels)
    return preparation, windows, to_parquet(cycles), to_parquet(windows.index)


def test_windows_come_back_as_they_were(tmp_path: Path):
    preparation, windows, cycles, index = prepared()
    (tmp_path / "c").write_bytes(cycles)
    (tmp_path / "w").write_bytes(index)
    again = read_windows(
        str(tmp_path / "c"), str(tmp_path / "w"), channels=preparation.channels, length=7
    )
    assert np.array_equal(again.features(), windows.features())
    assert again.index.equals(windows.index)


def test_equal_tables_give_equal_bytes():
    assert prepared()[2:] == prepared()[2:]


def test_exported_windows_hold_the_values_of_every_window(tmp_path: Path):
    preparation, windows, *_ = prepared()
    target = tmp_path / "out.parquet"
    export_windows([windows], preparation.channels, target)
    table = pq.read_table(target)
    values = table["window"].combine_chunks().flatten().to_numpy()
    assert np.array_equal(values.reshape(windows.features().shape), windows.features())
    assert table.schema.metadata[b"length"] == b"7"
    assert table.schema.metadata[b"channels"] == b"s0,s1,s0_dev,s1_dev,age"
    assert table["at_least"].to_pylist() == [False] * len(windows)
    assert list(tmp_path.iterdir()) == [target]


def test_windows_from_before_lower_bounds_can_be_exported(tmp_path: Path):
    preparation, windows, *_ = prepared()
    old = Windows(windows.table, windows.index.drop(columns="at_least"), windows.length)
    export_windows([old], preparation.channels, tmp_path / "out.parquet")
    export_windows([windows], preparation.channels, tmp_path / "new.parquet")
    assert pq.read_table(tmp_path / "out.parquet").equals(pq.read_table(tmp_path / "new.parquet"))


def test_an_export_that_fails_leaves_nothing(tmp_path: Path):
    preparation, windows, *_ = prepared()
    broken = Windows(windows.table[:3], windows.index, windows.length)
    with pytest.raises(IndexError):
        export_windows([broken], preparation.channels, tmp_path / "out.parquet")
    assert list(tmp_path.iterdir()) == []
