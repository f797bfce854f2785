"""Stored pages that stand for themselves: reports and dossiers, with their style inside.

They are sandboxed, without scripts, and may fetch nothing: their own content security policy allows
what they carry, and nothing else.

Belongs here: how such a page is answered. Does not belong here: what it shows (``reports``).
"""

from starlette.responses import HTMLResponse

CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox"
)


def document(html: bytes) -> HTMLResponse:
    """A stored page as an answer."""
    return HTMLResponse(html, headers={"Content-Security-Policy": CSP})
