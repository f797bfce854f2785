"""Runs that are merged: the order of all, whatever the runs and batches."""

from collections.abc import Iterator

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rul_platform.core.sorted_runs import Rows, Run, merge


def rows_of(keys: list[tuple[int, float]]) -> Rows:
    """Readings whose place tells where they stood."""
    unit, life = (np.array([key[at] for key in keys]) for at in (0, 1))
    place = np.arange(len(keys))
    return Rows(
        unit.astype(np.int64),
        life.astype(np.float64),
        np.zeros(len(keys), np.int64),
        np.zeros(len(keys), np.int64),
        place,
        place[:, None].astype(np.float64),
    )


def run_of(rows: Rows, batch: int) -> Run:
    def read() -> Iterator[Rows]:
        for at in range(0, len(rows), batch):
            yield rows.at(slice(at, at + batch))

    return Run(rows.key(0), read)


@given(
    keys=st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 50).map(float)),
        min_size=1,
        max_size=120,
        unique=True,
    ),
    run_rows=st.integers(1, 50),
    batch=st.integers(1, 20),
    piece_rows=st.integers(1, 60),
)
@settings(deadline=None, max_examples=60)
def test_the_merge_is_the_sort(
    keys: list[tuple[int, float]], run_rows: int, batch: int, piece_rows: int
):
    whole = rows_of(keys)
    runs = [
        run_of(whole.at(slice(at, at + run_rows)).ordered(), batch)
        for at in range(0, len(keys), run_rows)
    ]
    pieces = list(merge(runs, piece_rows=piece_rows))
    assert all(len(piece) >= piece_rows for piece in pieces[:-1])
    merged, expected = Rows.joined(pieces), whole.ordered()
    for name in ("unit", "life", "place", "values"):
        assert np.array_equal(getattr(merged, name), getattr(expected, name))


def test_of_runs_that_follow_each_other_one_is_held():
    """An export that is in order already takes the memory of a batch."""
    opened: list[int] = []

    def run(number: int) -> Run:
        rows = rows_of([(number, float(life)) for life in range(6)])

        def read() -> Iterator[Rows]:
            opened.append(number)
            for at in range(0, 6, 2):
                yield rows.at(slice(at, at + 2))

        return Run(rows.key(0), read)

    merged = merge([run(2), run(0), run(1)], piece_rows=1)
    seen = [(piece.key(0), list(opened)) for piece in merged]
    assert [key for key, _ in seen] == [(u, float(at)) for u in range(3) for at in (0, 2, 4)]
    assert [known for _, known in seen[::3]] == [[0], [0, 1], [0, 1, 2]]


def test_a_place_that_stands_twice_comes_twice_in_a_row():
    runs = [run_of(rows_of([(0, 1.0), (0, 2.0)]), 1), run_of(rows_of([(0, 2.0), (0, 3.0)]), 1)]
    merged = Rows.joined(list(merge(runs, piece_rows=1)))
    assert merged.life.tolist() == [1.0, 2.0, 2.0, 3.0]
