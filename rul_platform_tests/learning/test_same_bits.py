"""Same inputs, seed and kind of machine: the same weights, bit for bit.

What is not promised, and why, stands in docs/transfer-learning.md.
"""

import json
import os
import subprocess
import sys

import pytest

from rul_platform_tests.learning.same_bits import fingerprints

KINDS = ("lstm", "gru", "tcn", "fine-tuning", "full history", "boosting", "ensemble")


@pytest.fixture(scope="module")
def here() -> dict[str, str]:
    """Of this process, which has done other things before."""
    return fingerprints()


def elsewhere(hash_seed: str) -> dict[str, str]:
    """Of a new process, in which sets and dictionaries of text have another order."""
    environ = {**os.environ, "PYTHONHASHSEED": hash_seed}  # noqa: TID251  a shell
    done = subprocess.run(
        [sys.executable, "-m", "rul_platform_tests.learning.same_bits"],
        env=environ, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_a_repetition_in_one_process_gives_the_same_bits(here: dict[str, str]):
    assert tuple(here) == KINDS
    assert fingerprints() == here


@pytest.mark.parametrize("hash_seed", ["1", pytest.param("2", marks=pytest.mark.long)])
def test_another_process_gives_the_same_bits(here: dict[str, str], hash_seed: str):
    assert elsewhere(hash_seed) == here


def test_the_hashes_tell_trainings_apart(here: dict[str, str]):
    """Else equal hashes would say nothing."""
    assert len(set(here.values())) == len(KINDS)
