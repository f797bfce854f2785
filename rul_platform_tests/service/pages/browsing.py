"""A person with a real browser: a size, a scheme, a language, and what the browser complained of."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from rul_platform_tests.service.running import Running

PHONE, DESK = (380, 800), (1280, 900)
TOO_WIDE = """() => [...document.querySelectorAll('body *')]
    .filter(e => !e.closest('.hidden, .skip, svg, details:not([open]) > .pop'))
    .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
    .map(e => e.tagName + '.' + e.className)"""
GRAVE = ("serious", "critical")


@dataclass(slots=True)
class Person:
    """Somebody at a browser.

    Attributes:
        page: Their tab.
        url: Where the service is.
        complaints: What the browser did not like.
    """

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to a page, and wait until it is there."""
        self.page.goto(self.url + path, wait_until="load")

    def sign_in(self, token: str) -> None:
        """By the form."""
        self.open("/sign-in")
        self.page.locator("#token").fill(token)
        self.page.locator("form[action='/sign-in'] button").click()
        self.page.locator("form[action='/sign-out']").wait_for()

    def keep(self, folder: Path | None, name: str) -> None:
        """A picture of the whole page, where somebody wants to look at it: it takes a second."""
        if folder is not None:
            self.page.screenshot(path=folder / f"{name}.png", full_page=True)

    def too_wide(self) -> list[str]:
        """What cannot be seen without scrolling sideways."""
        width = self.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        return self.page.evaluate(TOO_WIDE) + (["the page"] if width else [])

    def barriers(self) -> list[str]:
        """What keeps people out, by axe-core: the serious and critical kind."""
        found: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [
            f"{each['id']}: {[node['html'][:120] for node in each['nodes'][:3]]}"
            for each in found
            if each["impact"] in GRAVE
        ]


@contextmanager
def person(
    chromium: Browser,
    running: Running,
    *,
    scope: str | None = "all",
    size: tuple[int, int] = DESK,
    scheme: str = "light",
    language: str = "en-GB",
    **more: Any,
) -> Iterator[Person]:
    """Somebody who is signed in with a token of this scope, or not at all."""
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, locale=language, **more
    )  # type: ignore[arg-type]
    somebody = Person(context.new_page(), running.url)
    somebody.page.on("console", lambda said: somebody.complaints.append(said.text))
    somebody.page.on("pageerror", lambda error: somebody.complaints.append(str(error)))
    try:
        if scope is not None:
            somebody.sign_in(running.tokens[scope])
        yield somebody
    finally:
        context.close()
