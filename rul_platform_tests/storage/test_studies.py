"""Where searches keep their trials: beside the platform's tables, and never among them."""

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from rul_platform.learning.recipes.search import search
from rul_platform.learning.recipes.studies import Search
from rul_platform.storage.database import connect, migrate
from rul_platform.storage.studies import SCHEMA, study_place
from rul_platform_tests.learning.study_ground import SPACE, ground


def test_trials_and_our_tables_share_a_database_and_leave_each_other_alone(
    new_database: Callable[[], str], tmp_path: Path
):
    """Both number their revisions in a table `alembic_version`."""
    url = new_database()
    engine = connect(url)
    migrate(engine)
    ours = set(sa.inspect(engine).get_table_names())
    place = study_place(url, tmp_path)
    asked = Search(
        name="pumps", trials=2, workers=1, url=place.url, connect_args=place.connect_args
    )
    found = search(ground(steps=2), SPACE, asked)
    again = search(ground(steps=2), SPACE, asked)
    assert again.trials.equals(found.trials)
    assert len(found.trials) == 2
    assert set(sa.inspect(engine).get_table_names()) == ours
    migrate(engine)
    if engine.dialect.name == "postgresql":
        assert "trials" in sa.inspect(engine).get_table_names(schema=SCHEMA)
        assert not (tmp_path / "studies.db").exists()
    else:
        assert (tmp_path / "studies.db").exists()
    engine.dispose()


def test_a_place_never_shows_its_password():
    from rul_platform.storage.studies import StudyPlace

    place = StudyPlace("postgresql+psycopg2://rul:hunter2@db/rul", {})
    assert "hunter2" not in repr(place)
    assert "hunter2" not in repr(Search(name="pumps", trials=1, url=place.url))


def test_the_file_of_studies_is_written_ahead(tmp_path: Path):
    """So that workers who read do not wait for the one who writes."""
    place = study_place(None, tmp_path)
    engine = sa.create_engine(place.url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    engine.dispose()
