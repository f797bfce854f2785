"""Where searches of hyperparameters keep their trials: a database beside the platform's own tables.

On SQLite a file of its own, ``studies.db`` in the home folder. On PostgreSQL a schema of its own: the
search library numbers its revisions in a table of the same name as ours.

Belongs here: the place. Does not belong here: what is in it (``learning.recipes.search``).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2.extensions
import sqlalchemy as sa

from rul_platform.storage.database import BUSY_SECONDS, connect, writing

SCHEMA = "rul_studies"


class StudyConnection(psycopg2.extensions.connection):
    """A connection to PostgreSQL whose transactions find the tables of studies.

    The search library names tables without their schema. Said once for a connection, in its options or
    by ``SET``, the schema would be refused by PgBouncer, or reach another client's transaction.
    """

    def cursor(self, *args: Any, **kwargs: Any) -> Any:
        """As of any connection; the first one in a transaction begins it with the schema."""
        if self.status == psycopg2.extensions.STATUS_READY and not self.autocommit:
            with super().cursor() as first:
                first.execute(f"SET LOCAL search_path TO {SCHEMA}")
        return super().cursor(*args, **kwargs)


@dataclass(frozen=True, slots=True)
class StudyPlace:
    """How to reach the trials, also from another process.

    Attributes:
        url: May hold a password: never shown.
        connect_args: For the driver.
    """

    url: str
    connect_args: dict[str, Any]

    def __repr__(self) -> str:
        return f"StudyPlace({sa.make_url(self.url)!r})"  # SQLAlchemy hides the password


def study_place(database_url: str | None, folder: Path) -> StudyPlace:
    """Make the place where it is missing.

    Args:
        database_url: The platform's, where it is not the home's own file.
        folder: The home folder.

    Raises:
        SettingsError: It is no URL of a database that we know.
    """
    engine = connect(database_url) if database_url else None
    if engine is not None and engine.dialect.name == "postgresql":
        with writing(engine) as connection:
            if (
                SCHEMA not in sa.inspect(connection).get_schema_names()
            ):  # else no right is needed for it
                connection.execute(sa.schema.CreateSchema(SCHEMA, if_not_exists=True))
        url = engine.url.render_as_string(hide_password=False)
        engine.dispose()
        return StudyPlace(url, {"connection_factory": StudyConnection})
    file = connect(sa.URL.create("sqlite", database=str(folder / "studies.db")))
    with file.connect():
        pass  # a first connection sets the file to write ahead, for good
    url = file.url.render_as_string(hide_password=False)
    file.dispose()
    return StudyPlace(url, {"timeout": BUSY_SECONDS})
