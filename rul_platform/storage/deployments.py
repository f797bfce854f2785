"""Which version was in charge of a plant, and when: intervals without gap or overlap.

Belongs here: reading and writing the intervals, and whom a rollback can go back to, inside the
transaction of whoever asks. Does not belong here: the transaction (``models``).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rul_platform.errors import DeploymentTimeError, NoPredecessorError
from rul_platform.storage import version_rows
from rul_platform.storage.column_types import in_utc
from rul_platform.storage.tables import DEPLOYMENT
from rul_platform.storage.version_rows import ModelVersion

ROLLBACK = "rollback"
DECISIONS = ("promotion", "approval", "forced", "confirmed")
"""Why a version is put in charge: the gate, a person, a person against the gate, a won comparison."""

RETURNABLE = ("retired",)
"""States of a version that has served and may serve again."""

_D = DEPLOYMENT.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A version's time in charge of a plant: from ``since`` until just before ``until``.

    Attributes:
        plant: Which plant.
        number: Which version.
        sha256: Its artifact.
        since: Beginning, in UTC.
        until: End, in UTC; None while it serves.
        evidence: What the decision rested on; ``kind`` is one of ``DECISIONS``, or ``ROLLBACK``.
    """

    plant: str
    number: int
    sha256: str
    since: datetime
    until: datetime | None
    evidence: dict[str, Any]

    @property
    def kind(self) -> str:
        """Why it was put in charge; what was deployed before kinds were recorded was promoted."""
        return str(self.evidence.get("kind", DECISIONS[0]))


def history(connection: sa.Connection, plant: str) -> tuple[Deployment, ...]:
    """A plant's deployments, oldest first."""
    columns = (_D.plant, _D.number, _D.sha256, _D.since, _D.until, _D.evidence)
    question = sa.select(*columns).where(_D.plant == plant).order_by(_D.id)
    return tuple(Deployment(**row) for row in connection.execute(question).mappings())


def end_current(connection: sa.Connection, plant: str, now: datetime) -> None:
    """End the time in charge of whoever serves; nothing may begin before what is already history.

    Raises:
        DeploymentTimeError: ``now`` is before the last change.
        RecordError: ``now`` has no time zone.
    """
    now, made = in_utc(now), history(connection, plant)
    if not made:
        return
    earliest = made[-1].until or made[-1].since
    if now < earliest:
        raise DeploymentTimeError(plant, found=now.isoformat(), earliest=earliest.isoformat())
    connection.execute(
        DEPLOYMENT.update().where(_D.plant == plant, _D.until.is_(None)).values(until=now)
    )


def begin(
    connection: sa.Connection, version: ModelVersion, evidence: dict[str, Any], now: datetime
) -> Deployment:
    """Let a version's time in charge begin; whoever served before has ended.

    Raises:
        RecordError: The evidence is not JSON.
    """
    row = {"plant": version.plant, "number": version.number, "sha256": version.sha256}
    connection.execute(DEPLOYMENT.insert().values(**row, since=now, evidence=evidence))
    return history(connection, version.plant)[-1]


def predecessors(connection: sa.Connection, plant: str) -> tuple[ModelVersion, ...]:
    """Former champions that can serve again, the one that served last first."""
    return tuple(each for each in _former(connection, plant) if each.is_ready(RETURNABLE))


def rollback_target(
    connection: sa.Connection, champion: ModelVersion, to: int | None
) -> ModelVersion:
    """The version that a rollback from ``champion`` puts in charge.

    Raises:
        NoPredecessorError: None has served that can serve again.
        UnknownVersionError: The plant has none of the number ``to``.
        VersionStateError: That version cannot.
    """
    if to is not None:
        version = version_rows.get(connection, champion.plant, to)
        version_rows.require(version, RETURNABLE, "a rollback puts in charge")
        return version
    for version in predecessors(connection, champion.plant):
        return version
    told = [f"version {v.number} is {v.told_state}" for v in _former(connection, champion.plant)]
    raise NoPredecessorError(champion.plant, champion=champion.number, passed_over=told)


def _former(connection: sa.Connection, plant: str) -> tuple[ModelVersion, ...]:
    """All that have served but do not now, the one that served last first."""
    known = {version.number: version for version in version_rows.of_plant(connection, plant)}
    served = dict.fromkeys(each.number for each in reversed(history(connection, plant)))
    return tuple(known[number] for number in served if known[number].state != "champion")
