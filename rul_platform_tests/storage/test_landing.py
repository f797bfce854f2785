"""Readings that came with predictions: kept once, read back as one history."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from rul_platform.errors import CorruptArtifactError, RecordError
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.landing import READINGS_FILE, LandingStore, _covering
from rul_platform.storage.operation_tables import LANDING

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Span(NamedTuple):
    """A landing, of which nothing counts but its span of life."""

    sha256: str
    first_life: int
    last_life: int


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "store")


@pytest.fixture
def landing(engine: sa.Engine, store: ArtifactStore) -> LandingStore:
    return LandingStore(engine, store)


def readings(*rows: tuple[str, float, float]) -> pd.DataFrame:
    """Unit, life and flow."""
    table = pd.DataFrame(rows, columns=["unit", "life", "flow"])
    table.insert(2, "condition", "0")
    return table


def rows_of(engine: sa.Engine) -> list[sa.RowMapping]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(LANDING).order_by(LANDING.c.id)).mappings())


def test_each_unit_becomes_an_artifact_of_its_own(
    landing: LandingStore, engine: sa.Engine, store: ArtifactStore
):
    kept = landing.add("press", readings(("b", 1.0, 5.0), ("a", 2.0, 6.0), ("a", 1.0, 5.0)), NOW)
    assert landing.sources("press") == [("a", kept["a"]), ("b", kept["b"])]
    first = rows_of(engine)[0]
    assert (first["unit"], first["rows"], first["first_life"], first["last_life"]) == ("a", 2, 1, 2)
    assert first["created_at"] == NOW
    assert set(store.artifact(kept["a"]).files) == {READINGS_FILE}


def test_what_was_kept_is_read_back_as_it_was(landing: LandingStore):
    table = readings(("a", 1.0, 5.25), ("a", 2.0, 6.0), ("b", 0.5, 7.0))
    landing.add("press", table, NOW)
    pd.testing.assert_frame_equal(landing.readings("press"), table)


def test_the_same_readings_are_kept_once_and_a_longer_history_beside_them(
    landing: LandingStore, engine: sa.Engine
):
    short, longer = readings(("a", 1.0, 5.0)), readings(("a", 1.0, 5.0), ("a", 2.0, 6.0))
    first = landing.add("press", short, NOW)
    assert landing.add("press", short.iloc[::-1], NOW + timedelta(days=1)) == first
    landing.add("press", longer, NOW)
    assert len(rows_of(engine)) == 2
    pd.testing.assert_frame_equal(landing.readings("press"), longer)


def test_the_newest_landing_wins_and_contradictions_are_told(landing: LandingStore):
    landing.add("press", readings(("a", 1.0, 5.0), ("a", 2.0, 6.0)), NOW)
    landing.add("press", readings(("a", 2.0, 9.0)), NOW)
    history = landing.history("press")
    assert history.readings["flow"].tolist() == [5.0, 9.0]
    assert history.contradictions == 1
    assert [(s.unit, s.sha256) for s in history.sources] == landing.sources("press")
    assert all(source.size > 0 for source in history.sources)


def test_what_arrives_again_after_something_else_is_the_newest_again(
    landing: LandingStore, engine: sa.Engine
):
    first, other = readings(("a", 1.0, 5.0)), readings(("a", 1.0, 9.0))
    for sent in (first, other, first, first):
        landing.add("press", sent, NOW)
    assert len(rows_of(engine)) == 3
    assert landing.readings("press")["flow"].tolist() == [5.0]
    history = landing.history("press")
    assert (len(history.sources), history.contradictions) == (2, 1)


def test_what_lands_under_a_name_after_its_units_end_is_another_machines(landing: LandingStore):
    day = timedelta(days=1)
    old = readings(*(("p1", float(life), 5.0) for life in range(1, 101)))
    landing.add("press", old, NOW)
    landing.add(
        "press", readings(*(("p1", float(life), 1.0) for life in range(1, 41))), NOW + 2 * day
    )
    landing.add("press", readings(("p2", 1.0, 7.0)), NOW + 2 * day)

    history = landing.history("press", ended={"p1": NOW + day})

    of_p1 = history.readings[history.readings["unit"] == "p1"]
    pd.testing.assert_frame_equal(of_p1, old)
    assert set(history.readings["unit"]) == {"p1", "p2"}
    assert (history.successors, history.contradictions, len(history.sources)) == (1, 0, 2)
    assert landing.history("press", ended={"p1": NOW}).successors == 1
    assert landing.history("press").successors == 0


def test_files_are_written_before_the_transaction_begins(
    landing: LandingStore, engine: sa.Engine, store: ArtifactStore
):
    """Nobody else who writes waits for the disk."""
    stored: list[int] = []
    event.listen(engine, "begin", lambda _: stored.append(len(list(store.root.glob("??/*")))))
    landing.add("press", readings(("a", 1.0, 5.0), ("b", 1.0, 5.0)), NOW)
    assert stored == [len(list(store.root.glob("??/*")))]
    assert stored[0] > 0


def test_plants_do_not_see_each_other(landing: LandingStore):
    landing.add("press", readings(("a", 1.0, 5.0)), NOW)
    assert landing.sources("pumps") == []
    assert landing.readings("pumps").empty


@pytest.mark.parametrize("values", [["Ann"], [True]])
def test_a_column_that_holds_no_numbers_is_refused_and_nothing_is_kept(
    landing: LandingStore, engine: sa.Engine, values: list[object]
):
    with pytest.raises(RecordError, match="with shift, which holds no numbers, but must be unit"):
        landing.add("press", readings(("a", 1.0, 5.0)).assign(shift=values), NOW)
    assert rows_of(engine) == []


def test_a_table_without_the_fleets_columns_is_refused(landing: LandingStore):
    with pytest.raises(RecordError, match=r"without condition, but must be unit, life and cond"):
        landing.add("press", readings(("a", 1.0, 5.0)).drop(columns="condition"), NOW)


def test_readings_that_were_changed_on_the_disk_are_not_used(
    landing: LandingStore, store: ArtifactStore
):
    sha256 = landing.add("press", readings(("a", 1.0, 5.0)), NOW)["a"]
    path = store.path(store.artifact(sha256), READINGS_FILE)
    path.chmod(0o644)
    path.write_bytes(b"other")
    with pytest.raises(CorruptArtifactError):
        landing.readings("press")


def test_a_stretch_between_newer_landings_is_read(landing: LandingStore):
    """As where the beginning is sent last: 0 to 10, after 90 to 100, after 11 to 89."""
    for first, last in ((11, 89), (90, 100), (0, 10)):
        lives = range(first, last + 1)
        landing.add("pumps", readings(*(("a", float(life), 5.0) for life in lives)), NOW)
    assert landing.of_unit("pumps", "a", 10)["life"].tolist() == [float(n) for n in range(101)]


SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12)), min_size=1, max_size=12)


@given(SPANS)
def test_no_life_is_left_out_and_nothing_is_read_for_nothing(spans: list[tuple[int, int]]):
    landings = [Span(f"{n}", first, first + more) for n, (first, more) in enumerate(spans)]
    kept = set(_covering(landings))  # pyright: ignore[reportArgumentType]  has what a row has
    covered = set[int]()
    for each in landings:
        lives = set(range(2 * each.first_life, 2 * each.last_life + 1))  # by halves: gaps count too
        assert (each.sha256 in kept) == (not lives <= covered)
        covered |= lives


def test_one_unit_s_history_is_read_from_as_few_landings_as_cover_it(landing: LandingStore):
    """The newest, and older ones that reach further; at one life the newest counts."""
    for rows in (
        [("a", 1.0, 5.0), ("a", 2.0, 6.0), ("b", 1.0, 9.0)],
        [("a", 2.0, 7.0), ("a", 3.0, 8.0)],
        [("a", 3.0, 8.5)],
    ):
        landing.add("pumps", readings(*rows), NOW)

    found = landing.of_unit("pumps", "a", 10)
    assert found["life"].tolist() == [1.0, 2.0, 3.0]
    assert found["flow"].tolist() == [5.0, 7.0, 8.5]
    assert landing.of_unit("pumps", "a", 1)["flow"].tolist() == [8.5]
    assert landing.of_unit("pumps", "nobody", 10).empty
