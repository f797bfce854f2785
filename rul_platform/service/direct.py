"""Routes that are asked all the time, answered past FastAPI's own way through an application.

FastAPI compares a path with every route, opens exit stacks and solves dependencies, which was an eighth
of what an answer costs. A route that reads its body and checks its token itself needs none of it. It is
declared to FastAPI as all others are: for the OpenAPI document, and for whatever else comes to its path,
such as another method.

Belongs here: the way to such a route. Does not belong here: the routes (``api``).
"""

from collections.abc import Callable, Iterable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from rul_platform.service.problems import ANSWERED, answered


class Direct:
    """The middleware; stands right inside ``Around``."""

    def __init__(self, app: ASGIApp, routes: Iterable[APIRoute]) -> None:
        self._app = app
        self._routes = {
            (method, each.path): each for each in routes for method in each.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, if it is one of these routes."""
        route = self._routes.get((scope.get("method", ""), scope.get("path", "")))
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"], request = route, Request(scope, receive)
        try:
            response = await route.endpoint(request)
        except ANSWERED as error:
            response = answered(request, error)
        await response(scope, receive, send)


def routes_of(
    routers: Iterable[APIRouter], endpoints: Iterable[Callable[..., Any]]
) -> list[APIRoute]:
    """How these endpoints, which take a request alone and give a response, are declared."""
    wanted = set(endpoints)
    return [
        route
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute) and route.endpoint in wanted
    ]
