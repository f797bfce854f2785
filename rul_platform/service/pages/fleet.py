"""A plant's machines: what needs attention, and how soon."""

from collections.abc import Iterator, Mapping
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from rul_platform.operation.views.bands import BANDS
from rul_platform.operation.views.fleet import (
    ENDED,
    SORTS,
    Fleet,
    FleetQuestion,
    fleet_view,
    machines,
    sought,
)
from rul_platform.operation.views.news import news_of
from rul_platform.operation.views.plants import plant_card
from rul_platform.service.pages.charts.interval_bar import interval_bar
from rul_platform.service.pages.csv_file import csv_file
from rul_platform.service.pages.rendering import page
from rul_platform.service.pages.visitor import Visitor, signed_in
from rul_platform.service.parts import Parts

LONGEST_SEARCH = 200
LAST_PAGE = 10_000
COLUMNS = ("unit", "life", "rul", "rul_low", "rul_high", "band", "answered_at", "version",
           "warnings", "end", "end_life", "prediction")  # fmt: skip

_READ = Annotated[Visitor, Depends(signed_in("read"))]

router = APIRouter(include_in_schema=False)


@router.get("/plants/{plant}")
def show(request: Request, plant: str, _: _READ) -> Response:
    """The machines that are asked for, most urgent first unless told otherwise."""
    parts: Parts = request.app.state.parts
    asked = question_of(request.query_params)
    told = fleet_view(parts.home, plant, parts.slots.all().get(plant), asked, parts.home.now())
    return page(
        request,
        "fleet.html.jinja",
        plant=told.card,
        tab="fleet",
        fleet=told,
        news=news_of(parts.home, plant, parts.home.now()),
        bar=interval_bar,
        url=_Urls(told),
    )


@router.get("/plants/{plant}/fleet.csv")
def download(request: Request, plant: str, _: _READ) -> Response:
    """All machines that are asked for, on all pages, as CSV."""
    parts: Parts = request.app.state.parts
    home, now = parts.home, parts.home.now()
    card = plant_card(home, plant, parts.slots.all().get(plant))
    found = sought(machines(home, card, now), question_of(request.query_params))
    rows = [
        (each.unit, each.newest.life, each.newest.rul, each.newest.rul_low, each.newest.rul_high,
         each.band, each.newest.created_at, each.newest.number, " ".join(each.warnings),
         each.end.kind if each.end else None, each.end.life if each.end else None, each.newest.id)
        for each in found
    ]  # fmt: skip
    return csv_file(f"{plant}_fleet.csv", COLUMNS, rows)


def question_of(query: Mapping[str, str]) -> FleetQuestion:
    """What the address asks for; what it cannot ask for is left out."""
    band, sort, number = query.get("band", ""), query.get("sort", ""), query.get("page", "1")
    is_number = number.isascii() and number.isdecimal() and len(number) <= len(str(LAST_PAGE))
    return FleetQuestion(
        search=query.get("search", "").strip()[:LONGEST_SEARCH],
        band=band if band in (*BANDS, ENDED) else "",
        sort=sort if sort in SORTS else "rul",
        is_descending=query.get("order") == "down",
        page=max(1, int(number)) if is_number else 1,
    )


class _Urls:
    """Addresses of the same fleet, asked for otherwise."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def band(self, band: str) -> str:
        """Only this band."""
        return self._url(band=band, page="1")

    def sort(self, sort: str) -> str:
        """In this order; a second click turns it round."""
        asked = self._fleet.question
        turns = asked.sort == sort and not asked.is_descending
        return self._url(sort=sort, order="down" if turns else "", page="1")

    def page(self, number: int) -> str:
        """Another page."""
        return self._url(page=str(number))

    def csv(self) -> str:
        """All of it as a file."""
        query = urlencode(dict(self._asked(page="1")))
        return f"/plants/{self._fleet.card.name}/fleet.csv" + (f"?{query}" if query else "")

    def _url(self, **other: str) -> str:
        query = urlencode(dict(self._asked(**other)))
        return f"/plants/{self._fleet.card.name}" + (f"?{query}" if query else "")

    def _asked(self, **other: str) -> Iterator[tuple[str, str]]:
        """What is not as it would be anyway."""
        asked = self._fleet.question
        values = {
            "search": asked.search,
            "band": asked.band,
            "sort": asked.sort,
            "order": "down" if asked.is_descending else "",
            "page": str(asked.page),
        }
        usual = {"sort": "rul", "page": "1"}
        for name, value in (values | other).items():
            if value and value != usual.get(name):
                yield name, value
