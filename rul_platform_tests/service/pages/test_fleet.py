"""The fleet: newest answers, searched and sorted by the address alone."""

import csv
import io
import re
from datetime import timedelta

import pytest

from rul_platform.operation.intake import OutcomeRow, add_outcomes
from rul_platform.operation.views.fleet import OLD_AFTER, ON_A_PAGE, FleetQuestion, fleet_view
from rul_platform.storage.plant_examples import write_pump_line
from rul_platform_tests.operation.served import PRESS
from rul_platform_tests.service.pages.visiting import ask, visiting
from rul_platform_tests.service.running import Running

_ROW = re.compile(r'<th scope="row"><a href="/plants/press/units/[^"]+">([^<]+)</a>')


@pytest.fixture(scope="module")
def fleet(running: Running) -> Running:
    """Machines with answers early and late in life, one that was asked about twice, one that ended."""
    ask(running, "m-10", "m-9", hours=5)
    ask(running, "old<b>", "m-9", "gone", hours=55)
    add_outcomes(running.home, PRESS, [OutcomeRow("gone", "failed", 60.0)], now=running.home.now())
    return running


def shown(running: Running, query: str = "") -> list[str]:
    with visiting(running) as client:
        answer = client.get(f"/plants/{PRESS}{query}")
    assert answer.status_code == 200
    return _ROW.findall(answer.text)


def test_a_machine_stands_once_by_its_newest_answer_and_not_once_it_has_ended(fleet: Running):
    assert sorted(shown(fleet)) == ["m-10", "m-9", "old&lt;b&gt;"]
    newest = fleet_view(fleet.home, PRESS, None, FleetQuestion(search="m-9"), fleet.home.now())
    assert [each.newest.life for each in newest.machines] == [55.0]


def test_names_are_sorted_as_people_do_and_turned_round(fleet: Running):
    assert shown(fleet, "?sort=unit") == ["m-9", "m-10", "old&lt;b&gt;"]
    assert shown(fleet, "?sort=unit&order=down") == ["old&lt;b&gt;", "m-10", "m-9"]


def test_a_search_finds_parts_of_names_in_any_case(fleet: Running):
    assert shown(fleet, "?search=M-1") == ["m-10"]
    assert shown(fleet, "?search=%25") == []


def test_the_ended_ones_are_shown_when_asked_for(fleet: Running):
    assert shown(fleet, "?band=ended") == ["gone"]


@pytest.mark.parametrize(
    "query",
    ["?sort=nothing", "?page=0", "?page=99999999", "?page=x", "?band=x&order=x", "?page=\u0663"],
)
def test_an_address_that_asks_for_what_there_is_not_shows_the_fleet(fleet: Running, query: str):
    assert len(shown(fleet, query)) == 3


def test_bands_are_those_of_the_report(fleet: Running):
    slot = fleet.parts.slots.all()[PRESS]
    told = fleet_view(fleet.home, PRESS, slot, FleetQuestion(), fleet.home.now())
    assert told.card.bands.edges == (10.0, 25.0, 40.0)
    assert sum(told.in_band.values()) == told.at_work == 3
    assert [told.card.bands.of(rul) for rul in (0, 9.9, 10, 25, 40, 50)] == [
        "act", "act", "plan", "watch", "healthy", "healthy",
    ]  # fmt: skip


def test_an_old_answer_is_told(fleet: Running):
    later = fleet.home.now() + OLD_AFTER + timedelta(seconds=60)
    told = fleet_view(fleet.home, PRESS, None, FleetQuestion(band="ended"), later)
    assert told.machines[0].warnings == ()
    told = fleet_view(fleet.home, PRESS, None, FleetQuestion(), later)
    assert {each.warnings for each in told.machines} == {("old",)}


def test_the_file_holds_all_that_were_asked_for_and_no_formula(fleet: Running):
    ask(fleet, "=1+1")
    with visiting(fleet) as client:
        answer = client.get(f"/plants/{PRESS}/fleet.csv?sort=unit")
    assert answer.headers["content-disposition"] == 'attachment; filename="press_fleet.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["unit"] for row in rows] == ["'=1+1", "m-9", "m-10", "old<b>"]
    assert float(rows[1]["rul_low"]) <= float(rows[1]["rul"]) <= float(rows[1]["rul_high"])


def test_a_large_fleet_comes_in_pages(fleet: Running):
    ask(fleet, *(f"p{number}" for number in range(ON_A_PAGE + 5)), hours=3)
    first, second = shown(fleet, "?search=p&sort=unit"), shown(fleet, "?search=p&sort=unit&page=2")
    assert (first[0], len(first), second) == ("p0", ON_A_PAGE, [f"p{100 + n}" for n in range(5)])


def test_the_only_plant_s_fleet_is_the_first_page(fleet: Running):
    with visiting(fleet) as client:
        assert client.get("/").headers["location"] == f"/plants/{PRESS}"


def test_plants_of_one_title_are_told_apart_by_their_names(fleet: Running):
    files = [write_pump_line(fleet.home.plants, seed=seed, name=f"line_{seed}") for seed in (1, 2)]
    try:
        with visiting(fleet) as client:
            text = client.get("/").text
    finally:
        for file in files:
            file.unlink()
    first, second = re.findall(r'<a href="/plants/line_\d">([^<]+)</a>', text)
    assert first == second
    assert "<code>line_1</code>" in text
    assert "<code>line_2</code>" in text


def test_in_french_numbers_and_words_are_french(fleet: Running):
    with visiting(fleet, language="fr") as client:
        text = client.get(f"/plants/{PRESS}").text
    assert "Vie restante" in text
    assert "heures" in text
    assert "Remaining" not in text
