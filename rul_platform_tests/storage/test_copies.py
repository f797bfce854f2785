"""A throwaway copy of one plant, and that the original never notices."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from rul_platform.errors import MissingArtifactError
from rul_platform.settings import Settings
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.column_types import METADATA
from rul_platform.storage.copies import LEFT_BEHIND, WHOLE, OverlayStore, copy_rows, throwaway_copy
from rul_platform.storage.database import connect, migrate
from rul_platform.storage.home import Home
from rul_platform.storage.operation_tables import DELIVERY

PLANT = "press"


@pytest.fixture
def target(tmp_path: Path) -> Iterator[sa.Engine]:
    """An empty database for the copy."""
    engine = connect(f"sqlite:///{tmp_path / 'copy.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


def rows(engine: sa.Engine, table: sa.Table) -> list[dict[str, object]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(sa.select(table)).mappings()]


def files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_plants_rows_are_copied_from_either_database(filled: sa.Engine, target: sa.Engine):
    copy_rows(filled, target, PLANT)
    for table in METADATA.sorted_tables:
        expected = [] if table in (*LEFT_BEHIND, DELIVERY) else rows(filled, table)
        assert rows(target, table) == expected, table.name


def test_another_plants_rows_stay_behind(filled: sa.Engine, target: sa.Engine):
    copy_rows(filled, target, "another")
    copied = {table.name for table in METADATA.sorted_tables if rows(target, table)}
    assert copied == {table.name for table in WHOLE}


def test_an_overlay_reads_from_beneath_and_writes_above(tmp_path: Path):
    beneath = ArtifactStore(tmp_path / "beneath")
    old = beneath.write({"a": b"old"})
    before = files(tmp_path / "beneath")
    overlay = OverlayStore(tmp_path / "above", beneath)
    new = overlay.write({"a": b"new", "b": b"old"})
    assert overlay.read(overlay.artifact(old.sha256), "a") == b"old"
    assert overlay.path(old, "a").read_bytes() == b"old"
    assert overlay.read(overlay.artifact(new.sha256), "a") == b"new"
    assert files(tmp_path / "beneath") == before
    with pytest.raises(MissingArtifactError):
        overlay.artifact("0" * 64)


def test_an_overlay_mends_nothing_beneath(tmp_path: Path):
    """What is damaged there stays so, for whoever is to see it."""
    beneath = ArtifactStore(tmp_path / "beneath")
    path = beneath.path(beneath.write({"a": b"whole"}), "a")
    path.chmod(0o644)
    path.write_bytes(b"torn!")
    overlay = OverlayStore(tmp_path / "above", beneath)
    overlay.write({"a": b"whole"})
    assert path.read_bytes() == b"torn!"


def test_what_happens_in_a_copy_stays_there(tmp_path: Path):
    home = Home(Settings.read({"RUL_HOME": str(tmp_path / "home")}))
    home.plants.mkdir(parents=True)
    home.plant_file("line").write_text("a plant file")
    made = home.store.write({"a": b"model"})
    home.registry.register("line", made.sha256, now=home.now())
    home.engine.dispose()
    before = files(tmp_path / "home")
    folder = tmp_path / "copy"
    folder.mkdir()
    home = Home(home.settings)
    with throwaway_copy(home, "line", folder) as copy:
        assert copy.plant_file("line").read_text() == "a plant file"
        (version,) = copy.registry.versions("line")
        assert copy.store.read(copy.store.artifact(version.sha256), "a") == b"model"
        second = copy.registry.register(
            "line", copy.store.write({"a": b"2"}).sha256, now=copy.now()
        )
        assert second.number == 2
    home.engine.dispose()
    assert files(tmp_path / "home") == before
