"""A long plant's readings, made part by part: those that reading all at once gives."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from rul_platform.core.landed import newest
from rul_platform.core.outcomes import NOTHING, Beside, Told
from rul_platform.core.parquet import to_parquet
from rul_platform.errors import DataError, PlantFileError, SourceChangedError
from rul_platform.storage import long_plant, source_blocks
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.builds import build
from rul_platform.storage.long_plant import LongPlant, is_long
from rul_platform.storage.plant_source import PlantData, read_plant
from rul_platform.storage.reading_build import BuiltReadings, Sizes
from rul_platform_tests.core.plants import LEAST

THRESHOLD = '[failure]\nkind = "threshold"\nexpression = "flow > 8"'
TABLE = '[failure]\nkind = "table"\nfiles = "failures.csv"\nunit = "pump"\nlife = "hours"'
SECTIONS = LEAST | {
    "source": '[source]\nfiles = "data/*"',
    "columns": '[columns]\nunit = "pump"\nlife = "hours"\nlife_unit = "hours"\ncondition = "at"',
    "sensors": '[sensors]\nflow = "Flow"\nheat = "Heat"',
}


@dataclass
class Case:
    """A plant's files, and what else is known of it."""

    tables: list[pd.DataFrame]
    sections: dict[str, str]
    failures: pd.DataFrame
    beside: Beside = NOTHING
    suffix: str = "csv"
    sizes: Sizes = field(default_factory=Sizes)

    def write(self, folder: Path) -> Path:
        """Gives the plant file."""
        (folder / "data").mkdir(parents=True)
        for number, table in enumerate(self.tables):
            path = folder / "data" / f"{number}.{self.suffix}"
            if self.suffix == "csv":
                table.to_csv(path, index=False)
            else:
                table.to_parquet(path, index=False)
        self.failures.to_csv(folder / "failures.csv", index=False)
        path = folder / "pumps.toml"
        path.write_text("\n".join(self.sections.values()))
        return path


def built(folder: Path, path: Path, case: Case, told: Any = None) -> tuple[Any, BuiltReadings]:
    """The readings as a table, and what else was made."""
    store = ArtifactStore(folder / "store")
    plant = LongPlant(path, environ={}, beside=case.beside)
    with build(folder / "builds" / "pumps", plant.identity) as work:
        made = plant.build(store, work, told=told, sizes=case.sizes)
    parts = [pq.read_table(store.kept_path(entry)) for entry in made.files.values()]
    return pa.concat_tables(parts).combine_chunks(), made


def in_memory(path: Path, case: Case) -> tuple[PlantData | None, tuple[str, ...]]:
    """The plant as it is read at once, or why it is refused."""
    try:
        return read_plant(path, environ={}, beside=case.beside), ()
    except DataError as error:
        return None, refused(error)


def refused(error: DataError) -> tuple[str, ...]:
    """What is said, in any order."""
    return tuple(sorted(error.problems)) if isinstance(error, PlantFileError) else (str(error),)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Units spread over files in any order, ended by any rule, some landed, some told of."""
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    lives = draw(st.lists(st.integers(3, 12), min_size=4, max_size=7))
    readings = pd.concat(
        [
            pd.DataFrame(
                {
                    "pump": f"p{unit}",
                    "hours": np.arange(life) * 0.5,
                    "at": random.choice(["day", "night"], life),
                    "Flow": (random.normal(size=life) + np.linspace(0, 12, life)).round(2),
                    "Heat": random.normal(size=life).round(1),
                }
            )
            for unit, life in enumerate(lives)
        ]
    )
    shuffled = readings.sample(frac=1, random_state=int(random.integers(100)))
    own = shuffled if draw(st.booleans()) else readings
    files = draw(st.integers(1, 3))
    tables = [own.iloc[at::files] for at in range(files)]
    extra = {} if draw(st.booleans()) else {"resample": "[resample]\nstep = 1.3"}
    failure = draw(st.sampled_from([LEAST["failure"], THRESHOLD, TABLE]))
    failures = pd.DataFrame({"pump": [f"p{u}" for u in range(4)], "hours": [1.2, 1.0, 4.0, 9.0]})
    landed = readings.sample(4, random_state=1).rename(
        columns={"pump": "unit", "hours": "life", "at": "condition", "Flow": "flow", "Heat": "heat"}
    )
    landed["life"] += random.choice([0.0, 0.25, 3.0], 4)
    landed["unit"] = np.where(random.random(4) < 0.3, "new", landed["unit"])
    landed.iloc[0, -1] = np.nan if draw(st.booleans()) else 0.5
    told = Told(
        failed_at={"p1": 2.0, "new": 9.0}, ended_at={"p2": 1.0}, promised={"p3": 1.0, "p0": 50.0}
    )
    beside = Beside(newest([landed])[0], told) if draw(st.booleans()) else NOTHING
    sizes = Sizes(
        run_rows=draw(st.integers(1, 30)),
        piece_rows=draw(st.integers(1, 30)),
        part_rows=draw(st.integers(1, 40)),
    )
    suffix = draw(st.sampled_from(["csv", "parquet"]))
    sections = SECTIONS | {"failure": failure} | extra
    return Case(tables, sections, failures, beside, suffix, sizes)


@given(case=cases())
@settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_passes_over_runs_give_what_reading_at_once_gives(
    case: Case, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
):
    """The same bytes, the same units, the same counts; or both refuse it."""
    monkeypatch.setattr(source_blocks, "CSV_BLOCK_BYTES", 100)
    folder = tmp_path_factory.mktemp("plant")
    path = case.write(folder)
    expected, refusal = in_memory(path, case)
    if expected is None:
        event(f"refused: {refusal}")
        with pytest.raises(DataError) as caught:
            built(folder, path, case)
        assert refused(caught.value) == refusal
        return
    readings, made = built(folder, path, case)
    assert to_parquet(readings) == to_parquet(expected.fleet.readings)
    assert to_parquet(made.units) == to_parquet(expected.fleet.units)
    assert dict(made.counts) == dict(expected.counts)
    assert LongPlant(path, environ={}).sources == expected.sources


def machines(count: int = 5, life: int = 20) -> pd.DataFrame:
    """Pumps that ran to failure, with the columns of ``SECTIONS``."""
    random = np.random.default_rng(1)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "pump": f"p{unit}",
                    "hours": np.arange(life) * 0.5,
                    "at": "day",
                    "Flow": random.normal(size=life).round(2),
                    "Heat": random.normal(size=life).round(1),
                }
            )
            for unit in range(count)
        ]
    )


def plain(folder: Path, *tables: pd.DataFrame, suffix: str = "csv") -> tuple[Path, Case]:
    """A plant of these tables, made in small pieces."""
    sizes = Sizes(run_rows=30, piece_rows=15, part_rows=25)
    case = Case(list(tables), SECTIONS, pd.DataFrame({"pump": ["p0"]}), suffix=suffix, sizes=sizes)
    return case.write(folder), case


class StoppedError(Exception):
    """Somebody pressed Ctrl-C."""


@pytest.mark.parametrize("steps", [1, 3, 4, 6])
def test_work_that_stopped_goes_on_with_its_runs_and_parts(
    steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Three runs and four parts make seven steps; each is made once."""
    monkeypatch.setattr(source_blocks, "CSV_BLOCK_BYTES", 200)
    path, case = plain(tmp_path / "plant", machines().sample(frac=1, random_state=0))
    expected, _ = built(tmp_path / "whole", path, case)
    told: list[int] = []

    def stop(seen: int, _of: int) -> None:
        told.append(seen)
        if len(told) == steps:
            raise StoppedError

    with pytest.raises(StoppedError):
        built(tmp_path / "stopped", path, case, told=stop)
    again: list[int] = []
    readings, _ = built(tmp_path / "stopped", path, case, told=lambda s, _o: again.append(s))
    assert readings.equals(expected)
    whole: list[int] = []
    built(tmp_path / "once more", path, case, told=lambda s, _o: whole.append(s))
    assert len(again) == len(whole) - steps


