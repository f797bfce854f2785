"""Versions of each plant's model, and which of them served when.

    candidate ── deploy ──► champion ── next deploy ──► retired ── deploy (rollback) ──► champion
        └────── reject ──► rejected ── deploy, on a later verdict ──► champion

Belongs here: the transactions that keep one champion per plant and its time in charge without gap or
overlap. Does not belong here: whether a version is good enough (``core.gate``).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rul_platform.errors import (
    ChampionChangedError,
    DeploymentTimeError,
    UnknownVersionError,
    VersionStateError,
)
from rul_platform.storage.database import writing
from rul_platform.storage.tables import DEPLOYMENT, MODEL_VERSION, in_utc

DEPLOYABLE = ("candidate", "shadow", "rejected", "retired")
"""States from which a version may go into service: rejected ones too, on a later verdict."""

REJECTABLE = ("candidate", "shadow", "rejected")

_V, _D = MODEL_VERSION.c, DEPLOYMENT.c


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """One version of a plant's model.

    Attributes:
        plant: Whose model.
        number: From 1, per plant, in the order of registration.
        sha256: Its artifact.
        state: One of ``tables.STATES``.
        created_at: When it was registered, in UTC.
        note: Why it is in this state, where there is something to say.
    """

    plant: str
    number: int
    sha256: str
    state: str
    created_at: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A version's time in charge of a plant: from ``since`` until just before ``until``.

    Attributes:
        plant: Which plant.
        number: Which version.
        sha256: Its artifact.
        since: Beginning, in UTC.
        until: End, in UTC; None while it serves.
        evidence: What the decision rested on.
    """

    plant: str
    number: int
    sha256: str
    since: datetime
    until: datetime | None
    evidence: dict[str, Any]


class ModelRegistry:
    """All versions and all deployments."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def register(self, plant: str, sha256: str, *, now: datetime) -> ModelVersion:
        """Make an artifact a candidate; the same artifact again is the version that it already is.

        Raises:
            RecordError: The hash is none, or ``now`` has no time zone.
        """
        with writing(self._engine, alone_in=MODEL_VERSION) as connection:
            known = _versions(connection, _V.plant == plant)
            for version in known:
                if version.sha256 == sha256:
                    return version
            number = max((version.number for version in known), default=0) + 1
            row = {"plant": plant, "number": number, "sha256": sha256, "created_at": now}
            connection.execute(MODEL_VERSION.insert().values(**row, state="candidate", note=""))
            return _version(connection, plant, number)

    def versions(self, plant: str | None = None) -> tuple[ModelVersion, ...]:
        """Versions of one plant, or of all; by plant, then by number."""
        with self._engine.connect() as connection:
            found = _versions(connection, *([] if plant is None else [_V.plant == plant]))
        return tuple(sorted(found, key=lambda each: (each.plant, each.number)))

    def version(self, plant: str, number: int) -> ModelVersion:
        """One version.

        Raises:
            UnknownVersionError: The plant has none of this number.
        """
        with self._engine.connect() as connection:
            return _version(connection, plant, number)

    def champion(self, plant: str) -> ModelVersion | None:
        """The version in charge, or None."""
        with self._engine.connect() as connection:
            return _champion(connection, plant)

    def deploy(
        self,
        plant: str,
        number: int,
        *,
        expected_champion: int | None,
        evidence: dict[str, Any],
        now: datetime,
    ) -> Deployment:
        """Put a version in charge, all at once: the former champion's time ends where this begins.

        Deploying the version that is in charge changes nothing, so that a repetition is harmless.

        Args:
            plant: Which plant.
            number: Which version.
            expected_champion: The champion that it was compared with; None for no champion.
            evidence: What the decision rests on; kept with the deployment.
            now: When.

        Raises:
            UnknownVersionError: The plant has none of this number.
            ChampionChangedError: Another one is in charge than the expected champion.
            VersionStateError: The version was taken out of service for good.
            DeploymentTimeError: ``now`` is before the last change.
            RecordError: ``now`` has no time zone, or the evidence is not JSON.
        """
        with writing(self._engine, alone_in=MODEL_VERSION) as connection:
            version, champion = _version(connection, plant, number), _champion(connection, plant)
            if champion == version:
                return _deployments(connection, plant)[-1]
            found = champion.number if champion else None
            if found != expected_champion:
                raise ChampionChangedError(plant, compared=expected_champion, found=found)
            if version.state not in DEPLOYABLE:
                raise VersionStateError(plant, number, state=version.state, allowed=DEPLOYABLE)
            _close(connection, champion, plant, in_utc(now))
            _open(connection, version, evidence, now)
            return _deployments(connection, plant)[-1]

    def reject(self, plant: str, number: int, reason: str) -> ModelVersion:
        """Mark a version as refused by the gate, and say why.

        A version that serves or has served keeps its state: the refusal was one of putting it in charge
        *again*, and takes nothing out of service.

        Raises:
            UnknownVersionError: The plant has none of this number.
        """
        with writing(self._engine, alone_in=MODEL_VERSION) as connection:
            version = _version(connection, plant, number)
            if version.state in REJECTABLE:
                _move(connection, version, "rejected", reason)
            return _version(connection, plant, number)

    def deployments(self, plant: str) -> tuple[Deployment, ...]:
        """A plant's deployments, oldest first: intervals without overlap, the last may be open."""
        with self._engine.connect() as connection:
            return _deployments(connection, plant)


def _close(
    connection: sa.Connection, champion: ModelVersion | None, plant: str, now: datetime
) -> None:
    """End the time in charge of whoever serves; nothing may begin before what is already history."""
    history = _deployments(connection, plant)
    if not history:
        return
    earliest = history[-1].until or history[-1].since
    if now < earliest:
        raise DeploymentTimeError(plant, found=now.isoformat(), earliest=earliest.isoformat())
    if champion is not None:
        connection.execute(
            DEPLOYMENT.update().where(_D.plant == plant, _D.until.is_(None)).values(until=now)
        )
        _move(connection, champion, "retired", "")


def _open(
    connection: sa.Connection, version: ModelVersion, evidence: dict[str, Any], now: datetime
) -> None:
    _move(connection, version, "champion", "")
    row = {"plant": version.plant, "number": version.number, "sha256": version.sha256}
    connection.execute(DEPLOYMENT.insert().values(**row, since=now, evidence=evidence))


def _move(connection: sa.Connection, version: ModelVersion, state: str, note: str) -> None:
    connection.execute(
        MODEL_VERSION.update()
        .where(_V.plant == version.plant, _V.number == version.number)
        .values(state=state, note=note)
    )


def _version(connection: sa.Connection, plant: str, number: int) -> ModelVersion:
    known = _versions(connection, _V.plant == plant)
    for version in known:
        if version.number == number:
            return version
    raise UnknownVersionError(plant, number, held=[version.number for version in known])


def _champion(connection: sa.Connection, plant: str) -> ModelVersion | None:
    found = _versions(connection, _V.plant == plant, _V.state == "champion")
    return found[0] if found else None


def _versions(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[ModelVersion]:
    question = sa.select(MODEL_VERSION).where(*conditions).order_by(_V.number)
    return [ModelVersion(**row) for row in connection.execute(question).mappings()]


def _deployments(connection: sa.Connection, plant: str) -> tuple[Deployment, ...]:
    columns = (_D.plant, _D.number, _D.sha256, _D.since, _D.until, _D.evidence)
    question = sa.select(*columns).where(_D.plant == plant).order_by(_D.id)
    return tuple(Deployment(**row) for row in connection.execute(question).mappings())
