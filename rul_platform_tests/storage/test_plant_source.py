import shutil
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from rul_platform.core.canonical import sha256
from rul_platform.errors import PlantFileError, TooFewUnitsError
from rul_platform.storage.database import connect
from rul_platform.storage.plant_source import (
    SourceFile,
    list_plants,
    load_plant,
    misnamed_plants,
    read_plant,
)
from rul_platform_tests.core.plants import LEAST

BY_FILE = '[columns]\nunit_from_file = true\nlife = "hours"\nlife_unit = "hours"'
LISTED = '[failure]\nkind = "table"\nfiles = "data/failures.csv"\nunit = "pump"\nlife = "hours"'


def write_plant(folder: Path, **changes: str) -> Path:
    """A plant file over ``data/**/*.csv``."""
    sections = LEAST | {"source": '[source]\nfiles = "data/**/*.csv"'} | changes
    path = folder / "pumps.toml"
    path.write_text("\n".join(sections.values()))
    return path


def write_pumps(folder: Path, *names: str) -> None:
    """A CSV file for each pump, with three readings."""
    for name in names:
        path = folder / "data" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"pump,hours,Flow\n{name},0,1\n{name},1,2\n{name},2,3\n")


def problems(path: Path, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    """What is found wrong with a plant."""
    with pytest.raises(PlantFileError) as caught:
        read_plant(path, environ=environ or {})
    assert caught.value.path == str(path)
    return caught.value.problems


def test_files_become_a_fleet_with_the_hash_of_every_byte(tmp_path: Path):
    write_pumps(tmp_path, "a", "b", "c")
    path = write_plant(tmp_path)

    found = read_plant(path)

    assert found.plant.name == "pumps"
    assert found.fleet.units["unit"].tolist() == ["a", "b", "c"]
    assert [source.name for source in found.sources] == [
        "pumps.toml", "readings/a.csv", "readings/b.csv", "readings/c.csv",
    ]  # fmt: skip
    data = (tmp_path / "data" / "b.csv").read_bytes()
    assert found.sources[2] == SourceFile("readings/b.csv", sha256(data), len(data))


def test_a_folder_that_moved_gives_the_same_record(tmp_path: Path):
    write_pumps(tmp_path / "old", "line 1/a", "line 1/b", "c")
    old = read_plant(write_plant(tmp_path / "old", columns=BY_FILE))
    shutil.copytree(tmp_path / "old", tmp_path / "new[1]")
    new = read_plant(tmp_path / "new[1]" / "pumps.toml")

    assert new.sources == old.sources
    assert new.fleet.units["unit"].tolist() == ["c", "line 1/a", "line 1/b"]
    pd.testing.assert_frame_equal(new.fleet.readings, old.fleet.readings)


def test_an_absolute_pattern_and_parquet_files_work(tmp_path: Path):
    for unit in "abc":
        frame = pd.DataFrame({"pump": unit, "hours": [0.0, 1.0], "Flow": [1.0, 2.0]})
        frame.to_parquet(tmp_path / f"{unit}.parquet")
    (tmp_path / "plants").mkdir()
    path = write_plant(tmp_path / "plants", source=f'[source]\nfiles = "{tmp_path}/*.parquet"')

    assert read_plant(path).fleet.units["rows"].tolist() == [2, 2, 2]


def test_the_table_of_failures_is_not_taken_for_readings(tmp_path: Path):
    write_pumps(tmp_path, "a", "b", "c", "d")
    (tmp_path / "data" / "failures.csv").write_text("pump,hours\na,2\nb,2\nc,2.5\n")

    found = read_plant(write_plant(tmp_path, failure=LISTED))

    assert found.fleet.units["rul_at_end"].isna().tolist() == [False, False, False, True]
    assert found.sources[1].name == "failures/failures.csv"
    assert len(found.sources) == 6


def test_a_database_is_read_by_the_name_of_a_variable(tmp_path: Path, empty_database_url: str):
    engine = connect(empty_database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE r (pump TEXT, hours REAL, flow REAL)"))
        connection.execute(sa.text("CREATE TABLE f (pump TEXT, hours REAL)"))
        for pump in "abcd":
            for hour in (1, 0, 2):
                row = {"p": pump, "h": hour}
                connection.execute(sa.text("INSERT INTO r VALUES (:p, :h, 7)"), row)
        for pump in "abc":
            connection.execute(sa.text("INSERT INTO f VALUES (:p, 2)"), {"p": pump})
    engine.dispose()
    path = write_plant(
        tmp_path,
        source='[source]\nquery = "SELECT * FROM r"\nurl_env = "PUMPS_URL"',
        sensors='[sensors]\nflow = "flow"',
        failure='[failure]\nkind = "table"\nquery = "SELECT * FROM f"\nunit = "pump"\nlife = "hours"',
    )

    found = read_plant(path, environ={"PUMPS_URL": empty_database_url})

    assert found.fleet.units["rul_at_end"].isna().tolist() == [False, False, False, True]
    names = [source.name for source in found.sources]
    assert names == ["pumps.toml", "[failure] query", "[source] query"]
    assert problems(path) == (
        "[source] url_env: the environment variable PUMPS_URL is not set; set it to a SQLAlchemy URL, "
        "as postgresql://user:password@host/name.",
    )


def test_a_refused_query_names_its_key(tmp_path: Path):
    connect(f"sqlite:///{tmp_path / 'a.db'}").connect().close()
    source = '[source]\nquery = "SELECT * FROM absent"\nurl = "sqlite:///a.db"'

    assert problems(write_plant(tmp_path, source=source)) == (
        "[source] query: the database refused: no such table: absent",
    )


def test_a_pattern_that_matches_nothing_says_where_it_looked(tmp_path: Path):
    path = write_plant(tmp_path)
    assert problems(path) == (
        f"[source] files: 'data/**/*.csv' matches nothing; looked below {tmp_path / 'data'}, which does "
        f"not exist.",
    )
    (tmp_path / "data").mkdir()
    assert "which holds no such file." in problems(path)[0]


def test_an_empty_file_and_garbage_and_a_missing_column_come_together(tmp_path: Path):
    write_pumps(tmp_path, "a", "b", "c")
    (tmp_path / "data" / "d.csv").write_bytes(b"")
    (tmp_path / "data" / "e.csv").write_bytes(b"\x00\x01\xff\xfe garbage")
    (tmp_path / "data" / "f.csv").write_text("pump,hour,Flow\nf,0,1\n")

    found = problems(write_plant(tmp_path))

    assert [problem.split(":")[0] for problem in found] == ["d.csv", "e.csv", "f.csv"]
    assert "the file is empty" in found[0]
    assert "not UTF-8 text" in found[1]
    assert "no column 'hours'; did you mean 'hour'?" in found[2]


def test_more_than_one_table_of_failures_is_refused(tmp_path: Path):
    write_pumps(tmp_path, "a", "b", "c")
    for name in ("f1", "f2"):
        (tmp_path / f"{name}.csv").write_text("pump,hours\na,2\n")
    rule = '[failure]\nkind = "table"\nfiles = "f*.csv"\nunit = "pump"\nlife = "hours"'

    assert problems(write_plant(tmp_path, failure=rule)) == (
        "[failure] files: found 2 files, but must be one: f1.csv, f2.csv.",
    )


def test_one_unit_only_is_too_few(tmp_path: Path):
    write_pumps(tmp_path, "a")

    with pytest.raises(TooFewUnitsError, match="plant pumps, 1 units in all: 1 units that ran"):
        read_plant(write_plant(tmp_path))


def test_plants_are_listed_by_name_and_misnamed_ones_apart(tmp_path: Path):
    for name in ("b.toml", "a-1.toml", "My Plant.toml", ".hidden.toml", "note.txt"):
        (tmp_path / name).write_text("")

    assert [path.name for path in list_plants(tmp_path)] == ["a-1.toml", "b.toml"]
    assert [path.name for path in misnamed_plants(tmp_path)] == ["My Plant.toml"]
    assert list_plants(tmp_path / "nowhere") == ()


def test_a_plant_file_that_is_not_there_is_answered_with_one_that_is(tmp_path: Path):
    write_plant(tmp_path)

    with pytest.raises(
        PlantFileError, match=r"no such plant file; did you mean 'pumps'\? `rul plant"
    ):
        load_plant(tmp_path / "pump.toml")


def test_a_plant_file_that_is_no_text_is_refused(tmp_path: Path):
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe")

    with pytest.raises(PlantFileError, match="cannot be read as UTF-8 text"):
        load_plant(tmp_path / "a.toml")


def test_a_mark_at_the_beginning_of_a_plant_file_does_not_matter(tmp_path: Path):
    path = write_plant(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert load_plant(path).title == "Pumps"
