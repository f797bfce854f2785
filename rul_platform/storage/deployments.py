"""Which version was in charge of a plant, and when: intervals without gap or overlap.

Belongs here: reading and writing the intervals, and whom a rollback can go back to, inside the
transaction of whoever asks. Does not belong here: the transaction (``models``).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

import sqlalchemy as sa

from rul_platform.errors import NoPredecessorError
from rul_platform.storage import version_rows
from rul_platform.storage.column_types import in_utc
from rul_platform.storage.tables import DEPLOYMENT
from rul_platform.storage.version_rows import ModelVersion

ROLLBACK = "rollback"
RECALIBRATION = "recalibration"
DECISIONS = ("promotion", "approval", "forced", "confirmed", RECALIBRATION)
"""Why a version is put in charge: the gate, a person, a person against the gate, a won comparison, or an
interval that outcomes calibrated around the predictions of the one before."""

CLOCK = "clock"
"""In the evidence: when the decision was by the clock of who decided, where ``since`` is later."""

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

    @property
    def decided_at(self) -> datetime:
        """``since`` by the clock of who decided: earlier, where a clock had run ahead before."""
        clock = self.evidence.get(CLOCK)
        return self.since if clock is None else datetime.fromisoformat(clock)


def models_of(deployed: Sequence[Deployment]) -> dict[int, int]:
    """Version to the one whose predictions it makes: itself, or what it is a recalibration of.

    Args:
        deployed: All deployments of one plant, oldest first.
    """
    models = dict[int, int]()
    for each in deployed:
        of = each.evidence["of"] if each.kind == RECALIBRATION else each.number
        models.setdefault(each.number, models.get(of, of))
    return models


def newest_of_one_model(deployed: Sequence[Deployment]) -> tuple[Deployment, ...]:
    """The end of a plant's history in which one model made all predictions, oldest first.

    Args:
        deployed: All deployments of the plant, oldest first; at least one.
    """
    models = models_of(deployed)
    model = models[deployed[-1].number]
    same = takewhile(lambda each: models[each.number] == model, reversed(deployed))
    return tuple(reversed(tuple(same)))


def history(connection: sa.Connection, plant: str) -> tuple[Deployment, ...]:
    """A plant's deployments, oldest first."""
    columns = (_D.plant, _D.number, _D.sha256, _D.since, _D.until, _D.evidence)
    question = sa.select(*columns).where(_D.plant == plant).order_by(_D.id)
    return tuple(Deployment(**row) for row in connection.execute(question).mappings())


def newest_after(connection: sa.Connection, row: int) -> tuple[int, tuple[Deployment, ...]]:
    """The newest deployment of each plant whose row comes after this one, and the last such row.

    Deployments take turns, so rows come in the order of their numbers.
    """
    newest = sa.select(sa.func.max(_D.id)).where(_D.id > row).group_by(_D.plant)
    columns = (_D.id, _D.plant, _D.number, _D.sha256, _D.since, _D.until, _D.evidence)
    question = sa.select(*columns).where(_D.id.in_(newest)).order_by(_D.id)
    found = connection.execute(question).mappings().all()
    served = tuple(
        Deployment(**{name: value for name, value in each.items() if name != "id"})
        for each in found
    )
    return (found[-1]["id"] if found else row), served


def succeed(
    connection: sa.Connection, version: ModelVersion, evidence: dict[str, Any], now: datetime
) -> Deployment:
    """End the time in charge of whoever serves, and let this version's begin.

    Nothing begins before what is already history: where a clock had run ahead, at its last moment, and
    the evidence says what the clock shows now. So the way out is never blocked by a wrong clock.

    Raises:
        RecordError: The evidence is not JSON, or ``now`` has no time zone.
    """
    now, made = in_utc(now), history(connection, version.plant)
    since = max(now, made[-1].until or made[-1].since) if made else now
    if since != now:
        evidence = {**evidence, CLOCK: now.isoformat()}
    connection.execute(
        DEPLOYMENT.update().where(_D.plant == version.plant, _D.until.is_(None)).values(until=since)
    )
    row = {"plant": version.plant, "number": version.number, "sha256": version.sha256}
    connection.execute(DEPLOYMENT.insert().values(**row, since=since, evidence=evidence))
    return history(connection, version.plant)[-1]


def predecessors(connection: sa.Connection, plant: str) -> tuple[ModelVersion, ...]:
    """Former champions that can serve again, the one that served last first."""
    return tuple(each for each in _former(connection, plant) if each.is_ready(RETURNABLE))


def rollback_target(
    connection: sa.Connection, champion: ModelVersion, to: int | None, same: Collection[int] = ()
) -> ModelVersion:
    """The version that a rollback from ``champion`` puts in charge; without ``to`` none of ``same``.

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
        if version.number not in same:
            return version
    told = [
        f"version {v.number} is {'the same model' if v.number in same else v.told_state}"
        for v in _former(connection, champion.plant)
    ]
    raise NoPredecessorError(champion.plant, champion=champion.number, passed_over=told)


def _former(connection: sa.Connection, plant: str) -> tuple[ModelVersion, ...]:
    """All that have served but do not now, the one that served last first."""
    known = {version.number: version for version in version_rows.of_plant(connection, plant)}
    served = dict.fromkeys(each.number for each in reversed(history(connection, plant)))
    return tuple(known[number] for number in served if known[number].state != "champion")
