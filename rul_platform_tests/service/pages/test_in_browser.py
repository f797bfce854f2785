"""The pages in a real browser: what people do, on any screen, with any of their senses."""

import re

import pytest
from playwright.sync_api import expect

from rul_platform.operation.intake import OutcomeRow, add_outcomes
from rul_platform_tests.operation.served import PRESS
from rul_platform_tests.service.pages.browsing import DESK, PHONE, person
from rul_platform_tests.service.pages.visiting import ask, path_of
from rul_platform_tests.service.running import Running

FLEET = f"/plants/{PRESS}"
MACHINE = "hall 2/pump-7"
PAGES = {
    "sign_in": "/sign-in?next=/&over=1",
    "fleet": FLEET,
    "fleet_empty": f"{FLEET}?search=nothing",
    "unit": path_of(MACHINE),
    "unit_ended": path_of("ended"),
    "unit_short": path_of("short"),
    "not_found": "/nowhere",
}


@pytest.fixture(scope="module")
def fleet(running: Running) -> Running:
    """Machines over their lives, one that ended, one that has hardly begun."""
    for hours in (10, 20, 30, 40, 50, 58):
        ask(running, MACHINE, "ended", "a-name-without-any-space-" * 4, hours=hours)
    ask(running, "pump-8", "pump-10", hours=25)
    ask(running, "short", hours=3)
    add_outcomes(running.home, PRESS, [OutcomeRow("ended", "failed", 60.0)], now=running.home.now())
    return running


def test_a_person_signs_in_finds_a_machine_and_says_what_they_think(chromium, fleet, artefacts):
    """From the door to a rating that is counted, with the mouse."""
    with person(chromium, fleet) as somebody:
        page = somebody.page
        expect(page.get_by_role("heading", name="Fleet", exact=True)).to_be_visible()
        page.get_by_label("Find a machine").fill("pump")
        page.get_by_role("button", name="Show", exact=True).click()
        page.get_by_role("link", name="Machine", exact=True).click()
        names = page.locator("tbody th").all_inner_texts()
        assert [name.strip() for name in names] == [MACHINE, "pump-8", "pump-10"]

        page.get_by_role("link", name=MACHINE).click()
        expect(page.get_by_role("heading", name=MACHINE)).to_be_visible()
        ask_box = page.locator(".ask")
        ask_box.get_by_text("Wrong", exact=True).click()
        assert ask_box.get_by_label("Why?").input_value() == ""
        ask_box.get_by_label("Why?").select_option(label="it fails sooner than that")
        somebody.keep(artefacts, "unit_rating")
        ask_box.get_by_role("button", name="Say that it is wrong").click()
        expect(page.get_by_text("Thank you, that is stored.")).to_be_visible()
        expect(page.locator(".ask").get_by_text("1 wrong")).to_be_visible()

        somebody.open(FLEET)
        expect(page.locator("[data-live=negative]")).to_have_text("1")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert somebody.complaints == []


@pytest.mark.parametrize("script", [True, False])
def test_what_was_said_to_a_form_is_seen_and_has_the_focus(chromium, fleet, script):
    """On a phone, where the form is far from the page's top; refused first, then stored."""
    name = f"far down {script}"
    ask(fleet, name, hours=40)
    with person(chromium, fleet, size=PHONE, java_script_enabled=script) as somebody:
        page, form = somebody.page, somebody.page.locator("form[action*=outcomes]")
        somebody.open(path_of(name))
        form.get_by_role("button").click()
        assert page.url.endswith(path_of(name))  # the browser asks for a choice first
        form.get_by_label("What happened?").select_option(label="replaced")
        form.get_by_label("After how long").fill("2")
        form.get_by_role("button").click()
        expect(page.locator("#told:focus")).to_contain_text("was seen at 40")
        expect(page.locator("#told")).to_be_in_viewport(ratio=1)
        expect(form.get_by_label("What happened?")).to_have_value("replaced")
        form.get_by_label("After how long").fill("41")
        form.get_by_role("button").click()
        expect(page.locator("#told:focus")).to_have_text("Thank you, that is stored.")
        expect(page.locator("#told")).to_be_in_viewport(ratio=1)
        page.locator(".answers summary").click()
        page.locator(".answers").get_by_role("button", name="Say that it is wrong").click()
        expect(page.locator("#answers #told:focus")).to_be_in_viewport(ratio=1)
        assert [each for each in somebody.complaints if "422" not in each] == []


