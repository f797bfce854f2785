"""For tests that evaluate models, and do not look at the pictures of their reports."""

import pytest

from rul_platform.reports import style


@pytest.fixture(autouse=True)
def plain_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw every picture still, but small and with fixed margins: some seconds less per evaluation.

    What fixtures of a wider scope make has pictures as they are.
    """
    monkeypatch.setattr(style, "DOTS_PER_INCH", 50)
    monkeypatch.setattr(style, "LAYOUT", "none")
