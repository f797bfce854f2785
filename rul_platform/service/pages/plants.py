"""The first page: all plants, or the only one's fleet."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from rul_platform.operation.known_plants import known_plants
from rul_platform.operation.views.plants import plants_view
from rul_platform.service.pages.rendering import page
from rul_platform.service.pages.visitor import Visitor, signed_in
from rul_platform.service.parts import Parts

router = APIRouter(include_in_schema=False)


@router.get("/")
def show(request: Request, _: Annotated[Visitor, Depends(signed_in("read"))]) -> Response:
    """All plants with what needs attention first; of a single plant, its fleet."""
    parts: Parts = request.app.state.parts
    names = known_plants(parts.home)
    if len(names) == 1:
        return RedirectResponse(f"/plants/{names[0]}", 303)
    told = plants_view(parts.home, parts.slots.all())
    return page(request, "plants.html.jinja", plants=told)
