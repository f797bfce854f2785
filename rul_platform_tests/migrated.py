"""Tables that are migrated once in a test run, and copied from then on.

Belongs here: the copy for SQLite. PostgreSQL copies a database itself: see ``databases``.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from rul_platform.storage.database import connect, migrate

NAME = "tables.db"


def migrate_once(folder: Path) -> None:
    """Make the file that others are copied from, in a new folder: all tables, no row."""
    engine = connect(f"sqlite:///{folder / NAME}")
    migrate(engine)
    engine.dispose()


def copy_tables(template: Path, to: Path) -> None:
    """Copy the file, whole or not at all; several processes may at once, and what is there stays."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=to.parent) as folder:
        copy = shutil.copyfile(template, Path(folder) / NAME)
        try:
            os.link(copy, to)
        except FileExistsError:
            return


def migrating_from(template: Path) -> Callable[[sa.Engine], None]:
    """``migrate``, which finds a copy of the template where it would find no file."""

    def copy_and_migrate(engine: sa.Engine) -> None:
        path = engine.url.database
        if engine.dialect.name == "sqlite" and path and not Path(path).exists():
            copy_tables(template, Path(path))
        migrate(engine)

    return copy_and_migrate
