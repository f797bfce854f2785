"""Problems as pages, for people; systems get the same as problem details.

Belongs here: who gets which, and what a person is told. Does not belong here: the problems
(``service.problems``).
"""

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from rul_platform.service.pages.language import msg
from rul_platform.service.pages.rendering import page
from rul_platform.service.pages.sign_in import sign_in_url
from rul_platform.service.pages.visitor import SignInNeededError, recognise
from rul_platform.service.problems import Problem

FOR_SYSTEMS = ("/api/", "/live", "/ready", "/serving", "/metrics", "/static/")
"""What begins so is never answered with a page."""

SAID = {
    403: (msg("You may not do this"), msg("Your token does not allow it, or the form is too old.")),
    404: (msg("There is nothing here"), msg("It may have been removed, or the address is mistyped.")),
    405: (msg("Not this way"), msg("This address takes no such request.")),
    409: (msg("Not as things are"), msg("Something must change before this is possible.")),
    413: (msg("Too large"), msg("What was sent is larger than is taken.")),
    422: (msg("Something is missing or wrong"), msg("Go back, correct it and send it again.")),
    429: (msg("A little slower"), msg("Too many requests came at once. Wait a moment.")),
    500: (msg("Something went wrong here"), msg("It is not your fault. It was written down.")),
    503: (msg("Not available now"), msg("The service goes on trying. Load the page again soon.")),
}  # fmt: skip
OTHER = (msg("This did not work"), msg("Go back and try once more."))


def wants_page(request: Request) -> bool:
    """Whether a browser asks for a page, and not a system for data."""
    accepted = request.headers.get("accept", "")
    return "text/html" in accepted and not request.url.path.startswith(FOR_SYSTEMS)


def problem_page(request: Request, problem: Problem) -> Response | None:
    """The page of a problem; None where a system asked."""
    if not wants_page(request):
        return None
    recognise(request)
    title, hint = SAID.get(problem.status, OTHER)
    return page(
        request,
        "problem.html.jinja",
        status=problem.status,
        headers=problem.headers,
        title=title,
        hint=hint,
        problem=problem,
        request_id=request.scope.get("rul.request_id", ""),
    )


async def lead_to_sign_in(_: Request, error: Exception) -> Response:
    """Answer of a page that needs somebody to be signed in."""
    assert isinstance(error, SignInNeededError)  # noqa: S101  registered for it alone
    return RedirectResponse(sign_in_url(error.then, is_over=error.is_over), 303)
