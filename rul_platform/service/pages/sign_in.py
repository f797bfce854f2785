"""Signing in with a token, and out again.

The token is shown once; from then on a cookie stands for it. It is marked ``Secure`` wherever the
browser spoke HTTPS: to us, or to a proxy on this machine that says so (``X-Forwarded-Proto``, which
uvicorn believes from 127.0.0.1 alone unless FORWARDED_ALLOW_IPS names others).

Belongs here: the two forms. Does not belong here: who is signed in (``visitor``).
"""

import secrets
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from rul_platform.service.pages.addresses import own_path
from rul_platform.service.pages.attempts import Attempts
from rul_platform.service.pages.forms import form_of, proven_form
from rul_platform.service.pages.language import COOKIE as LANGUAGE_COOKIE
from rul_platform.service.pages.language import NAMES
from rul_platform.service.pages.rendering import page
from rul_platform.service.pages.visitor import Visitor, number_of, signed_in
from rul_platform.service.parts import Parts
from rul_platform.service.problems import Problem
from rul_platform.service.sessions import COOKIE, LASTS

BEFORE = "rul_before"
"""Cookie of a browser that is about to sign in; its form carries the proof of it."""

SCOPE = "read"
"""What a token must allow, to be of use here."""

YEAR_SECONDS = 365 * 86_400
WRONG, FORBIDDEN, SLOWER = "wrong", "forbidden", "slower"

router = APIRouter(include_in_schema=False)


def sign_in_url(then: str, *, is_over: bool) -> str:
    """The sign-in page, and where to go from there."""
    told = {"next": then} | ({"over": "1"} if is_over else {})
    return f"/sign-in?{urlencode(told)}"


@router.get("/sign-in")
async def show(request: Request) -> Response:
    """The form; whoever is signed in already is sent on."""
    then = own_path(request.query_params.get("next", "/"))
    is_over = request.query_params.get("over") == "1"
    if not is_over and await number_of(request, request.cookies.get(COOKIE, "")) is not None:
        return RedirectResponse(then, 303)
    return _form(request, then, is_over=is_over)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Take a token; a wrong one costs a try."""
    fields = await proven_form(request, request.cookies.get(BEFORE, ""))
    parts: Parts = request.app.state.parts
    attempts: Attempts = request.app.state.attempts
    address = request.client.host if request.client else ""
    then = own_path(fields.get("next", "/"))
    if wait := attempts.wait_seconds(address):
        return _form(request, then, problem=SLOWER, wait=wait)
    try:
        token = await parts.tokens.caller(fields.get("token", "").strip(), SCOPE)
    except Problem as problem:
        if problem.status not in (401, 403):
            raise
        attempts.failed(address)
        return _form(request, then, problem=WRONG if problem.status == 401 else FORBIDDEN)
    answer = RedirectResponse(then, 303)
    _set(request, answer, COOKIE, parts.sessions.issue(token.id, parts.home.now()))
    answer.delete_cookie(BEFORE)
    return answer


@router.post("/sign-out")
async def sign_out(
    request: Request, visitor: Annotated[Visitor, Depends(signed_in(SCOPE))]
) -> Response:
    """End the session, and every copy of its cookie, at every process of the service."""
    await form_of(request, visitor)
    parts: Parts = request.app.state.parts
    await parts.ended.end(visitor.cookie)
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE)
    return answer


@router.get("/language/{code}")
async def choose_language(request: Request, code: str) -> Response:
    """Remember a language, and go back."""
    if code not in NAMES:
        raise Problem(404, "unknown_language", f"The pages are there in {', '.join(NAMES)}.")
    answer = RedirectResponse(own_path(request.query_params.get("next", "/")), 303)
    answer.set_cookie(
        LANGUAGE_COOKIE,
        code,
        max_age=YEAR_SECONDS,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


def _form(
    request: Request,
    then: str,
    *,
    is_over: bool = False,
    problem: str | None = None,
    wait: int = 0,
) -> Response:
    parts: Parts = request.app.state.parts
    before = request.cookies.get(BEFORE) or secrets.token_hex(16)
    answer = page(
        request,
        "sign_in.html.jinja",
        status={None: 200, SLOWER: 429, FORBIDDEN: 403}.get(problem, 401),
        headers={"Retry-After": str(wait)} if wait else None,
        then=then,
        proof=parts.sessions.form_proof(before),
        is_over=is_over,
        problem=problem,
        wait=wait,
    )
    _set(request, answer, BEFORE, before)
    return answer


def _set(request: Request, answer: Response, name: str, value: str) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=int(LASTS.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
