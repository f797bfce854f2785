"""The pages of an audit: a plant's ledger, a version's origins, where an answer comes from."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from rul_platform.errors import AuditSubjectError
from rul_platform.operation.audit import subjects
from rul_platform.operation.audit.dossier import dossier
from rul_platform.operation.views.lineage import (
    Step,
    anchor_state,
    ledger_entries,
    lineage_of,
    signature_of,
)
from rul_platform.operation.views.model import card_of, judged
from rul_platform.operation.views.plants import PlantCard, plant_card
from rul_platform.reports.dossier_page import render_dossier
from rul_platform.reports.layers import BOX_HEIGHT, BOX_WIDTH, Drawing, draw
from rul_platform.service.pages.addresses import VersionNumber
from rul_platform.service.pages.documents import document
from rul_platform.service.pages.rendering import page
from rul_platform.service.pages.visitor import Visitor, signed_in
from rul_platform.service.parts import Parts
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion
from rul_platform.storage.predictions import LoggedPrediction

ROWS = 30
"""Rows of the ledger on one page."""

DEEPEST = 16
"""Layers that are drawn; what lies deeper is in the list."""

LARGEST_SEQ = 2**62

router = APIRouter(include_in_schema=False)
_Reader = Annotated[Visitor, Depends(signed_in("read"))]
_Before = Annotated[int | None, Query(ge=1, le=LARGEST_SEQ)]
_Subject = Annotated[str, Query(max_length=200)]


@router.get("/plants/{plant}/audit")
def show(
    request: Request, plant: str, _: _Reader, before: _Before = None, asked: _Subject = ""
) -> Response:
    """What was decided about a plant's models, in plain words."""
    home, card = _home(request), _card(request, plant)
    entries = ledger_entries(home, plant, limit=ROWS + 1, before=before)
    versions = [(each, signature_of(home, each)) for each in home.registry.versions(plant)]
    return page(
        request,
        "audit.html.jinja",
        plant=card,
        tab="audit",
        anchor=anchor_state(home),
        versions=versions[::-1],
        entries=entries[:ROWS],
        more=len(entries) > ROWS,
        is_older=before is not None,
        asked=asked,
        not_found=bool(asked),
    )


@router.get("/audit/find")
def find(request: Request, _: _Reader, subject: _Subject, plant: _Subject = "") -> Response:
    """Lead to what is called so; back to the plant's page where nothing is."""
    home = _home(request)
    try:
        version, prediction = subjects.found(home, subject.strip())
    except AuditSubjectError:
        _card(request, plant)
        asked = urlencode({"asked": subject})
        return RedirectResponse(f"/plants/{plant}/audit?{asked}#find", 303)
    return RedirectResponse(_path(version, prediction), 303)


@router.get("/audit/versions/{plant}:{number}")
def show_version(request: Request, plant: str, number: VersionNumber, _: _Reader) -> Response:
    """From a version down to raw data."""
    return _origins(request, _home(request).registry.version(plant, number))


@router.get("/audit/versions/{plant}:{number}/dossier")
def version_dossier(request: Request, plant: str, number: VersionNumber, _: _Reader) -> Response:
    """All that is recorded about a version, as a page of its own."""
    home = _home(request)
    return document(render_dossier(dossier(home, home.registry.version(plant, number))))


@router.get("/audit/predictions/{number}")
def show_prediction(request: Request, number: str, _: _Reader) -> Response:
    """Where an answer comes from."""
    version, prediction = _answered(_home(request), number)
    return _origins(request, version, prediction)


@router.get("/audit/predictions/{number}/dossier")
def prediction_dossier(request: Request, number: str, _: _Reader) -> Response:
    """All that is recorded about an answer, as a page of its own."""
    home = _home(request)
    return document(render_dossier(dossier(home, *_answered(home, number))))


def _answered(home: Home, number: str) -> tuple[ModelVersion, LoggedPrediction]:
    prediction = home.predictions.get(number)
    return home.registry.version(prediction.plant, prediction.number), prediction


def _origins(
    request: Request, version: ModelVersion, prediction: LoggedPrediction | None = None
) -> Response:
    home, steps = _home(request), lineage_of(_home(request), version)
    told = card_of(home, version)
    return page(
        request,
        "audit_version.html.jinja",
        plant=_card(request, version.plant),
        tab="audit",
        version=version,
        prediction=prediction,
        life_unit=(told.life_unit if told else None) or "",
        signature=signature_of(home, version),
        judged=judged(home, version),
        charge=[e for e in home.registry.deployments(version.plant) if e.number == version.number],
        steps=steps,
        by_key={step.key: step for step in steps},
        drawing=_drawn(steps),
        box_size=(BOX_WIDTH, BOX_HEIGHT),
    )


def _drawn(steps: Sequence[Step]) -> Drawing | None:
    """The graph of the newest layers; None where there is nothing."""
    depths = {step.key: step.depth for step in steps if step.depth < DEEPEST}
    if not depths:
        return None
    below = {step.key: [key for key in step.read if key in depths] for step in steps}
    return draw(depths, below)


def _path(version: ModelVersion, prediction: LoggedPrediction | None) -> str:
    if prediction is not None:
        return f"/audit/predictions/{prediction.id}"
    return f"/audit/versions/{version.plant}:{version.number}"


def _card(request: Request, plant: str) -> PlantCard:
    parts: Parts = request.app.state.parts
    return plant_card(parts.home, plant, parts.slots.all().get(plant))


def _home(request: Request) -> Home:
    parts: Parts = request.app.state.parts
    return parts.home
