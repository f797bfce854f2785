"""Log lines as JSON, one object each, for machines that collect them.

What a caller sent is in none of them: a route's template stands for the path, the class of an error for
its text, and whatever looks like a token is cut before it is written, whoever logged it.

Belongs here: the form of lines. Does not belong here: what is logged.
"""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from traceback import extract_tb
from typing import Any

from sqlalchemy.exc import DBAPIError

LEVELS = ("debug", "info", "warning", "error", "critical")

REQUEST_ID: ContextVar[str | None] = ContextVar("request id", default=None)
"""Of the request that is being answered; stands on each line that is logged meanwhile."""

_TOKEN = re.compile(r"(rul_[0-9a-f]{12}_)[\w-]+", re.ASCII)
_BEARER = re.compile(r"(bearer\s+)(?!rul_[0-9a-f]{12}_)[\w.~+/=-]+", re.ASCII | re.IGNORECASE)
CUT = "[cut]"
_SHORTENED = rf"\g<1>{CUT}"

_ENCODER = json.JSONEncoder(default=str)

FRAMES = 12
"""Of an error's way through the code, the newest."""


class JsonFormatter(logging.Formatter):
    """Time, level, who speaks, what; the request's id and fields where there are some."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (request_id := REQUEST_ID.get()) is not None:
            told["request_id"] = request_id
        told |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            told["error"] = told_of(record.exc_info[1])
        return without_secrets(_ENCODER.encode(told))


def without_secrets(text: str) -> str:
    """The text with whatever looks like a secret cut; the id of a token stays: it is none.

    >>> without_secrets("token rul_0123456789ab_s3cret was shown, and Bearer abc.def")
    'token rul_0123456789ab_[cut] was shown, and Bearer [cut]'
    """
    text = _TOKEN.sub(_SHORTENED, text)
    if "bearer" not in text.lower():  # as nearly always; a search for any case of it takes longer
        return text
    return _BEARER.sub(_SHORTENED, text)


def told_of(error: BaseException) -> list[dict[str, Any]]:
    """An error and its causes: classes and places, not texts, which may hold what a caller sent."""
    found, seen = list[dict[str, Any]](), set[int]()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        frames = extract_tb(cause.__traceback__)[-FRAMES:]
        at = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        found.append({"kind": type(cause).__name__, "said": _said(cause), "at": at})
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return found


def _said(error: BaseException) -> str | None:
    """What the system or the database says, without the values that it was given."""
    if isinstance(error, OSError):
        return error.strerror
    if isinstance(error, DBAPIError):
        return next(iter(str(error.orig).splitlines()), None)
    return None
