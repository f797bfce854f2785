"""Remaining useful life for machines, and what was answered before."""

import asyncio
import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic_core import to_json
from starlette.responses import Response

from rul_platform.inference.cautions import NEARLY
from rul_platform.operation.answers import Answer
from rul_platform.operation.serving.given_units import GivenUnit
from rul_platform.service.access import caller, requires
from rul_platform.service.bodies import LoggedTold, PredictBody, PredictTold
from rul_platform.service.parts import Parts
from rul_platform.service.problems import Problem
from rul_platform.service.reading import JSON, MOST_BYTES, body_of
from rul_platform.service.routing import API, refuses, takes
from rul_platform.storage.access_tokens import AccessToken

ALONE_MS = 4.0
"""A question that takes longer is answered in a thread of its own, so that short ones need not wait."""

UNIT_MS, VALUE_MS = 0.05, 1e-4
"""What one machine and each of its values take beside the network, roughly."""

_FIRST = "$response.body#/predictions/0/id"
LINKS: dict[int | str, dict[str, Any]] = {
    200: {
        "links": {
            "rate": {"operationId": "feedback", "requestBody": {"prediction_id": _FIRST}},
            "look": {"operationId": "prediction", "parameters": {"prediction": _FIRST}},
        }
    }
}
"""What an answer is for."""

PREFIX_DIGITS = 12
ID = re.compile(r"[0-9a-f]{32}", re.ASCII)

_ID = Annotated[
    str, Path(description="Of the answer.", examples=["0123456789abcdef0123456789abcdef"])
]

router = APIRouter(prefix=API)


@router.post(
    "/predict",
    response_model=PredictTold,
    responses=refuses(404, 408, 409, 413, 415, 422) | LINKS,
    openapi_extra=takes(PredictBody),
)
async def predict(request: Request) -> Response:
    """Predict the remaining useful life of each machine, from its recent readings.

    Every answer is logged with the version that gave it, and the readings are kept to learn from.
    """
    await caller(request, "predict")  # as a dependency it would cost a tenth of an answer
    body = await body_of(request, PredictBody, most=MOST_BYTES)
    parts: Parts = request.app.state.parts
    units = [GivenUnit(each.unit, each.readings, each.conditions) for each in body.units]
    champion, slot = parts.slots.of(body.plant)
    networks = champion.run_ms + (slot.challenger.run_ms if slot.challenger else 0.0)
    values = sum(len(each) for unit in units for each in unit.readings.values())
    if len(units) * (networks + UNIT_MS) + values * VALUE_MS > ALONE_MS:
        answers = await asyncio.to_thread(
            parts.predicting.answer, body.plant, units, level=body.level, now=parts.home.now()
        )
    else:
        answers = await parts.gathering.answer(body.plant, units, body.level)
    parts.metrics.answered(body.plant, answers)
    told = {"predictions": [_told(body.plant, each) for each in answers]}
    return Response(to_json(told), media_type=JSON)


@router.get(
    "/predictions/{prediction}",
    operation_id="prediction",
    response_model=LoggedTold,
    responses=refuses(404),
)
def prediction(
    request: Request, prediction: _ID, _: Annotated[AccessToken, Depends(requires("read"))]
) -> LoggedTold:
    """A prediction as it was logged; `rul audit explain` tells the rest of its story."""
    parts: Parts = request.app.state.parts
    if parts.log.waiting:
        parts.log.flush(seconds=5.0)
    if ID.fullmatch(prediction) is None:
        detail = "There is no such prediction. Copy its id from the answer that gave it."
        raise Problem(404, "unknown_prediction", detail)
    return LoggedTold.model_validate(parts.home.predictions.get(prediction))


def _told(plant: str, answer: Answer) -> dict[str, Any]:
    said = answer.prediction
    return {
        "id": answer.id,
        "plant": plant,
        "unit": said.unit,
        "life": said.life,
        "life_unit": said.life_unit,
        "rul": said.rul,
        "interval": {"low": said.rul_low, "high": said.rul_high, "level": said.level},
        "at_least": said.rul >= NEARLY * said.cap,
        "model": {
            "version": answer.number,
            "sha256_prefix": answer.sha256[:PREFIX_DIGITS],
            "role": answer.role,
        },
        "warnings": said.warnings,
        "advisory_only": True,
    }
