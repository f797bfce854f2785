"""Browser sessions whose owner signed out: no copy of their cookie opens the door again.

Every process of the service, and the one after a restart, must know. A cookie proves itself by a
signature and ends by itself; so this tells only of those that ended sooner.

Belongs here: keeping and finding them. Does not belong here: what a cookie is (``service.sessions``).
"""

import hashlib
from datetime import datetime

import sqlalchemy as sa

from rul_platform.storage.database import reading, writing
from rul_platform.storage.service_tables import ENDED_SESSION
from rul_platform.storage.upsert import insert

_E = ENDED_SESSION.c


class EndedSessions:
    """All sessions that somebody ended."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def end(self, cookie: str, now: datetime) -> None:
        """End a session; once is as good as twice."""
        row = {"cookie": _digest(cookie), "created_at": now}
        with writing(self._engine) as connection:
            connection.execute(
                insert(connection, ENDED_SESSION).values(row).on_conflict_do_nothing()
            )

    def has_ended(self, cookie: str) -> bool:
        """Whether its owner signed out."""
        question = sa.select(_E.cookie).where(_E.cookie == _digest(cookie))
        with reading(self._engine) as connection:
            return connection.scalar(question) is not None


def _digest(cookie: str) -> str:
    """All that is kept: a cookie carries a signature, so nobody can guess one from it."""
    return hashlib.sha256(cookie.encode("utf-8", "replace")).hexdigest()
