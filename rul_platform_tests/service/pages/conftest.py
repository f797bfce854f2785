"""A browser for the tests of pages, and where their pictures are kept."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a module's tests; each opens contexts of its own.

    Not for all modules: while it is open its event loop runs in this thread, and nobody else's could.
    """
    path = os.environ.get("RUL_TEST_CHROMIUM") or shutil.which("chromium")  # noqa: TID251  tests' door
    if not path:
        pytest.skip("no chromium on the path and RUL_TEST_CHROMIUM does not name one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def artefacts() -> Path | None:
    """Where screenshots for people go: the folder that RUL_TEST_ARTEFACTS names, else nowhere."""
    named = os.environ.get("RUL_TEST_ARTEFACTS")  # noqa: TID251  likewise
    if not named:
        return None
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
