"""The application: routes over parts that are ready to use. Importing this module starts nothing."""

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from rul_platform.service import probes
from rul_platform.service.api import feedback, models, predictions, status, transfer_learning
from rul_platform.service.direct import Direct, routes_of
from rul_platform.service.middleware import Around
from rul_platform.service.pages.site import add_pages
from rul_platform.service.parts import Parts
from rul_platform.service.problems import answer_problems
from rul_platform.service.reading import BODY_SECONDS
from rul_platform.service.routing import API, describe

TITLE = "Remaining useful life"
ABOUT = (
    "Remaining useful life of machines with intervals, feedback, outcomes, and where every answer came "
    "from. An answer is an estimate to plan by, never a safety function."
)


class Application(FastAPI):
    """FastAPI's, with our own layers around all of it.

    What FastAPI puts around its middleware would be a twelfth of an answer of a busy route.

    Attributes:
        outside: The layers; the innermost one calls :meth:`inside`.
    """

    outside: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        scope["app"] = self
        await self.outside(scope, receive, send)

    async def inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What FastAPI does with a request."""
        await super().__call__(scope, receive, send)


def create_app(parts: Parts, *, version: str, body_seconds: float = BODY_SECONDS) -> Application:
    """Build the app.

    Args:
        parts: Opened; whoever opened them closes them.
        version: Of the platform.
        body_seconds: How long the body of a request may take to arrive.
    """
    app = Application(
        title=TITLE,
        description=ABOUT,
        version=version,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # both take scripts from a CDN
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.parts, app.state.body_seconds = parts, body_seconds
    for routes in (probes, predictions, feedback, status, models, transfer_learning):
        app.include_router(routes.router)
    add_pages(app)
    answer_problems(app)
    describe(app)
    busy = routes_of(
        (predictions.router, feedback.router), (predictions.predict, feedback.feedback)
    )
    app.outside = Around(Direct(app.inside, busy), parts.metrics, parts.tracing)
    return app
