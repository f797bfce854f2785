"""Results of a plant's SQL queries, as tables.

Belongs here: finding the database without ever showing its address, and running one query.
Does not belong here: the platform's own database (``database``).

The address of a plant's database is a secret: it comes from an environment variable that the plant
file names, is used once, and stands in no message.
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from rul_platform.core.canonical import sha256
from rul_platform.core.plant_sections import SqlSource

POSTGRES_DRIVER = "postgresql+psycopg2"
"""The driver that comes with the platform; SQLAlchemy itself would ask for another one."""


def find_database(
    source: SqlSource, folder: Path, environ: Mapping[str, str], problems: list[str]
) -> sa.URL | None:
    """The address of the database; a relative SQLite path counts from ``folder``."""
    key = "[source] url" if source.url else "[source] url_env"
    text = source.url or environ.get(source.url_env or "")
    if not text:
        problems.append(
            f"{key}: the environment variable {source.url_env} is not set; set it to a SQLAlchemy "
            f"URL, as postgresql://user:password@host/name."
        )
        return None
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError):
        problems.append(
            f"{key}: the value of {source.url_env} is no SQLAlchemy URL (it is not shown, for it may "
            f"hold a password); as postgresql://user:password@host/name."
        )
        return None
    if url.drivername == "postgresql":
        return url.set(drivername=POSTGRES_DRIVER)
    if url.get_backend_name() != "sqlite":
        return url
    path = folder / (url.database or "")
    if not path.is_file():
        problems.append(f"{key}: there is no SQLite file {path}.")
        return None
    return sa.URL.create(
        "sqlite", database=f"file:{quote(str(path.resolve()))}", query={"mode": "ro", "uri": "true"}
    )


def run_query(url: sa.URL, query: str, problems: list[str]) -> pd.DataFrame | None:
    """The rows that ``query`` gives; its index counts them from 1.

    Whatever the query does, it is rolled back.
    """
    try:
        engine = sa.create_engine(url)
    except ModuleNotFoundError as error:
        problems.append(f"the driver {error.name!r} for this kind of database is not installed.")
        return None
    except ArgumentError:
        problems.append(f"{url.drivername!r} is not a kind of database that SQLAlchemy knows.")
        return None
    try:
        with engine.connect() as connection:
            plain = connection.execution_options(no_parameters=True)  # a % is only a %
            result = plain.exec_driver_sql(query)
            rows = [tuple(row) for row in result]
            table = pd.DataFrame.from_records(rows, columns=list(result.keys()))
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__).strip()
        problems.append(f"the database refused: {reason}")
        return None
    finally:
        engine.dispose()
    return table.set_axis(pd.RangeIndex(1, len(table) + 1, name="row"), axis=0)


def fingerprint(table: pd.DataFrame) -> tuple[str, int]:
    """Hash and size of a result as CSV with its rows in order, whatever order the database chose."""
    header, *rows = table.to_csv(index=False, lineterminator="\n").splitlines(keepends=True)
    data = "".join([header, *sorted(rows)]).encode()
    return sha256(data), len(data)
