"""Who looks at a page: a person whose browser signed in with a token.

    Annotated[Visitor, Depends(signed_in("read"))]

Belongs here: from cookie to visitor. Does not belong here: signing in (``sign_in``), tokens
(``access``).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from fastapi import Request

from rul_platform.service.pages.rendering import VISITOR, here
from rul_platform.service.parts import Parts
from rul_platform.service.problems import Problem
from rul_platform.service.sessions import COOKIE
from rul_platform.storage.access_tokens import AccessToken

UNAUTHORISED = 401


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in browser.

    Attributes:
        number: Id of its token.
        cookie: What proves it.
        proof: What its forms must carry.
        token: What it may do; None while that is not known.
    """

    number: str
    cookie: str
    proof: str
    token: AccessToken | None

    def may(self, scope: str) -> bool:
        """Whether the token allows this."""
        scopes = self.token.scopes if self.token else frozenset[str]()
        return scope in scopes or "admin" in scopes


class SignInNeededError(Exception):
    """Nobody is signed in; they are sent to the sign-in page, and then back.

    Attributes:
        then: Where to go afterwards.
        is_over: Somebody was signed in, and is not any more.
    """

    def __init__(self, then: str, *, is_over: bool) -> None:
        self.then, self.is_over = then, is_over
        super().__init__(then)


def signed_in(scope: str) -> Callable[[Request], Awaitable[Visitor]]:
    """A dependency: who looks, if their token allows this.

    It raises ``SignInNeededError`` where nobody is signed in, and ``Problem`` 403 or 429.
    """

    async def visitor(request: Request) -> Visitor:
        parts: Parts = request.app.state.parts
        cookie = request.cookies.get(COOKIE, "")
        number = await number_of(request, cookie)
        if number is None:
            raise SignInNeededError(_then(request), is_over=bool(cookie))
        request.scope["rul.token"] = number
        request.scope[VISITOR] = looker = Visitor(
            number, cookie, parts.sessions.form_proof(cookie), None
        )
        try:
            token = await parts.tokens.by_id(number, scope)
        except Problem as problem:
            if problem.status == UNAUTHORISED:
                del request.scope[VISITOR]
                raise SignInNeededError(_then(request), is_over=True) from problem
            raise
        request.scope[VISITOR] = found = replace(looker, token=token)
        return found

    return visitor


def recognise(request: Request) -> None:
    """Let a page know who looks where nobody has to be signed in: its navigation is theirs then.

    Asks no table, since the page may tell that none answers.
    """
    cookie = request.cookies.get(COOKIE, "")
    parts: Parts = request.app.state.parts
    number = parts.sessions.token_id(cookie, parts.home.now())
    if number is not None and VISITOR not in request.scope and not parts.ended.is_known(cookie):
        proof = parts.sessions.form_proof(cookie)
        request.scope[VISITOR] = Visitor(number, cookie, proof, None)


async def number_of(request: Request, cookie: str) -> str | None:
    """Id of the token that a cookie stands for; None where it stands for none any more.

    Raises:
        Problem: 503 where nobody can tell whether its owner signed out.
    """
    parts: Parts = request.app.state.parts
    number = parts.sessions.token_id(cookie, parts.home.now())
    if number is None or await parts.ended.has_ended(cookie):
        return None
    return number


def _then(request: Request) -> str:
    return here(request) if request.method == "GET" else "/"
