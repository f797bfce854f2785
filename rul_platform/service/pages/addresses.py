"""Addresses of pages: names of machines in paths, and where one may be sent back to.

A machine may be called anything. Its name stands percent-encoded in the path; one that a browser or a
proxy would take for a part of the path's own language (``..``, an empty part) stands as ``~`` and
base64.

Belongs here: names to paths and back, numbers in paths. Does not belong here: routes.
"""

import base64
import binascii
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Path

CODED = "~"
LARGEST_NUMBER = 2**31 - 1
"""What a column of whole numbers holds, in every database."""

VersionNumber = Annotated[int, Path(ge=1, le=LARGEST_NUMBER)]
"""A version's number in a path."""

_OWN = ("", ".", "..")


def unit_path(plant: str, unit: str) -> str:
    """The page of a machine.

    >>> unit_path("pumps", "hall 2/pump 7")
    '/plants/pumps/units/hall%202%2Fpump%207'
    """
    return f"/plants/{plant}/units/{coded(unit)}"


def coded(unit: str) -> str:
    """A machine's name as the last part of a path.

    >>> coded(".."), coded("p-1")
    ('~Li4=', 'p-1')
    """
    if unit.startswith(CODED) or any(part in _OWN for part in unit.split("/")):
        return CODED + base64.urlsafe_b64encode(unit.encode()).decode()
    return quote(unit, safe="")


def decoded(part: str) -> str:
    """The name that :func:`coded` coded, after the server undid the percents; else as it stands.

    >>> decoded("~Li4="), decoded("hall 2/pump 7")
    ('..', 'hall 2/pump 7')
    """
    if not part.startswith(CODED):
        return part
    try:
        return base64.urlsafe_b64decode(part.removeprefix(CODED).encode()).decode()
    except (binascii.Error, UnicodeError, ValueError):
        return part


def own_path(given: str) -> str:
    r"""Where one may be sent after signing in: a path of this service, else its first page.

    >>> own_path("/plants/pumps?sort=rul"), own_path("//evil.example"), own_path("/\\evil.example")
    ('/plants/pumps?sort=rul', '/', '/')
    """
    is_plain = all(" " < sign < "\x7f" for sign in given) and "\\" not in given
    if not is_plain or not given.startswith("/") or given.startswith("//"):
        return "/"
    split = urlsplit(given)
    return "/" if split.scheme or split.netloc or split.path.startswith("/sign-") else given
