"""What is told where a request cannot be done: RFC 9457 problem details, one form for all.

Belongs here: from errors to answers. Does not belong here: the errors (``rul_platform.errors``).
"""

import logging
import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from rul_platform import errors

_LOG = logging.getLogger(__name__)

SERVER_ERROR, UNAVAILABLE = 500, 503
PROBLEM_TYPE = "application/problem+json"

STATUS: dict[type[errors.RulPlatformError], int] = {
    errors.UnknownPlantError: 404,
    errors.PlantNameError: 404,
    errors.UnknownPredictionError: 404,
    errors.UnknownUnitError: 404,
    errors.UnknownVersionError: 404,
    errors.UnknownTokenError: 404,
    errors.AuditSubjectError: 404,
    errors.UnknownCheckpointError: 404,
    errors.OtherArchitectureError: 409,
    errors.ParentChangedError: 409,
    errors.NoChampionError: 409,
    errors.KeyReusedError: 409,
    errors.DeploymentError: 409,
    errors.ReadingsError: 422,
    errors.IntakeError: 422,
    errors.CalibrationError: 422,
    errors.RecordError: 422,
    errors.ModelNotLoadedError: 503,
    errors.InferenceError: 503,
    errors.LogFullError: 503,
    errors.StoreError: 503,
    errors.KeyFileError: 503,
    errors.DatabaseUnreachableError: 503,
}
"""The status of each error; of a kind that is not here, that of the nearest kind above it."""

TITLES = {
    400: "The request is not understood",
    401: "Who asks is not known",
    403: "Not allowed",
    404: "Not found",
    405: "Not that way",
    408: "The request took too long to arrive",
    409: "Not as things are",
    413: "The request is too large",
    415: "Not in that format",
    422: "The request is not as expected",
    429: "Too many requests",
    500: "Something went wrong here",
    503: "Not available now",
}

IN_THE_LOG = "The reason is in the service's log, under this request's id."

LISTED = 20
"""Problems of one request that are told."""


class Problem(Exception):  # noqa: N818  it is an answer
    """A request that is answered with a problem."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        problems: list[str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status, self.code, self.detail = status, code, detail
        self.problems, self.headers = problems or [], dict(headers or {})
        super().__init__(detail)


ANSWERED = (
    Problem,
    errors.RulPlatformError,
    HTTPException,
    RequestValidationError,
    SQLAlchemyError,
    OSError,
)
"""Errors with an answer of their own."""


def answer_problems(app: FastAPI) -> None:
    """Let every error that a route raises be answered."""

    async def handle(request: Request, error: Exception) -> Response:
        return answered(request, error)

    for kind in ANSWERED:
        app.add_exception_handler(kind, handle)


def answered(request: Request, error: Exception) -> Response:
    """The answer to an error of one of the ``ANSWERED`` kinds; what went wrong here is noted."""
    problem = _problem_of(error)
    if problem.status >= SERVER_ERROR and not isinstance(error, Problem | HTTPException):
        _note(error)
    return response(request, problem)


def response(request: Request, problem: Problem) -> Response:
    """The answer itself: problem details, or a page where a browser asked for one."""
    shown = request.app.state.problem_page(request, problem)
    if shown is not None:
        return shown
    told: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(problem.status, "Problem"),
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "problems": problem.problems[:LISTED],
        "request_id": request.scope.get("rul.request_id", ""),
    }
    return Response(to_json(told), problem.status, problem.headers, PROBLEM_TYPE)


def of_error(error: errors.RulPlatformError) -> Problem:
    """An error of ours as a problem."""
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), SERVER_ERROR)
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).lower()
    listed = getattr(error, "problems", None)
    problems = [str(each) for each in listed] if isinstance(listed, list | tuple) else []
    if status == SERVER_ERROR:
        return Problem(status, name, IN_THE_LOG)
    code, detail = name.removesuffix("_error"), str(error)
    if status == UNAVAILABLE and not isinstance(error, errors.ModelNotLoadedError):
        # our own words may tell where files lie, which is nobody's business outside
        detail = f"It cannot be done now. {IN_THE_LOG}"
    return Problem(status, code, detail, problems=problems)


def unexpected(request: Request, error: Exception) -> Response:
    """The answer where something is wrong with the service itself."""
    _note(error)
    return response(request, Problem(SERVER_ERROR, "internal", IN_THE_LOG))


def _note(error: Exception) -> None:
    """What failed and where; not the text, which may hold what a caller sent, but of our own errors."""
    text = str(error) if isinstance(error, errors.RulPlatformError) else type(error).__name__
    _LOG.error("A request failed: %s", text, exc_info=error)


def _problem_of(error: Exception) -> Problem:
    match error:
        case Problem():
            return error
        case errors.RulPlatformError():
            return of_error(error)
        case HTTPException():
            return _of_http(error)
        case RequestValidationError():
            return invalid(error.errors())
        case _:
            detail = "The database or the disk does not answer. Ask again in a moment."
            return Problem(503, "unavailable", detail, headers={"Retry-After": "2"})


def _of_http(error: HTTPException) -> Problem:
    code = TITLES.get(error.status_code, "problem").lower().replace(" ", "_")
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, code)
    return Problem(error.status_code, code, str(error.detail), headers=error.headers)


def invalid(found: Any) -> Problem:
    """What pydantic found wrong; what was sent is not repeated."""
    problems = [f"{_place(each['loc'])}: {each['msg']}" for each in found]
    detail = "; ".join(problems[:3]) + ("; …" if len(problems) > 3 else "")
    return Problem(422, "invalid", detail, problems=problems)


def _place(location: tuple[object, ...]) -> str:
    """Where, in the words of the request; names that a caller chose are shown in ASCII."""
    return ".".join(
        str(part).encode("ascii", "backslashreplace").decode()[:60] for part in location
    )
