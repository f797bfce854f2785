"""The bench of killed deployments, small."""

from pathlib import Path

from rul_platform_tests.benches.bench_deploy import Books, kill_many


def test_whatever_a_kill_leaves_is_a_whole_state(database_url: str, tmp_path: Path):
    books = Books.begin(database_url, tmp_path)

    ends, problems = kill_many(books, 12, seed=3)

    assert problems == []
    assert sum(count for end, count in ends.items() if end.startswith("killed")) == 12
    assert books.problems() == []
