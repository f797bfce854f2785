"""Is it alive, is it ready, what does Prometheus get to know."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic_core import to_json
from starlette.responses import PlainTextResponse, Response

from rul_platform.service.access import requires
from rul_platform.service.bodies import AliveTold, ReadyTold
from rul_platform.service.parts import Parts
from rul_platform.service.reading import JSON
from rul_platform.service.routing import refuses
from rul_platform.storage.access_tokens import AccessToken

TEXT = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter()


@router.get("/live", response_model=AliveTold)
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


NOT_READY = {"description": "Not ready, with reasons", "model": ReadyTold}


@router.get("/ready", response_model=ReadyTold, responses={503: NOT_READY})
async def ready(request: Request) -> Response:
    """Questions can be answered and logged; otherwise 503, with what is in the way."""
    told = readiness(request.app.state.parts)
    return Response(to_json(told), 200 if told["ready"] else 503, media_type=JSON)


@router.get("/serving", response_model=ReadyTold, responses={503: NOT_READY})
async def serving(request: Request) -> Response:
    """Whether questions may be sent here: some can be answered. What a balancer goes by.

    A plant without a model, or a database that is away for a while, is no reason to send nobody here:
    the other plants' models answer, and so do pages. `/ready` names all that is in the way.
    """
    parts: Parts = request.app.state.parts
    told = readiness(parts) | {"ready": _can_answer(parts)}
    return Response(to_json(told), 200 if told["ready"] else 503, media_type=JSON)


@router.get("/metrics", response_class=PlainTextResponse, responses=refuses())
def metrics(request: Request, _: Annotated[AccessToken, Depends(requires("read"))]) -> Response:
    """Figures in Prometheus' text format."""
    parts: Parts = request.app.state.parts
    return Response(parts.metrics.text() + parts.gauges.text(), media_type=TEXT)


def readiness(parts: Parts) -> dict[str, Any]:
    """Whether the service can do its work, and why not."""
    problems = [f"{name}: no model could be loaded" for name, slot in parts.slots.all().items()
                if slot.champion is None]  # fmt: skip
    if parts.log.problem is not None:
        problems.append("answers cannot be logged")
    if parts.watcher.problem is not None:
        problems.append("the registry cannot be read")
    return {"ready": not problems, "problems": problems}


def _can_answer(parts: Parts) -> bool:
    slots = parts.slots.all().values()
    has_model = any(slot.champion is not None for slot in slots)
    is_new = not slots and parts.watcher.problem is None
    return (has_model or is_new) and not parts.log.is_full
