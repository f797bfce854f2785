"""For tests that evaluate models, and do not look at the pictures of their reports."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rul_platform.reports import style


@contextmanager
def small_pictures() -> Iterator[None]:
    """Draw every picture still, but small and with fixed margins: some seconds less per evaluation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "DOTS_PER_INCH", 50)
        patch.setattr(style, "LAYOUT", "none")
        yield


@pytest.fixture(autouse=True)
def plain_pictures() -> Iterator[None]:
    """Small pictures for every test; fixtures of a wider scope ask for them by themselves."""
    with small_pictures():
        yield
