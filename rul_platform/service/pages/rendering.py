"""From what is told to an HTML page, in the reader's language.

    return page(request, "fleet.html.jinja", plant="pumps", told=fleet)

Belongs here: the templates' environment and what every page gets. Does not belong here: what a page
tells (``operation.views``), its words (``templates``).
"""

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from rul_platform.service.pages import assets, language
from rul_platform.service.pages.addresses import unit_path
from rul_platform.service.pages.formats import Formats
from rul_platform.service.pages.wording import FAILURES, OUTCOMES, REASONS

VISITOR = "rul.visitor"
"""Where a request's scope keeps who signed in (``visitor.Visitor``)."""

REFERRER = {"Referrer-Policy": "same-origin"}
"""Pages tell their own forms' origin; under ``no-referrer`` a browser would send ``null``."""

TABS = ("fleet", "model", "retraining", "audit")


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **told: Any,
) -> HTMLResponse:
    """A page, ready to send.

    Args:
        request: Whose answer it is.
        template: File in ``templates``.
        status: Of the answer.
        headers: Further ones.
        **told: What the template shows. ``plant`` names the plant of the navigation, ``tab`` the page
            of it that is open.
    """
    spoken = language.of_request(request)
    common = {
        "visitor": request.scope.get(VISITOR),
        "language": spoken,
        "languages": language.NAMES,
        "here": here(request),
        "now": request.app.state.parts.home.now(),
        "plant": None,
        "tab": None,
    }
    text = environment(spoken.code).get_template(template).render(common | told)
    varying = {"Vary": "Accept-Language, Cookie", "Content-Language": spoken.code}
    return HTMLResponse(text, status, REFERRER | varying | dict(headers or {}))


def here(request: Request) -> str:
    """Path and query of this request, to come back to."""
    path = quote(request.url.path, safe="/~%")
    raw = request.scope.get("raw_path")
    if isinstance(raw, bytes):
        path = raw.decode("ascii", "replace").partition("?")[0]
    return f"{path}?{request.url.query}" if request.url.query else path


@cache
def environment(code: str) -> Environment:
    """The templates in one language."""
    spoken = language.language(code)
    made = Environment(
        loader=PackageLoader("rul_platform.service.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(  # pyright: ignore[reportAttributeAccessIssue]  of the extension
        spoken.text, spoken.counted, newstyle=True
    )
    formats = Formats(spoken)
    names = (
        "number",
        "mark",
        "exact",
        "figure",
        "percent",
        "moment",
        "day",
        "ago",
        "lasting",
        "life_unit",
    )
    made.filters |= {name: getattr(formats, name) for name in names}
    made.globals |= {"asset": assets.url_of, "unit_path": unit_path}
    made.globals |= {
        "end_name": lambda kind: spoken.text(OUTCOMES[kind]),
        "reason_name": lambda reason: spoken.text(REASONS[reason]),
        "failure_name": lambda words: spoken.text(FAILURES[words]) if words in FAILURES else None,
    }
    return made
