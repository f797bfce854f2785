"""Model, retraining and audit in a browser: readable, by keyboard, on a phone, in the dark, live."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from rul_platform.operation import triggering
from rul_platform.reports.layers import BOX_WIDTH
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.operation.served import PRESS, add_version, serve
from rul_platform_tests.service.pages.lifecycle import one_more_asset, rated, story
from rul_platform_tests.service.pages.looking import (
    DESK,
    FLAGS,
    PHONE,
    chromium,
    keep,
    opened,
    serious,
)
from rul_platform_tests.service.running import Running, serving

PAGES = {
    "plants": "/",
    "model": f"/plants/{PRESS}/model",
    "retraining": f"/plants/{PRESS}/retraining",
    "audit": f"/plants/{PRESS}/audit",
    "version": f"/audit/versions/{PRESS}:2",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield made
        made.close()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service at a plant with a past and with ratings, and at one that is new."""
    home = Home(Settings.read({"RUL_HOME": str(tmp_path_factory.mktemp("told"))}))
    story(home)
    rated(home, 74, 33)
    serve(home, name="quiet")
    with serving(home) as running:
        yield running
    home.engine.dispose()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_it_is_readable(
    told: Running,
    browser: Browser,
    artefacts: Path | None,
    name: str,
    size: dict[str, int],
    scheme: str,
):
    context, complaints = opened(told, browser, scheme=scheme, **size), list[str]()
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    answer = page.goto(told.url + PAGES[name])
    assert answer is not None
    assert answer.status == 200
    assert page.url == told.url + PAGES[name]
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    keep(page, artefacts, f"{name}_{size['width']}_{scheme}")
    assert serious(page) == []
    assert complaints == []
    context.close()


@pytest.mark.parametrize("name", ["model", "retraining", "audit"])
def test_a_plant_where_nothing_is_yet_looks_meant(
    browser: Browser, artefacts: Path | None, tmp_path: Path, name: str
):
    home = Home(Settings.read({"RUL_HOME": str(tmp_path / "home")}))
    add_version(home, 0)
    with serving(home) as running:
        context = opened(running, browser)
        page = context.new_page()
        page.goto(running.url + PAGES[name])
        keep(page, artefacts, f"{name}_empty")
        assert serious(page) == []
        context.close()
    home.engine.dispose()


def test_times_in_charge_are_told_to_the_keyboard(told: Running, browser: Browser):
    context = opened(told, browser)
    page = context.new_page()
    page.goto(told.url + PAGES["model"])
    spans = page.locator(".charge-chart .span")
    expect(spans).to_have_count(4)
    tip = spans.nth(3).locator(".tip")
    expect(tip).to_be_hidden()
    spans.nth(3).focus()
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("rolled back to it")
    context.close()


def test_on_a_phone_origins_are_a_list(told: Running, browser: Browser):
    context = opened(told, browser, **PHONE)
    page = context.new_page()
    page.goto(told.url + PAGES["version"])
    expect(page.locator(".graph")).to_be_hidden()
    expect(page.locator(".tree").get_by_text("plant_source").first).to_be_visible()
    context.close()


FITS = """() => [...document.querySelectorAll('.node')].map(node => {
    const box = node.querySelector('rect').getBoundingClientRect();
    const texts = [...node.querySelectorAll('text')].map(text => text.getBoundingClientRect());
    return [box.width, ...texts.map(text => box.right - text.right)];
})"""


@pytest.mark.parametrize("width", [900, 1300, 2500])
def test_the_graph_keeps_its_size_and_its_words_inside(told: Running, browser: Browser, width: int):
    """A graph of few boxes was drawn larger, so that its type was huge and left the boxes."""
    context = opened(told, browser, width=width, height=900)
    page = context.new_page()
    page.goto(told.url + PAGES["version"])
    for box, *left in page.evaluate(FITS):
        assert box == pytest.approx(BOX_WIDTH - 2, abs=2)
        assert len(left) == 3
        assert min(left) > 0
    assert {len(each) for each in page.locator(".node text.code").all_text_contents()} == {12}
    context.close()


def test_a_box_of_the_graph_leads_to_its_line(told: Running, browser: Browser):
    context = opened(told, browser)
    page = context.new_page()
    page.goto(told.url + PAGES["version"])
    page.locator(".node").last.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".tree li:target")).to_be_visible()
    context.close()


def test_an_answer_is_looked_up_by_keyboard(told: Running, browser: Browser):
    number = rated(told.home, 0, 1)
    context = opened(told, browser)
    page = context.new_page()
    page.goto(told.url + PAGES["audit"])
    page.get_by_label("Id of a prediction").fill(number)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Where this answer comes from")
    page.get_by_role("link", name="Everything recorded, as one page").click()
    expect(page.get_by_text(number)).to_be_visible()
    context.close()


def test_a_decision_appears_in_the_audit_while_one_writes_a_question(
    browser: Browser, tmp_path: Path
):
    home = Home(Settings.read({"RUL_HOME": str(tmp_path / "home")}))
    story(home)
    with serving(home) as running:
        context = opened(running, browser)
        page = context.new_page()
        page.goto(running.url + PAGES["audit"])
        rows = page.locator(".ledger > li")
        before = int(rows.first.get_attribute("value") or 0)
        page.locator("#subject").fill("half of a ha")
        triggering.force(home, PRESS, actor="a" * 64, reason="the audit saw it", now=home.now())
        expect(rows.first.get_by_text("the audit saw it")).to_be_visible()
        assert int(rows.first.get_attribute("value") or 0) > before
        expect(page.locator("#subject")).to_have_value("half of a ha")
        context.close()
    home.engine.dispose()


def test_a_retrain_appears_and_moves_on_while_one_watches(
    browser: Browser, artefacts: Path | None, tmp_path: Path
):
    home = Home(Settings.read({"RUL_HOME": str(tmp_path / "home")}))
    story(home)
    with serving(home) as running:
        context = opened(running, browser)
        page = context.new_page()
        page.goto(running.url + PAGES["retraining"])
        expect(page.get_by_role("heading", name="No retrain now")).to_be_visible()
        asked = triggering.force(home, PRESS, actor="a" * 64, reason="test", now=home.now())
        expect(page.get_by_role("heading", name=f"Retrain {asked.id}", exact=True)).to_be_visible()
        home.retrains.start(asked.id, attempt=1, run_id="r1", now=home.now())
        current = page.locator("[aria-current=step]")
        expect(current).to_contain_text("Collect")
        for name in ("Prepare", "Prepare", "Train", "Evaluate"):
            one_more_asset(home, asked.id, "r1")
            expect(current).to_contain_text(name)
        keep(page, artefacts, "retraining_under_way")
        home.retrains.close(asked.id, "rejected", verdict="REJECT", now=home.now())
        expect(page.get_by_role("heading", name="Cooling down")).to_be_visible()
        expect(current).to_have_count(0)
        context.close()
    home.engine.dispose()
