"""Which signed statement says how a version was made.

Belongs here: the table. Does not belong here: the statement (``core.statement``) and its signing
(``operation.provenance``).
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from rul_platform.storage.database import reading, writing
from rul_platform.storage.operation_tables import PROVENANCE

_P = PROVENANCE.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """One statement about one version.

    Attributes:
        id: Grows in the order of signing.
        plant: Whose model.
        number: Its version.
        sha256: The version's artifact.
        envelope: The artifact that holds the signed statement.
        created_at: In UTC.
    """

    id: int
    plant: str
    number: int
    sha256: str
    envelope: str
    created_at: datetime


class ProvenanceStore:
    """All statements."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def record(
        self, *, plant: str, number: int, sha256: str, envelope: str, now: datetime
    ) -> Provenance:
        """Keep one; a version may have several, as one is signed anew with each repetition."""
        row = {"plant": plant, "number": number, "sha256": sha256, "envelope": envelope}
        with writing(self._engine) as connection:
            made = PROVENANCE.insert().values(**row, created_at=now).returning(_P.id)
            key = connection.execute(made).scalar_one()
            question = sa.select(PROVENANCE).where(_P.id == key)
            return Provenance(**connection.execute(question).mappings().one())

    def of_version(self, plant: str, number: int) -> tuple[Provenance, ...]:
        """Statements about one version, oldest first."""
        where = _P.plant == plant, _P.number == number
        question = sa.select(PROVENANCE).where(*where).order_by(_P.id)
        with reading(self._engine) as connection:
            return tuple(Provenance(**row) for row in connection.execute(question).mappings())
