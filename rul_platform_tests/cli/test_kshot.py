"""`rul kshot`: what is refused before any work."""

from pathlib import Path

import pytest

from rul_platform_tests.cli.terminal import Terminal


@pytest.fixture
def fresh(tmp_path: Path) -> Terminal:
    """A home with nothing in it."""
    return Terminal(tmp_path / "home")


def test_a_target_among_its_own_sources_is_refused_at_once(fresh: Terminal):
    said = fresh.is_refused("kshot", "--target", "FD003", "--source", "FD001", "--source", "FD003")
    assert "A study on FD003 would learn first from FD001, FD003" in said
    assert not (fresh.folder / "store").exists()


def test_the_simulated_subset_has_no_default_source(fresh: Terminal):
    assert "would learn first from nothing" in fresh.is_refused("kshot", "--target", "SIM")


def test_a_k_of_one_is_wrong_usage(fresh: Terminal):
    done = fresh.types("kshot", "--target", "FD003", "-k", "1")
    assert done.code == 2
    assert "1 is not in the range x>=2" in done.err
