"""The page of a plant's retrains: how near the next one is, the open one, and those before."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from rul_platform.operation.views.plants import plant_card
from rul_platform.operation.views.retraining import Progress, RetrainingView, retraining_view
from rul_platform.reports.scale import Scale, scale
from rul_platform.service.pages.rendering import page
from rul_platform.service.pages.visitor import Visitor, signed_in
from rul_platform.service.parts import Parts

router = APIRouter(include_in_schema=False)


@router.get("/plants/{plant}/retraining")
def show(
    request: Request, plant: str, _: Annotated[Visitor, Depends(signed_in("read"))]
) -> Response:
    """When a plant's model learns again, and what came of it."""
    parts: Parts = request.app.state.parts
    card = plant_card(parts.home, plant, parts.slots.all().get(plant))
    view = retraining_view(parts.home, plant, parts.home.now())
    return page(
        request,
        "retraining.html.jinja",
        plant=card,
        tab="retraining",
        view=view,
        times=_times(view),
        errors=_errors(view.progress),
    )


def _errors(progress: Progress | None) -> Scale | None:
    """An axis for the RMSE at work and its limit."""
    numbers = progress.outcomes.numbers if progress and progress.outcomes else {}
    return scale(numbers.get(name) for name in ("rmse", "rmse_low", "limit"))


def _times(view: RetrainingView) -> dict[int, dict[str, Any]]:
    """By retrain that is over: when it was asked for, and how long it took; None where no time."""
    found = dict[int, dict[str, Any]]()
    for row in view.past:
        begin, end = row["started_at"] or row["requested_at"], row["finished_at"]
        lasted = datetime.fromisoformat(end) - datetime.fromisoformat(begin)
        asked = datetime.fromisoformat(row["requested_at"])
        found[row["id"]] = {"asked": asked, "lasted": lasted if lasted > timedelta(0) else None}
    return found
