"""Which version of a plant's model is in charge, and how it came to be.

Belongs here: the transactions that keep one champion per plant and its time in charge without gap or
overlap, each with its row in the ledger. Does not belong here: the other states (``version_states``),
whether a version is good enough (``core.gate``), whether its files are whole (``operation.deploying``).
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rul_platform.errors import ChampionChangedError, NoChampionError, RecordError
from rul_platform.storage import deployments, version_rows
from rul_platform.storage.database import reading
from rul_platform.storage.deployments import DECISIONS, RETURNABLE, ROLLBACK, Deployment
from rul_platform.storage.freezes import refuse_frozen
from rul_platform.storage.version_rows import ModelVersion
from rul_platform.storage.version_states import VersionStates

__all__ = ["DEPLOYABLE", "Deployment", "ModelRegistry", "ModelVersion"]

DEPLOYABLE = ("candidate", "shadow", "rejected", "retired")
"""States from which a version may go into service: rejected ones too, on a later verdict."""

LEDGER_KINDS = {ROLLBACK: "rollback", "forced": "forced"}
"""Kind of a deployment to that of its row in the ledger; all others are a ``deployment``."""


class ModelRegistry(VersionStates):
    """All versions and all deployments."""

    def deployments(self, plant: str) -> tuple[Deployment, ...]:
        """A plant's deployments, oldest first: intervals without overlap, the last may be open."""
        with reading(self._engine) as connection:
            return deployments.history(connection, plant)

    def deployed_after(self, row: int) -> tuple[int, tuple[Deployment, ...]]:
        """Who was put in charge of each plant last, where that is new.

        Args:
            row: What was given the last time; 0 for all.

        Returns:
            What to give the next time; the newest deployment of each plant that has one after ``row``.
        """
        with reading(self._engine) as connection:
            return deployments.newest_after(connection, row)

    def predecessors(self, plant: str) -> tuple[ModelVersion, ...]:
        """Versions that a rollback can put in charge again, the one that served last first."""
        with reading(self._engine) as connection:
            return deployments.predecessors(connection, plant)

    def deploy(
        self,
        plant: str,
        number: int,
        *,
        expected_champion: int | None,
        evidence: Mapping[str, Any],
        now: datetime,
    ) -> Deployment:
        """Put a version in charge, all at once: the former champion's time ends where this begins.

        Deploying the version that is in charge changes nothing, so that a repetition is harmless.

        Args:
            plant: Which plant.
            number: Which version.
            expected_champion: The champion that it was compared with; None for no champion.
            evidence: What the decision rests on; kept with the deployment. ``kind`` is one of
                ``deployments.DECISIONS``, without it a promotion; ``actor`` and ``reason`` say who
                decided and why, and go into the ledger too.
            now: When; not before what is history already (``deployments.succeed``).

        Raises:
            UnknownVersionError: The plant has none of this number.
            ChampionChangedError: Another one is in charge than the expected champion.
            VersionStateError: The version was taken out of service for good, or its files were removed.
            FrozenError: A person froze the plant.
            RecordError: ``now`` has no time zone, or the evidence is not JSON or of no known kind.
        """
        evidence = {"kind": DECISIONS[0], **evidence}
        if evidence["kind"] not in DECISIONS:
            expected = ", ".join(DECISIONS)
            raise RecordError(
                "A deployment's kind", found=repr(evidence["kind"]), expected=expected
            )
        with self._alone() as connection:
            version = version_rows.get(connection, plant, number)
            champion = version_rows.in_state(connection, plant, "champion")
            if champion == version:
                return deployments.history(connection, plant)[-1]
            found = champion.number if champion else None
            if found != expected_champion:
                raise ChampionChangedError(plant, compared=expected_champion, found=found)
            refuse_frozen(connection, plant)
            version_rows.require(version, DEPLOYABLE, "goes into service")
            return self._succeed(connection, champion, version, evidence, now)

    def rollback(
        self,
        plant: str,
        *,
        to: int | None = None,
        actor: str,
        reason: str,
        now: datetime,
        expected_champion: int | None = None,
        same: Collection[int] = (),
        details: Mapping[str, Any] | None = None,
    ) -> Deployment:
        """Put a former champion in charge again; the present one never comes back.

        Args:
            plant: Which plant.
            to: A version that has served; None for the one that served last and may serve again.
            actor: Who decided.
            reason: What is wrong with the present champion.
            now: When; not before what is history already.
            expected_champion: The one that is wrong; None for whoever is in charge.
            same: Other versions that are no better, as they make the same predictions: they never come
                back either, and without ``to`` none of them is gone back to.
            details: More to keep with the deployment.

        Raises:
            NoChampionError: None is in charge.
            ChampionChangedError: Another one is in charge than the expected champion.
            NoPredecessorError: There is nothing to go back to.
            UnknownVersionError: The plant has none of this number.
            VersionStateError: ``to`` has not served, is in charge, or may not serve any more.
        """
        with self._alone() as connection:
            champion = version_rows.in_state(connection, plant, "champion")
            if champion is None:
                raise NoChampionError(plant)
            if expected_champion not in (None, champion.number):
                raise ChampionChangedError(
                    plant,
                    compared=expected_champion,
                    found=champion.number,
                    what="the rollback was to be from",
                    remedy="Nothing was changed; look at the new champion first.",
                )
            target = deployments.rollback_target(connection, champion, to, same)
            for version in version_rows.of_plant(connection, plant):
                if version.number in same and version.state in RETURNABLE:
                    version_rows.move(connection, version, "rolled_back", reason)
            evidence = {
                **(details or {}),
                "kind": ROLLBACK,
                "of": champion.number,
                "actor": actor,
                "reason": reason,
            }
            return self._succeed(connection, champion, target, evidence, now)

    def _succeed(
        self,
        connection: sa.Connection,
        champion: ModelVersion | None,
        version: ModelVersion,
        evidence: dict[str, Any],
        now: datetime,
    ) -> Deployment:
        """End one version's time in charge, begin the next one's, and write it down."""
        is_rollback = evidence["kind"] == ROLLBACK
        if champion is not None:
            state, note = ("rolled_back", evidence["reason"]) if is_rollback else ("retired", "")
            version_rows.move(connection, champion, state, note)
        version_rows.move(connection, version, "champion", "")
        made = deployments.succeed(connection, version, evidence, now)
        body = {"number": made.number, "sha256": made.sha256, "since": made.since.isoformat()}
        body |= {"over": champion and champion.number, "kind": evidence["kind"]}
        kind = LEDGER_KINDS.get(made.kind, "deployment")
        self._record(kind, made.plant, body, made.evidence, now)
        return made
