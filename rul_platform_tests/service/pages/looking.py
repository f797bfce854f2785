"""Looking at pages: signed in over HTTP, and in a browser."""

import os
import re
import shutil
from pathlib import Path
from typing import Any

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from rul_platform.service.sessions import COOKIE
from rul_platform_tests.service.running import Running

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
DESK, PHONE = {"width": 1180, "height": 900}, {"width": 390, "height": 844}


def chromium() -> str:
    """Where the browser is; skips where there is none."""
    path = os.environ.get("RUL_TEST_CHROMIUM") or shutil.which("chromium")  # noqa: TID251  tests' door
    if not path:
        pytest.skip("no chromium on the path and RUL_TEST_CHROMIUM does not name one")
    return path


def session(running: Running, scope: str = "read") -> str:
    """The cookie of somebody who signed in with a token of this scope."""
    number = running.tokens[scope].split("_")[1]
    return running.parts.sessions.issue(number, running.home.now())


def signed_in(running: Running, scope: str = "read", **more: Any) -> httpx2.Client:
    """A client with a session, that asks for pages."""
    headers = {"Cookie": f"{COOKIE}={session(running, scope)}", "Accept": "text/html"}
    return httpx2.Client(base_url=running.url, headers=headers | more, timeout=30)


def text_of(page: str) -> str:
    """What stands on a page, without its tags."""
    body = page.partition("<main")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def opened(
    running: Running, browser: Browser, *, scheme: Any = "light", locale: str = "en-GB", **size: int
) -> BrowserContext:
    """A window that is signed in; what its pages complain of fails the test that closes it."""
    context = browser.new_context(
        viewport=size or DESK,
        color_scheme=scheme,
        locale=locale,  # pyright: ignore
    )
    context.add_cookies([{"name": COOKIE, "value": session(running), "url": running.url}])
    return context


def serious(page: Page) -> list[str]:
    """What axe finds serious or critical."""
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {node['target']}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def keep(page: Page, folder: Path | None, name: str) -> None:
    """A screenshot for people, where one is asked for: see ``artefacts``."""
    if folder is not None:
        page.screenshot(path=folder / f"{name}.png", full_page=True)
