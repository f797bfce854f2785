"""Answers that were given under a key of the caller's, so that a repetition changes nothing.

A caller that lost its answer sends the same request with the same key again, and gets the answer that
was committed together with what the request did.

Belongs here: keeping and finding answers. Does not belong here: what requests do (``operation``).
"""

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from rul_platform.errors import KeyReusedError
from rul_platform.storage.database import reading, writing
from rul_platform.storage.service_tables import ANSWERED_REQUEST
from rul_platform.storage.upsert import portions

_A = ANSWERED_REQUEST.c


class RacedError(Exception):
    """Another process answered under the same key in the meantime: look again."""


class AnsweredRequests:
    """All answers under keys."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def find(self, bodies: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """Answers that were given already, by key; inside an open ``writing`` also those of its own.

        Args:
            bodies: Key (from :func:`key_of`) to the keyed hash of the request's body.

        Raises:
            KeyReusedError: One was given to a request with another body.
        """
        found: dict[str, dict[str, Any]] = {}
        if not bodies:
            return found
        with reading(self._engine) as connection:
            for some in portions(bodies):
                question = sa.select(_A.key, _A.body, _A.answer).where(_A.key.in_(some))
                for key, body, answer in connection.execute(question):
                    if body != bodies[key]:
                        raise KeyReusedError
                    found[key] = answer
        return found

    def keep(self, answers: Mapping[str, tuple[str, dict[str, Any]]], now: datetime) -> None:
        """Keep answers; inside an open ``writing`` with all that they tell of.

        Args:
            answers: Key to the keyed hash of the request's body, and the answer.
            now: When.

        Raises:
            RacedError: Another process kept one in the meantime: the transaction is lost.
        """
        rows = [
            {"key": key, "body": body, "answer": answer, "created_at": now}
            for key, (body, answer) in answers.items()
        ]
        if not rows:
            return
        try:
            with writing(self._engine) as connection:
                connection.execute(ANSWERED_REQUEST.insert(), rows)
        except IntegrityError as error:
            raise RacedError from error


def key_of(proof: str, key: str) -> str:
    """What a caller's key is kept as: nobody can tell from it whose it was.

    Args:
        proof: What only the caller has, and no table holds: the token with its secret.
        key: The caller's.
    """
    return hmac.digest(proof.encode(), key.encode(), "sha256").hex()
