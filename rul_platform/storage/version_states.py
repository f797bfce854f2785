"""States of model versions, and every change of them but being put in charge.

    candidate ─ promoted ─► shadow ─ confirmed ─► champion ─ next champion ─► retired ─ rolled back to ─┐
        │  └── promoted, without a shadow ──────────▲  ▲ └─ rolled back from ─► rolled_back             │
        ▼                     ▼                     │  └────────────────────────────────────────────────┘
     rejected ◄───────────── worse      a later verdict         any but the champion ─► quarantined

Belongs here: transactions that change the state of a version that is not in charge. Does not belong
here: who is in charge (``models``), whether a version is good enough (``core.gate``).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rul_platform.core.canonical import canonical_json
from rul_platform.core.canonical import sha256 as sha256_of
from rul_platform.errors import ChampionChangedError, VersionStateError
from rul_platform.storage import version_rows
from rul_platform.storage.database import reading, writing
from rul_platform.storage.freezes import refuse_frozen
from rul_platform.storage.ledger import LedgerStore
from rul_platform.storage.tables import BARRED, MODEL_VERSION
from rul_platform.storage.version_rows import ModelVersion

REJECTABLE = ("candidate", "shadow", "rejected")
SHADOWABLE = ("candidate", "rejected")
CLEANABLE = ("rejected", "retired", "rolled_back", "quarantined")

FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "rejected": ("candidate", "shadow"),
    "quarantined": ("candidate", "shadow", "rejected", "retired", "rolled_back"),
}
"""State to those that :meth:`VersionStates.transition` lets it follow; others have their methods."""


class VersionStates:
    """All versions."""

    def __init__(self, engine: sa.Engine, find: Callable[[str], object] = lambda _: None) -> None:
        """Ask and change one database.

        Args:
            engine: Of that database.
            find: Raises where the files of an artifact are not there; asked before a version whose files
                were removed counts as having them again.
        """
        self._engine, self._find = engine, find
        self._ledger = LedgerStore(engine)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One transaction in which nobody else changes versions; what is called inside joins it."""
        with self._alone():
            yield

    def register(self, plant: str, sha256: str, *, now: datetime) -> ModelVersion:
        """Make an artifact a candidate; the same artifact again is the version that it already is.

        One whose files were removed has them again, if they are there; who tidies up waits meanwhile.

        Raises:
            RecordError: The hash is none, or ``now`` has no time zone.
            StoreError: Its files were removed, and nobody has made them again.
        """
        with self._alone() as connection:
            version = version_rows.add(connection, plant, sha256, now)
            if version.cleaned_at is not None:
                self._find(sha256)
                version_rows.note_cleaned(connection, version, None)
            return version_rows.get(connection, plant, version.number)

    def versions(self, plant: str | None = None) -> tuple[ModelVersion, ...]:
        """Versions of one plant, or of all; by plant, then by number."""
        with reading(self._engine) as connection:
            return version_rows.of_plant(connection, plant)

    def version(self, plant: str, number: int) -> ModelVersion:
        """One version.

        Raises:
            UnknownVersionError: The plant has none of this number.
        """
        with reading(self._engine) as connection:
            return version_rows.get(connection, plant, number)

    def champion(self, plant: str) -> ModelVersion | None:
        """The version in charge, or None."""
        with reading(self._engine) as connection:
            return version_rows.in_state(connection, plant, "champion")

    def challenger(self, plant: str) -> ModelVersion | None:
        """The version that answers beside the champion, or None."""
        with reading(self._engine) as connection:
            return version_rows.in_state(connection, plant, "shadow")

    def in_service(self) -> dict[str, tuple[ModelVersion, ModelVersion | None]]:
        """By plant, the version in charge and its challenger; plants without the former are left out."""
        with reading(self._engine) as connection:
            found = version_rows.in_states(connection, ("champion", "shadow"))
        beside = {each.plant: each for each in found if each.state == "shadow"}
        champions = [each for each in found if each.state == "champion"]
        return {each.plant: (each, beside.get(each.plant)) for each in champions}

    def plants_with_barred(self) -> frozenset[str]:
        """Plants of which a version was taken out of service for good."""
        question = sa.select(MODEL_VERSION.c.plant).where(MODEL_VERSION.c.state.in_(BARRED))
        with reading(self._engine) as connection:
            return frozenset(connection.scalars(question.distinct()))

    def barred(self, plant: str, sha256: str) -> str | None:
        """Why this very model may never serve again; None where it may, or is no version yet."""
        found = next((v for v in self.versions(plant) if v.sha256 == sha256), None)
        if found is None or found.state not in BARRED:
            return None
        why = f": {found.note}" if found.note else ""
        return f"it is version {found.number} again, which is {found.state.replace('_', ' ')}{why}"

    def reject(self, plant: str, number: int, reason: str) -> ModelVersion:
        """Mark a version as refused by the gate, and say why.

        A version that serves or has served keeps its state: the refusal was one of putting it in charge
        *again*, and takes nothing out of service.

        Raises:
            UnknownVersionError: The plant has none of this number.
        """
        with self._alone() as connection:
            version = version_rows.get(connection, plant, number)
            if version.state in REJECTABLE:
                version_rows.move(connection, version, "rejected", reason)
            return version_rows.get(connection, plant, number)

    def reconsider(self, plant: str, number: int) -> ModelVersion:
        """Make a rejected version a candidate again, because it was judged again and not refused.

        A version in any other state keeps it.

        Raises:
            UnknownVersionError: The plant has none of this number.
        """
        with self._alone() as connection:
            version = version_rows.get(connection, plant, number)
            if version.state == "rejected":
                version_rows.move(connection, version, "candidate", "")
            return version_rows.get(connection, plant, number)

    def shadow(
        self,
        plant: str,
        number: int,
        *,
        expected_champion: int,
        evidence: Mapping[str, Any],
        now: datetime,
    ) -> ModelVersion:
        """Let a version answer beside the champion; a former challenger makes room and is rejected.

        Raises:
            UnknownVersionError: The plant has none of this number.
            ChampionChangedError: Another one is in charge than the expected champion.
            VersionStateError: The version serves, has served, or may not serve.
            FrozenError: A person froze the plant.
        """
        with self._alone() as connection:
            version = version_rows.get(connection, plant, number)
            champion = version_rows.in_state(connection, plant, "champion")
            found = champion.number if champion else None
            if found != expected_champion:
                raise ChampionChangedError(plant, compared=expected_champion, found=found)
            refuse_frozen(connection, plant)
            former = version_rows.in_state(connection, plant, "shadow")
            if former == version:
                return version
            version_rows.require(version, SHADOWABLE, "answers beside the champion")
            if former is not None:
                version_rows.move(
                    connection, former, "rejected", f"version {number} took its place"
                )
            version_rows.move(connection, version, "shadow", "")
            body = {
                "number": number,
                "sha256": version.sha256,
                "champion": found,
                "verdict": "begin",
            }
            self._record("shadow", plant, body, evidence, now)
            return version_rows.get(connection, plant, number)

    def transition(
        self, plant: str, number: int, *, expected: str, to: str, note: str = ""
    ) -> ModelVersion:
        """Change the state of a version that is not in charge, if nobody else has meanwhile.

        Raises:
            UnknownVersionError: The plant has none of this number.
            VersionStateError: It is not in the expected state, or ``to`` does not follow that.
        """
        with self._alone() as connection:
            version = version_rows.get(connection, plant, number)
            allowed = FOLLOWS.get(to, ())
            if expected not in allowed:
                raise VersionStateError(
                    plant, number, state=expected, allowed=allowed, what=f"becomes {to}"
                )
            version_rows.require(version, (expected,), f"becomes {to} here", needs_files=False)
            version_rows.move(connection, version, to, note)
            return version_rows.get(connection, plant, number)

    def mark_cleaned(self, plant: str, number: int, *, now: datetime) -> None:
        """Note that a version's files are removed; it cannot serve until it is made again.

        Raises:
            UnknownVersionError: The plant has none of this number.
            VersionStateError: It is in charge, or may still become so.
        """
        with self._alone() as connection:
            version = version_rows.get(connection, plant, number)
            version_rows.require(version, CLEANABLE, "is tidied away", needs_files=False)
            version_rows.note_cleaned(connection, version, now)

    def _alone(self) -> AbstractContextManager[sa.Connection]:
        return writing(self._engine, alone_in=MODEL_VERSION)

    def _record(
        self,
        kind: str,
        plant: str,
        body: dict[str, Any],
        evidence: Mapping[str, Any],
        now: datetime,
    ) -> None:
        """The evidence is too large for the ledger: its hash is there, so that nobody changes it."""
        told = {name: evidence[name] for name in ("actor", "reason") if name in evidence}
        sealed = {"evidence": sha256_of(canonical_json(evidence))}
        self._ledger.append(kind, plant=plant, body=body | told | sealed, now=now)
