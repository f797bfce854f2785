"""What people say of answers, and what became of machines."""

import asyncio
import hmac
import re

from fastapi import APIRouter, Request
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import Response

from rul_platform.errors import UnknownPredictionError
from rul_platform.operation.intake import FeedbackRow, OutcomeRow
from rul_platform.operation.serving.answer_log import FLUSH_SECONDS
from rul_platform.operation.serving.feedback_desk import Rating
from rul_platform.operation.serving.outcome_desk import take_outcome
from rul_platform.service.access import caller
from rul_platform.service.bodies import FeedbackBody, FeedbackTold, OutcomeBody, OutcomeTold
from rul_platform.service.parts import Parts
from rul_platform.service.problems import Problem
from rul_platform.service.reading import JSON, body_of
from rul_platform.service.routing import API, refuses, takes
from rul_platform.storage.access_tokens import AccessToken
from rul_platform.storage.answered_requests import key_of

OTHERS_SECONDS = 2 * FLUSH_SECONDS
"""A rating may come to another process than the answer did, before that one has written it."""

_KEY = re.compile(r"[!-~]{1,200}", re.ASCII)

router = APIRouter(prefix=API)


@router.post(
    "/feedback",
    operation_id="feedback",
    response_model=FeedbackTold,
    responses=refuses(404, 408, 409, 413, 415, 422),
    openapi_extra=takes(FeedbackBody, once=True),
)
async def feedback(request: Request) -> Response:
    """Rate an answer. Stored for good before it is answered; a person's first rating stands."""
    token = await caller(request, "feedback")
    body = await body_of(request, FeedbackBody)
    parts: Parts = request.app.state.parts
    row = FeedbackRow(
        body.prediction_id,
        body.rating,
        person=body.person or person_of(token),
        reason=body.reason,
        created_at=body.created_at,
    )
    rating = Rating(row, _key(request), _digest(request, body))
    try:
        taken = await parts.ratings.take(rating)
    except UnknownPredictionError:  # another process may be writing it now
        await asyncio.sleep(OTHERS_SECONDS)
        taken = await parts.ratings.take(rating)
    if taken.is_new:
        parts.metrics.feedback.labels(taken.plant, body.rating).inc()
    told = {"id": taken.id, "plant": taken.plant, "is_new": taken.is_new}
    return Response(to_json(told), media_type=JSON)


@router.post(
    "/outcome",
    response_model=OutcomeTold,
    responses=refuses(404, 408, 409, 413, 415, 422),
    openapi_extra=takes(OutcomeBody, once=True),
)
async def outcome(request: Request) -> OutcomeTold:
    """Tell what became of a machine. Stored for good before it is answered; late is fine."""
    await caller(request, "feedback")
    body = await body_of(request, OutcomeBody)
    parts: Parts = request.app.state.parts
    row = OutcomeRow(body.unit, body.kind, body.life, body.observed_at)
    told = await asyncio.to_thread(
        take_outcome,
        parts.home,
        body.plant,
        row,
        key=_key(request),
        body=_digest(request, body),
        log=parts.log,
    )
    return OutcomeTold(id=told.id, is_new=told.is_new)


def person_of(token: AccessToken) -> str:
    """Who stands behind a rating that names nobody."""
    return f"token:{token.id}"


def _key(request: Request) -> str | None:
    """What the caller's key is kept as, if there is one.

    Raises:
        Problem: It is not of the form that is documented.
    """
    shown = request.headers.get("idempotency-key")
    if shown is None:
        return None
    if _KEY.fullmatch(shown) is None:
        detail = "Idempotency-Key: 1 to 200 printable ASCII characters without spaces are expected."
        raise Problem(422, "invalid", detail)
    return key_of(request.headers["authorization"], shown)


def _digest(request: Request, body: BaseModel) -> str:
    """What the body is kept as: nobody without the token's secret can try out who it was about."""
    secret = request.headers["authorization"].encode()
    return hmac.digest(secret, body.model_dump_json().encode(), "sha256").hex()
