"""Bodies of requests, read within limits and checked strictly.

Belongs here: size, time, and JSON to models. Does not belong here: the models (``bodies``).
"""

import asyncio
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from rul_platform.service.problems import Problem, invalid

MOST_BYTES = 8 * 2**20
"""512 machines with 60 readings of 24 sensors are about 5 MB of JSON."""

FEW_BYTES = 64 * 2**10
"""For all that is no readings."""

MOST_IN_VAIN = 32 * 2**20
"""So much of a body that is too large is read and thrown away: who is still sending reads no answer."""

BODY_SECONDS = 20.0
JSON = "application/json"

_Model = TypeVar("_Model", bound=BaseModel)


async def body_of(request: Request, model: type[_Model], *, most: int = FEW_BYTES) -> _Model:
    """The request's body as a model.

    Raises:
        Problem: 408, 413, 415, or 422 with everything that is wrong with it.
    """
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Problem(415, "not_plain", "Send the body without Content-Encoding.")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise Problem(415, "not_json", f"Send the body as Content-Type: {JSON}.")
    data = await bytes_of(request, most=most)
    try:
        if len(data) > FEW_BYTES:  # milliseconds, in which nobody else would be heard
            return await asyncio.to_thread(model.model_validate_json, data)
        return model.model_validate_json(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise invalid(found) from None
    except RecursionError:
        raise Problem(422, "invalid", "The body is nested too deeply.") from None


async def bytes_of(request: Request, *, most: int = FEW_BYTES) -> bytes:
    """The request's body, if it is not too large and comes in time.

    Raises:
        Problem: 400, 408 or 413.
    """
    declared = int(request.headers.get("content-length", 0))
    waits = "expect" in request.headers
    if declared > (most if waits else max(most, MOST_IN_VAIN)):
        raise _too_large(most)
    parts, size, seconds = list[bytes](), 0, request.app.state.body_seconds
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                size += len(part)
                if size <= most:
                    parts.append(part)
                elif size > MOST_IN_VAIN:
                    raise _too_large(most)
    except TimeoutError:
        detail = f"The body did not arrive within {seconds:g} seconds."
        raise Problem(408, "timeout", detail, headers={"Connection": "close"}) from None
    if size > most:
        raise _too_large(most)
    return b"".join(parts)


def _too_large(most: int) -> Problem:
    detail = f"The body is larger than {most} bytes. Send fewer machines or readings at once."
    return Problem(413, "too_large", detail, headers={"Connection": "close"})
