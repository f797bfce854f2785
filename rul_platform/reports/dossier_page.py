"""Everything recorded about one version, as one HTML page that opens offline.

Belongs here: putting plain values into the page. Does not belong here: gathering them
(``operation.audit.dossier``), the page itself (``templates/dossier.html.jinja``).
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render_dossier(told: Mapping[str, Any]) -> bytes:
    """The page as UTF-8; the same for the same values.

    Args:
        told: As ``operation.audit.dossier.dossier`` gives it.
    """
    page = _environment().get_template("dossier.html.jinja")
    return page.render(told=told).encode("utf-8")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("rul_platform.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["moment"] = _moment
    return made


def _moment(text: str | None) -> str:
    return "now" if text is None else f"{text[:10]} {text[11:19]} UTC"
