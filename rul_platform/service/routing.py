"""How routes are declared: their scope, what they take and answer, and the refusals they document.

A body is read by the route itself (``reading``), not by FastAPI, which would answer 500 to a lone
surrogate and take true for a number; so its schema is declared here.

Belongs here: what OpenAPI is told. Does not belong here: what routes do.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from rul_platform.service import bodies
from rul_platform.service.problems import PROBLEM_TYPE, TITLES

API = "/api/v1/rul"
"""Where all that systems call is."""

OPEN = ("/live", "/ready", "/serving")
"""Routes that anybody may call: probes, which tell nothing about machines."""

BODIES: tuple[type[BaseModel], ...] = (
    bodies.PredictBody,
    bodies.FeedbackBody,
    bodies.OutcomeBody,
    bodies.LoadBody,
    bodies.ProblemTold,
)
REF = "#/components/schemas/{model}"

IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A random key of yours. The same request with the same key is done once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}
TEXT = {"schema": {"type": "string"}}
REQUEST_ID = TEXT | {"description": "Names this request in the service's log."}
SECONDS = {"schema": {"type": "integer", "minimum": 1}}
HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": TEXT | {"required": True, "description": "`Bearer`."}},
    429: {"Retry-After": SECONDS | {"required": True, "description": "Seconds to wait."}},
    503: {"Retry-After": SECONDS | {"description": "Seconds to wait, where that is known."}},
}
"""What a refusal tells beside its body."""


def takes(model: type[BaseModel], *, once: bool = False) -> dict[str, Any]:
    """OpenAPI of a route with a JSON body.

    Args:
        model: One of ``BODIES``.
        once: It takes an Idempotency-Key.
    """
    schema = {"$ref": REF.format(model=model.__name__)}
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {"requestBody": body} | ({"parameters": [IDEMPOTENCY]} if once else {})


def refuses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI of the problems that a route answers; those of access and of trouble here are added."""
    schema = {"$ref": REF.format(model=bodies.ProblemTold.__name__)}
    return {
        status: {
            "description": TITLES[status],
            "headers": HEADERS.get(status, {}),
            "content": {PROBLEM_TYPE: {"schema": schema}},
        }
        for status in sorted({401, 403, 429, 500, 503, *statuses})
    }


def describe(app: FastAPI, *, models: Iterable[type[BaseModel]] = BODIES) -> None:
    """Give the app an OpenAPI document that holds the bodies' schemas and the way to authenticate."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, models)
        return app.openapi_schema

    app.openapi = openapi


def _document(app: FastAPI, models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    found = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    told = [(model, "validation") for model in models]
    _, schemas = models_json_schema(told, ref_template=REF)  # pyright: ignore[reportArgumentType]
    components = found.setdefault("components", {})
    components["schemas"] = components.get("schemas", {}) | schemas["$defs"]
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    bearer = {"type": "http", "scheme": "bearer", "description": "`rul token create` makes one."}
    components["securitySchemes"] = {"token": bearer}
    for path, operation in _operations(found):
        operation["security"] = [] if path in OPEN else [{"token": []}]
        _answers(operation["responses"])
    return found


def _operations(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in found["paths"].items():
        for operation in operations.values():
            yield path, operation


def _answers(responses: dict[str, Any]) -> None:
    """Without FastAPI's own 422, which no route gives; with the header that all have."""
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    for response in responses.values():
        response["headers"] = response.get("headers", {}) | {"X-Request-ID": REQUEST_ID}
