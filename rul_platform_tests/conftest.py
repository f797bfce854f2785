"""What every test may ask for."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder that holds ``CMAPSSData.zip`` and ``phme20_filters.zip``; skips without it."""
    value = os.environ.get("RUL_TEST_DATA")  # noqa: TID251  the test run's own door
    if not value or not Path(value).is_dir():
        pytest.skip("RUL_TEST_DATA does not name the folder with the real data sets")
    return Path(value)
