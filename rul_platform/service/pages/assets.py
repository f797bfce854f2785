"""Files that every page needs: the stylesheet, the script and the icon, each under its own hash.

A file's address holds the hash of its bytes, so a browser may keep it for good: other bytes have
another address.

Belongs here: these files and their addresses. Does not belong here: pages.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

from rul_platform.service.problems import Problem

FOLDER = Path(__file__).with_name("static")
TYPES = {
    "pages.css": "text/css; charset=utf-8",
    "pages.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
HASH_DIGITS = 16
FOR_GOOD = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file.

    Attributes:
        data: Its bytes.
        url: Where it is, with its hash.
    """

    data: bytes
    url: str


@cache
def asset(name: str) -> Asset:
    """One of ``TYPES``."""
    data = (FOLDER / name).read_bytes()
    digest = hashlib.sha256(data).hexdigest()[:HASH_DIGITS]
    return Asset(data, f"/static/{digest}/{name}")


def url_of(name: str) -> str:
    """Where a file is: what templates write."""
    return asset(name).url


@router.get("/static/{digest}/{name}")
async def static(digest: str, name: str) -> Response:
    """A file by its hash; of any other hash there is none."""
    if name not in TYPES or asset(name).url != f"/static/{digest}/{name}":
        raise Problem(404, "not_found", "There is no such file. Load the page anew.")
    headers = {"Cache-Control": FOR_GOOD}
    return Response(asset(name).data, headers=headers, media_type=TYPES[name])


@router.get("/favicon.ico")
async def favicon() -> Response:
    """What browsers ask for unasked."""
    return Response(asset("icon.svg").data, media_type=TYPES["icon.svg"])
