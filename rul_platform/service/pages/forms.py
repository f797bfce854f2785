"""What a form sent: fields, proven to come from a page of ours.

Belongs here: reading, limits and both proofs. Does not belong here: what fields mean.
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request

from rul_platform.errors import IntakeError
from rul_platform.service.pages.visitor import Visitor
from rul_platform.service.parts import Parts
from rul_platform.service.problems import Problem
from rul_platform.service.reading import bytes_of

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 50
PROOF = "proof"
"""Name of the field that carries the proof."""


async def form_of(request: Request, visitor: Visitor) -> Mapping[str, str]:
    """The fields of a form that a signed-in visitor sent.

    Raises:
        Problem: 403 where it came from elsewhere; 400, 408, 413, 415 or 422 as it cannot be read.
    """
    return await proven_form(request, visitor.cookie)


async def proven_form(request: Request, cookie: str) -> Mapping[str, str]:
    """The same for a cookie that is no session yet; raises as :func:`form_of`."""
    refuse_other_origin(request)
    fields = await _fields(request)
    parts: Parts = request.app.state.parts
    if not cookie or not parts.sessions.is_form_proof(cookie, fields.get(PROOF, "")):
        raise _foreign("The form is not one of yours, or its page is too old. Load the page anew.")
    return fields


def refuse_other_origin(request: Request) -> None:
    """Let nobody else's page send our forms.

    A browser tells the origin of a form; one that does not tells at least from where it was asked.

    Raises:
        Problem: 403.
    """
    origin = request.headers.get("origin")
    if origin is None:
        if request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none"):
            return
    elif urlsplit(origin).netloc == request.headers.get("host"):
        return
    raise _foreign("The form was sent by a page of another site.")


def problems_of(error: IntakeError) -> tuple[str, ...]:
    """What is wrong with what a form sent: it is one row, so nobody asks which."""
    return tuple(each.removeprefix("row 1: ") for each in error.problems)


async def _fields(request: Request) -> Mapping[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise Problem(415, "not_a_form", f"Send the form as Content-Type: {FORM}.")
    data = await bytes_of(request)
    try:
        pairs = parse_qsl(
            data.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(data),
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        detail = f"The form's fields cannot be read; at most {MOST_FIELDS} in UTF-8 are expected."
        raise Problem(422, "invalid", detail) from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Problem(422, "invalid", "A field of the form came twice; once is expected.")
    return fields


def _foreign(detail: str) -> Problem:
    return Problem(403, "foreign_form", detail)
