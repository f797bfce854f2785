"""One machine: its page, what people say of its answers, what became of it, its files."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from rul_platform.core.wording import quoted
from rul_platform.errors import IntakeError
from rul_platform.operation.intake import FeedbackRow, OutcomeRow
from rul_platform.operation.known_plants import require_plant
from rul_platform.operation.serving.feedback_desk import Rating
from rul_platform.operation.serving.outcome_desk import take_outcome
from rul_platform.operation.views.unit import readings_of, unit_view
from rul_platform.service.api.feedback import person_of
from rul_platform.service.pages.addresses import decoded, unit_path
from rul_platform.service.pages.csv_file import csv_file
from rul_platform.service.pages.forms import form_of, problems_of
from rul_platform.service.pages.rendering import page
from rul_platform.service.pages.unit_pictures import UnitPictures
from rul_platform.service.pages.visitor import Visitor, signed_in
from rul_platform.service.parts import Parts
from rul_platform.service.problems import Problem
from rul_platform.storage.newest_answers import NewestAnswers
from rul_platform.storage.operation_tables import OUTCOMES, REASONS

MOST_ANSWERS = 100_000
"""Of one machine, in a file."""

SAID, KNOWN = "said", "known"
"""What an address tells of the form before: taken, or known already."""

ANSWER, ANSWERS, OUTCOME = "answer", "answers", "outcome"
"""Where on the page a form stands, and what was said to it."""

TOLD = "told"
"""Id of what was said to a form: a browser goes there, and gives it the focus."""

ANSWER_COLUMNS = ("prediction", "answered_at", "life", "rul", "rul_low", "rul_high", "version",
                  "role", "odd_readings")  # fmt: skip

_READ = Annotated[Visitor, Depends(signed_in("read"))]
_FEEDBACK = Annotated[Visitor, Depends(signed_in("feedback"))]

router = APIRouter(include_in_schema=False)


@router.get("/plants/{plant}/units/{unit:path}")
def show(request: Request, plant: str, unit: str, _: _READ) -> Response:
    """The machine's page."""
    return _page(request, plant, decoded(unit))


@router.post("/plants/{plant}/feedback")
async def rate(request: Request, plant: str, visitor: _FEEDBACK) -> Response:
    """Take what somebody says of an answer, by the same desk as the API; then back to the machine."""
    fields = await form_of(request, visitor)
    parts: Parts = request.app.state.parts
    await asyncio.to_thread(require_plant, parts.home, plant)
    unit, rating = fields.get("unit", ""), fields.get("rating", "")
    row = FeedbackRow(
        fields.get("prediction", ""),
        rating,
        person=_person(visitor),
        reason=_one_of(fields, "reason", REASONS) if rating == "negative" else None,
        unit=unit,
    )
    place = _one_of(fields, "place", (ANSWER, ANSWERS)) or ANSWERS
    try:
        taken = await parts.ratings.take(Rating(row, None, ""))
    except IntakeError as error:
        raise Problem(422, "intake", f"{'; '.join(problems_of(error))}.") from error
    if taken.is_new:
        parts.metrics.feedback.labels(taken.plant, rating).inc()
    return _back(taken.plant, unit, SAID if taken.is_new else KNOWN, place)


@router.post("/plants/{plant}/outcomes")
async def tell_outcome(request: Request, plant: str, visitor: _FEEDBACK) -> Response:
    """Take what became of the machine; what is wrong stands above its form, which keeps what it had."""
    fields = await form_of(request, visitor)
    parts: Parts = request.app.state.parts
    unit = fields.get("unit", "")
    try:
        row = OutcomeRow(unit, fields.get("kind", ""), _life(fields))
        told = await asyncio.to_thread(
            take_outcome, parts.home, plant, row, key=None, body="", log=parts.log
        )
    except IntakeError as error:
        return await asyncio.to_thread(_refused, request, plant, fields, problems_of(error))
    return _back(plant, unit, SAID if told.is_new else KNOWN, OUTCOME)


@router.get("/plants/{plant}/predictions.csv")
def predictions(request: Request, plant: str, unit: str, _: _READ) -> Response:
    """All answers about a machine, the newest first, as CSV."""
    parts: Parts = request.app.state.parts
    require_plant(parts.home, plant)
    found = NewestAnswers(parts.home.engine).of_unit(plant, unit, MOST_ANSWERS)
    rows = [
        (each.id, each.created_at, each.life, each.rul, each.rul_low, each.rul_high, each.number,
         each.role, each.is_strange)
        for each in found
    ]  # fmt: skip
    return csv_file(f"{plant}_predictions.csv", ("unit", *ANSWER_COLUMNS),
                    [(unit, *row) for row in rows])  # fmt: skip


@router.get("/plants/{plant}/readings.csv")
def readings(request: Request, plant: str, unit: str, _: _READ) -> Response:
    """What a machine sent, as CSV."""
    parts: Parts = request.app.state.parts
    require_plant(parts.home, plant)
    table = readings_of(parts.home, plant, unit)
    rows = table.itertuples(index=False, name=None)
    return csv_file(f"{plant}_readings.csv", [str(name) for name in table.columns], rows)


def _refused(
    request: Request, plant: str, fields: Mapping[str, str], problems: tuple[str, ...]
) -> Response:
    """The page again, with what was sent; its own address is that of the form."""
    unit = fields.get("unit", "")
    here = unit_path(plant, unit)
    return _page(
        request, plant, unit, status=422, here=here, at=OUTCOME, problems=problems, sent=fields
    )


def _page(request: Request, plant: str, unit: str, *, status: int = 200, **more: Any) -> Response:
    parts: Parts = request.app.state.parts
    slot = parts.slots.all().get(plant)
    told = unit_view(parts.home, plant, unit, slot, parts.home.now())
    asked = request.query_params
    return page(
        request,
        "unit.html.jinja",
        status=status,
        plant=told.card,
        tab="fleet",
        unit=told,
        pictures=UnitPictures(request, told),
        reasons=REASONS,
        kinds=OUTCOMES,
        **(
            {"news": asked.get("news", ""), "at": asked.get("at", ""), "problems": (), "sent": {}}
            | more
        ),
    )


def _back(plant: str, unit: str, news: str, place: str) -> Response:
    return RedirectResponse(
        f"{unit_path(plant, unit)}?{urlencode({'news': news, 'at': place})}#{TOLD}", 303
    )


def _person(visitor: Visitor) -> str:
    assert visitor.token is not None  # noqa: S101  a signed-in visitor's is known
    return person_of(visitor.token)


def _one_of(fields: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str | None:
    value = fields.get(name, "")
    if value and value not in allowed:
        detail = f"{name}: one of {', '.join(allowed)} is expected."
        raise Problem(422, "invalid", detail)
    return value or None


def _life(fields: Mapping[str, str]) -> float:
    found = fields.get("life", "")
    try:
        return float(found.replace(",", "."))
    except ValueError:
        problem = f"life is {quoted(found)}, a number from 0 on is expected"
        raise IntakeError("Outcome", [problem]) from None
