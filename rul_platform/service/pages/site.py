"""All pages together, as the app takes them in.

Belongs here: the list of pages, and what they share. Does not belong here: any page.
"""

from fastapi import FastAPI

from rul_platform.service.pages import (
    assets,
    audit,
    events,
    fleet,
    model,
    plants,
    retraining,
    sign_in,
    unit,
)
from rul_platform.service.pages.attempts import Attempts
from rul_platform.service.pages.events import Streams
from rul_platform.service.pages.problem_page import lead_to_sign_in, problem_page
from rul_platform.service.pages.visitor import SignInNeededError

PAGES = (assets, sign_in, plants, fleet, unit, model, retraining, audit, events)
"""Each with its ``router``."""


def add_pages(app: FastAPI) -> None:
    """Let people look, too."""
    app.state.attempts = Attempts()
    app.state.streams = Streams()
    app.state.problem_page = problem_page
    app.add_exception_handler(SignInNeededError, lead_to_sign_in)
    for each in PAGES:
        app.include_router(each.router)
