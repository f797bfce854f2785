from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from rul_platform.core.plant_sections import SqlSource
from rul_platform.storage.database import connect
from rul_platform.storage.plant_queries import find_database, fingerprint, run_query

BY_NAME = SqlSource(query="SELECT 1", url_env="PUMPS_URL")


@pytest.fixture
def readings_url(empty_database_url: str) -> str:
    """A plant's own database, SQLite and PostgreSQL in turn, with three readings."""
    engine = connect(empty_database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE readings (pump TEXT, hours REAL, flow NUMERIC)"))
        for pump, hours, flow in (("b", 1.0, 2.5), ("a", 0.0, 1.25), ("a", 1.0, None)):
            connection.execute(
                sa.text("INSERT INTO readings VALUES (:p, :h, :f)"),
                {"p": pump, "h": hours, "f": flow},
            )
    engine.dispose()
    return empty_database_url


def run(url: str, query: str, folder: Path) -> tuple[pd.DataFrame | None, list[str]]:
    """The result and the problems of a query on a database that a variable names."""
    problems: list[str] = []
    found = find_database(BY_NAME, folder, {"PUMPS_URL": url}, problems)
    assert found is not None, problems
    return run_query(found, query, problems), problems


def test_a_query_gives_rows_that_are_counted_from_one(readings_url: str, tmp_path: Path):
    table, problems = run(readings_url, "SELECT pump, hours FROM readings ORDER BY 1, 2", tmp_path)

    assert problems == []
    assert table is not None
    assert table.index.name == "row"
    assert table.reset_index().to_numpy().tolist() == [[1, "a", 0.0], [2, "a", 1.0], [3, "b", 1.0]]


def test_a_percent_sign_and_a_colon_are_only_text(readings_url: str, tmp_path: Path):
    query = "SELECT pump FROM readings WHERE pump LIKE 'a%' AND pump <> ':x'"
    table, problems = run(readings_url, query, tmp_path)

    assert problems == []
    assert table is not None
    assert len(table) == 2


def test_a_refused_query_says_why_and_shows_no_address(readings_url: str, tmp_path: Path):
    table, problems = run(readings_url, "SELECT nothing FROM readings", tmp_path)

    assert table is None
    assert problems[0].startswith("the database refused: ")
    assert "nothing" in problems[0]


def test_whatever_a_query_changes_is_undone(readings_url: str, tmp_path: Path):
    run(readings_url, "WITH x AS (SELECT 1) INSERT INTO readings SELECT 'z', 0, 0 FROM x", tmp_path)

    table, _ = run(readings_url, "SELECT pump FROM readings WHERE pump = 'z'", tmp_path)

    assert table is not None
    assert len(table) == 0


def test_the_fingerprint_does_not_depend_on_the_order_of_the_rows(
    readings_url: str, tmp_path: Path
):
    up, _ = run(readings_url, "SELECT pump, hours FROM readings ORDER BY 1, 2", tmp_path)
    down, _ = run(
        readings_url, "SELECT pump, hours FROM readings ORDER BY 2 DESC, 1 DESC", tmp_path
    )
    other, _ = run(readings_url, "SELECT pump, hours + 1 FROM readings", tmp_path)

    assert up is not None
    assert down is not None
    assert other is not None
    assert fingerprint(up) == fingerprint(down)
    assert fingerprint(up) != fingerprint(other)


def test_a_relative_sqlite_path_counts_from_the_plant_file(tmp_path: Path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'pumps.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE r (x INT)"))
    engine.dispose()
    problems: list[str] = []

    url = find_database(
        SqlSource(query="SELECT 1", url="sqlite:///pumps.db"), tmp_path, {}, problems
    )

    assert url is not None
    assert run_query(url, "SELECT * FROM r", problems) is not None
    assert problems == []


def test_a_missing_sqlite_file_is_named_and_not_created(tmp_path: Path):
    problems: list[str] = []
    source = SqlSource(query="SELECT 1", url="sqlite:///pumps.db")

    assert find_database(source, tmp_path, {}, problems) is None
    assert problems == [f"[source] url: there is no SQLite file {tmp_path / 'pumps.db'}."]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        (
            {},
            "[source] url_env: the environment variable PUMPS_URL is not set; set it to a SQLAlchemy",
        ),
        ({"PUMPS_URL": "hunter2"}, "the value of PUMPS_URL is no SQLAlchemy URL (it is not shown"),
        ({"PUMPS_URL": "pg://me:hunter2@h:x/db"}, "the value of PUMPS_URL is no SQLAlchemy URL"),
    ],
)
def test_an_address_that_is_no_address_is_refused_without_showing_it(
    environ: dict[str, str], message: str, tmp_path: Path
):
    problems: list[str] = []

    assert find_database(BY_NAME, tmp_path, environ, problems) is None
    assert message in problems[0]
    assert "hunter2" not in problems[0]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nosuch://me:hunter2@h/db", "'nosuch' is not a kind of database that SQLAlchemy knows."),
        (
            "mysql+pymysql://me:hunter2@h/db",
            "the driver 'pymysql' for this kind of database is not",
        ),
        ("postgresql+psycopg2://me:hunter2@127.0.0.1:1/db", "the database refused: connection to"),
    ],
)
def test_a_database_that_cannot_be_reached_is_said_without_its_password(
    url: str, message: str, tmp_path: Path
):
    table, problems = run(url, "SELECT 1", tmp_path)

    assert table is None
    assert message in problems[0]
    assert "hunter2" not in problems[0]