def test_a_file_that_changed_in_between_begins_anew(tmp_path: Path):
    path, case = plain(tmp_path / "plant", machines())

    def stop(_seen: int, _of: int) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        built(tmp_path, path, case, told=stop)
    other = machines().assign(Heat=7.0)
    other.to_csv(path.parent / "data" / "0.csv", index=False)
    readings, _ = built(tmp_path, path, case)
    assert set(readings["heat"].to_pylist()) == {7.0}


def test_a_file_that_is_written_to_meanwhile_is_refused(tmp_path: Path):
    path, case = plain(tmp_path / "plant", machines(), machines().assign(pump="other"))
    later = path.parent / "data" / "1.csv"

    def write(_seen: int, _of: int) -> None:
        with later.open("a") as stream:
            stream.write("other,99,day,1,1\n")

    with pytest.raises(SourceChangedError, match=r"1\.csv: the file was changed while it was read"):
        built(tmp_path, path, case, told=write)


def test_problems_name_the_line_however_far_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(source_blocks, "CSV_BLOCK_BYTES", 200)
    wrong = machines().astype({"Flow": object})
    wrong.iloc[90, 3] = "broken"
    path, case = plain(tmp_path / "plant", machines().assign(pump="q"), wrong)
    with (path.parent / "data" / "0.csv").open("a") as stream:
        stream.write("q,99,day,1\n")
    with pytest.raises(PlantFileError) as caught:
        built(tmp_path, path, case)
    assert caught.value.path == str(path)
    first, second = caught.value.problems
    assert first.startswith("0.csv: line 102: found 4 columns where the header has 5")
    assert second.startswith("1.csv: line 92, column 'Flow': found 'broken' where a number")
    assert not (tmp_path / "builds" / "pumps").exists()


def test_names_that_are_numbers_are_the_same_in_every_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """In one file 3.0 is called 3 or 3.0, whatever its neighbours are."""
    monkeypatch.setattr(source_blocks, "PARQUET_BLOCK_ROWS", 10)
    number = machines()["pump"].str[1:].astype(float)
    whole, halves = machines().assign(pump=number), machines().assign(pump=number / 2)
    for name, table in (("whole", whole), ("halves", halves)):
        path, case = plain(tmp_path / name, table, suffix="parquet")
        readings, _ = built(tmp_path / name, path, case)
        expected = read_plant(path, environ={})
        assert to_parquet(readings) == to_parquet(expected.fleet.readings)


def test_a_file_without_rows_is_refused_as_ever(tmp_path: Path):
    for suffix in ("csv", "parquet"):
        path, case = plain(tmp_path / suffix, machines(), machines().iloc[:0], suffix=suffix)
        with pytest.raises(PlantFileError) as caught:
            built(tmp_path / suffix, path, case)
        with pytest.raises(PlantFileError) as usual:
            read_plant(path, environ={})
        assert caught.value.problems == usual.value.problems


def test_files_are_long_by_what_they_take_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path, _ = plain(tmp_path / "csv", machines())
    other, _ = plain(tmp_path / "parquet", machines(), suffix="parquet")
    assert not is_long(path)
    assert not is_long(other)
    monkeypatch.setattr(long_plant, "HELD_BYTES", 1500)
    assert is_long(path)
    assert is_long(other)
