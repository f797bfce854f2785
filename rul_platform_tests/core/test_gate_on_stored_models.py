"""The gate on models that were really trained: a sample of what ``bench_gate`` prints of all pairs."""

import pandas as pd
import pytest

from rul_platform_tests.benches.bench_gate import STORED, Outcome, chosen, groups, judged

ANEW, BETTER, RETRAINED, NEW_DATA = range(4)


@pytest.fixture(scope="module")
def outcomes() -> list[list[Outcome]]:
    """Of twenty pairs of each group."""
    table = pd.read_parquet(STORED)
    return [list(judged(table, chosen(g, 20))) for g in groups(list(table.columns[3:]))]


def promoted(outcomes: list[Outcome]) -> int:
    return sum(outcome.is_promoted for outcome in outcomes)


def test_another_seed_alone_rarely_promotes_and_never_as_often_as_the_threshold(outcomes):
    passing = sum(outcome.gain >= 0.02 for outcome in outcomes[ANEW])
    assert promoted(outcomes[ANEW]) <= 4 < passing


def test_retraining_on_what_is_known_rarely_promotes(outcomes):
    assert promoted(outcomes[RETRAINED]) <= 3


def test_twice_the_engines_are_mostly_seen(outcomes):
    assert promoted(outcomes[BETTER]) >= 8
    assert promoted(outcomes[NEW_DATA]) >= 8
