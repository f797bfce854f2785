"""The page of a plant's model, and the stored reports of its versions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from rul_platform.core.gate_statistics import CONFIDENCE
from rul_platform.operation.serving.slots import Slot
from rul_platform.operation.views.model import ModelView, Transfer, model_view, report_page
from rul_platform.operation.views.plants import plant_card
from rul_platform.reports.scale import Scale, scale
from rul_platform.reports.timeline import timeline
from rul_platform.service.pages.addresses import VersionNumber
from rul_platform.service.pages.documents import document
from rul_platform.service.pages.rendering import page
from rul_platform.service.pages.visitor import Visitor, signed_in
from rul_platform.service.parts import Parts
from rul_platform.service.problems import Problem

SHOWN_TIMES = 12
"""The newest times in charge that are drawn; the table has all."""

TONES = {"helps": "good", "harms": "bad", "undecided": "open"}

router = APIRouter(include_in_schema=False)
_Reader = Annotated[Visitor, Depends(signed_in("read"))]


@router.get("/plants/{plant}/model")
def show(request: Request, plant: str, _: _Reader) -> Response:
    """Who answers for a plant, since when, and how good that is."""
    parts: Parts = request.app.state.parts
    slot = parts.slots.all().get(plant)
    card, view = plant_card(parts.home, plant, slot), model_view(parts.home, plant)
    return page(
        request,
        "model.html.jinja",
        plant=card,
        tab="model",
        view=view,
        **_served(view, slot),
        **_times(view, parts.home.now()),
        **_gains(view),
        transfer=_transfer(view.card.transfer if view.card else None),
        tones=TONES,
        promised=_promised(view),
    )


@router.get("/plants/{plant}/versions/{number}/report")
def report(request: Request, plant: str, number: VersionNumber, _: _Reader) -> Response:
    """The report that the gate's answer names by its hash, as it was stored."""
    parts: Parts = request.app.state.parts
    version = parts.home.registry.version(plant, number)
    found = report_page(parts.home, version)
    if found is None:
        raise Problem(404, "no_report", f"{plant} version {number} has no report.")
    return document(found)


def _served(view: ModelView, slot: Slot | None) -> dict[str, Any]:
    """Which version answers, and why it is not the one that is wanted."""
    served = slot.champion.version.number if slot and slot.champion else None
    wanted = view.champion.number if view.champion else None
    problem = slot.problem if slot else None
    return {"served": served, "is_served": served == wanted, "problem": problem}


def _times(view: ModelView, now: datetime) -> dict[str, Any]:
    """The newest times in charge, drawn; the kinds of decisions in the order in which they came."""
    newest = view.deployments[-SHOWN_TIMES:]
    if not newest:
        return {"drawing": None, "shown_times": (), "kinds": ()}
    drawn = timeline([(each.number, each.since, each.until) for each in newest], now)
    kinds = tuple(dict.fromkeys(each.kind for each in newest))
    return {
        "drawing": drawn,
        "shown_times": tuple(zip(newest, drawn.spans, strict=True)),
        "kinds": kinds,
    }


def _gains(view: ModelView) -> dict[str, Any]:
    """An axis for what the gate measured of the champion, in parts of the former one's RMSE."""
    verdict = view.judged.verdict if view.judged else None
    asked = view.policy.min_improvement if view.policy else None
    told = {"gains": None, "asked": asked, "confidence": CONFIDENCE}
    if verdict is None or verdict.evidence.overall is None:
        return told
    pairs, noise = verdict.evidence.comparison, verdict.evidence.noise_share
    values: list[float | None] = [asked, noise, None if noise is None else -noise]
    values += [each.share(v) for each in pairs for v in (each.low, each.saved, each.high)]
    return told | {"gains": scale(values)}


def _promised(view: ModelView) -> Scale:
    """An axis for what was claimed and delivered; a disaster is drawn as far as all of the RMSE."""
    parts = (part for each in view.promises for part in (each.claimed, each.delivered))
    return scale(None if part is None else max(-1.0, part) for part in parts)


def _transfer(found: Transfer | None) -> Scale | None:
    if found is None:
        return None
    ends: Sequence[float | None] = (found.low, found.difference, found.high)
    return None if None in ends else scale(ends)