def test_news_are_told_without_loading_the_page(chromium, fleet):
    with person(chromium, fleet) as somebody:
        somebody.open(FLEET)
        live = somebody.page.locator("#live")
        expect(live).to_be_hidden()
        ask(fleet, "pump-8", hours=30)
        expect(live).to_be_visible(timeout=15_000)
        live.get_by_role("link").click()
        expect(somebody.page.locator("#live")).to_be_hidden()


def test_everything_works_without_the_script(chromium, fleet):
    ask(fleet, "scriptless")
    with person(chromium, fleet, java_script_enabled=False) as somebody:
        page = somebody.page
        somebody.open(path_of("scriptless"))
        page.locator(".ask summary").click()
        page.locator(".ask").get_by_role("button", name="Say that it is wrong").click()
        expect(page.get_by_text("Thank you, that is stored.")).to_be_visible()


def test_the_keyboard_alone_is_enough(chromium, fleet):
    """Skip link first; then search, a machine, a rating, each with a focus that can be seen."""
    ask(fleet, "by-keyboard")
    with person(chromium, fleet) as somebody:
        page = somebody.page
        somebody.open(f"{FLEET}?search=by-keyboard")
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Skip to the content")
        assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
        page.keyboard.press("Enter")
        tab_to(page, "by-keyboard")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="by-keyboard")).to_be_visible()
        page.locator(".ask button").first.focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator(".ask .pop")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(".ask .pop")).to_be_hidden()
        expect(page.locator(":focus")).to_have_text("Wrong")
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Thank you, that is stored.")).to_be_visible()


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
@pytest.mark.parametrize("name", PAGES)
def test_on_a_phone_nothing_has_to_be_scrolled_sideways(chromium, fleet, artefacts, name, language):
    with person(chromium, fleet, size=PHONE, language=language, scope=scope_of(name)) as somebody:
        somebody.open(PAGES[name])
        somebody.keep(artefacts, f"{name}_phone_{language[:2]}")
        assert somebody.too_wide() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_nobody_is_kept_out(chromium, fleet, artefacts, name, scheme):
    """axe-core finds nothing serious: contrast, names, order, roles."""
    with person(chromium, fleet, scheme=scheme, scope=scope_of(name), bypass_csp=True) as somebody:
        somebody.open(PAGES[name])
        somebody.keep(artefacts, f"{name}_{scheme}")
        assert somebody.barriers() == []
        assert somebody.too_wide() == []


def test_dark_is_dark_and_light_is_light(chromium, fleet):
    seen = {}
    for scheme in ("light", "dark"):
        with person(chromium, fleet, scheme=scheme) as somebody:
            somebody.open(FLEET)
            color = somebody.page.evaluate("getComputedStyle(document.body).backgroundColor")
            seen[scheme] = sum(int(part) for part in re.findall(r"\d+", color)[:3])
    assert seen["light"] > 600 > 120 > seen["dark"]


def test_a_french_browser_gets_french_and_may_choose_english(chromium, fleet):
    with person(chromium, fleet, language="fr-FR") as somebody:
        page = somebody.page
        expect(page.get_by_role("heading", name="Parc")).to_be_visible()
        page.get_by_role("link", name="EN", exact=True).click()
        expect(page.get_by_role("heading", name="Fleet", exact=True)).to_be_visible()


def scope_of(name: str) -> str | None:
    """The door is for those who are not signed in."""
    return None if name == "sign_in" else "all"


def tab_to(page, text: str, *, most: int = 40) -> None:
    """Press Tab until something that says this has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == text:
            return
    pytest.fail(f"{text} cannot be reached with {most} presses of Tab")


def test_the_pages_ask_nobody_else_for_anything(chromium, fleet):
    with person(chromium, fleet, size=DESK) as somebody:
        asked = list[str]()
        somebody.page.on("request", lambda request: asked.append(request.url))
        somebody.open(path_of(MACHINE))
        assert [url for url in asked if not url.startswith((fleet.url, "data:"))] == []
        assert somebody.complaints == []
