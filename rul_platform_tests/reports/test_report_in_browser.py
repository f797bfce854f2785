"""The report in a real browser: no script, no network, no error, and no scrolling sideways."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

from rul_platform.core.evaluation import evaluate
from rul_platform.reports.html import render_report
from rul_platform_tests.reports.conftest import predicted_plant

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE, DESK = {"width": 380, "height": 800}, {"width": 1280, "height": 900}
TOO_WIDE = """() => [...document.querySelectorAll('body *')]
    .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
    .map(e => e.tagName + '.' + e.className)"""


@pytest.fixture(scope="module")
def context(tmp_path_factory) -> Iterator[BrowserContext]:
    """A browser of its own: new user data, no script, cut off from the network."""
    chromium = os.environ.get("RUL_TEST_CHROMIUM") or shutil.which("chromium")  # noqa: TID251  tests' door
    if not chromium:
        pytest.skip("no chromium on the path and RUL_TEST_CHROMIUM does not name one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("browser"), executable_path=chromium, args=FLAGS,
            java_script_enabled=False, offline=True,
        )  # fmt: skip
        yield browser
        browser.close()


@pytest.fixture
def address(plant_report, tmp_path) -> str:
    """Where the report lies, as a file."""
    path = tmp_path / "report.html"
    path.write_bytes(plant_report)
    return path.as_uri()


@pytest.fixture
def heard() -> dict[str, list[str]]:
    """What the browser complained of and asked for."""
    return {"complaints": [], "requests": []}


@pytest.fixture
def opened(context, heard) -> Iterator[Page]:
    """A tab that remembers all of it."""
    page = context.new_page()
    page.on("console", lambda message: heard["complaints"].append(message.text))
    page.on("pageerror", lambda error: heard["complaints"].append(str(error)))
    page.on("request", lambda request: heard["requests"].append(request.url))
    yield page
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_it_opens_offline_without_a_complaint(scheme, size, address, opened, heard):
    opened.set_viewport_size(size)
    opened.emulate_media(color_scheme=scheme)
    opened.goto(address)

    assert opened.get_by_role("heading", name="The fine-tuned model is off by").is_visible()
    assert [url for url in heard["requests"] if not url.startswith("data:image/png")] == [address]
    assert heard["complaints"] == []
    assert opened.evaluate("[...document.images].map(i => i.complete && i.naturalWidth > 0)") == (
        [True] * 11
    )


@pytest.mark.parametrize(
    "size", [PHONE, {"width": 700, "height": 900}, {"width": 720, "height": 900}, DESK]
)
def test_nothing_has_to_be_scrolled_sideways(size, address, opened):
    """Neither the page, nor a table in it; long hashes break."""
    opened.set_viewport_size(size)
    opened.goto(address)

    assert opened.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert opened.evaluate(TOO_WIDE) == []


def test_names_without_a_space_are_broken_rather_than_scrolled(opened, tmp_path):
    """Names of units, models and life units are the plant's own."""
    name, given = "long" * 20, predicted_plant()
    predictions = {"fine-tuned": given.predictions["fine-tuned"], name: given.truth}
    units = np.array([unit + name for unit in given.unit_ids])
    odd = replace(
        given, title=name, predictions=predictions, unit_ids=units, facts={name: name * 2},
        notes=(name,), life_unit="megamicroseconds",
    )  # fmt: skip
    path = tmp_path / "report.html"
    path.write_bytes(render_report(evaluate(odd, seed=0, resamples=20)))
    for size in (PHONE, DESK):
        opened.set_viewport_size(size)
        opened.goto(path.as_uri())
        assert opened.evaluate(TOO_WIDE) == []


def test_dark_mode_is_dark_and_light_mode_is_light(address, opened):
    seen = {}
    for scheme in ("light", "dark"):
        opened.emulate_media(color_scheme=scheme)
        opened.goto(address)
        color = opened.evaluate("getComputedStyle(document.body).backgroundColor")
        picture = opened.evaluate("document.images[0].currentSrc")
        seen[scheme] = (sum(int(part) for part in color[4:-1].split(",")), picture)

    assert seen["light"][0] > 600 > 120 > seen["dark"][0]
    assert seen["light"][1] != seen["dark"][1]
