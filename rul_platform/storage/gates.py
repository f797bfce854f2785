"""What the promotion gate said of each candidate, and what a person approved.

Belongs here: keeping verdicts and approvals, each with its ledger row. Does not belong here: the rule
(``core.gate``), deploying.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from rul_platform.core.canonical import canonical_json, sha256
from rul_platform.errors import RecordError, UnapprovableError
from rul_platform.storage.column_types import in_utc
from rul_platform.storage.database import reading, writing
from rul_platform.storage.ledger import LedgerStore
from rul_platform.storage.operation_tables import APPROVAL, GATE

APPROVABLE = ("PROMOTE", "HOLD")
"""What a person may let through; a refusal is overruled by force only, which is recorded as such."""

_G, _A = GATE.c, APPROVAL.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One answer of the gate.

    Attributes:
        id: Grows from answer to answer.
        plant: Whose model.
        number: The candidate's version.
        sha256: The candidate's artifact.
        verdict: One of ``operation_tables.VERDICTS``.
        record: All numbers and reasons that it rests on.
        report: Artifact of the evaluation.
        retrain_id: The retrain that made the candidate, None where a person trained it.
        created_at: In UTC.
    """

    id: int
    plant: str
    number: int
    sha256: str
    verdict: str
    record: dict[str, Any]
    report: str
    retrain_id: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A person let a candidate through.

    Attributes:
        gate_id: Which answer of the gate was approved.
        actor: Pseudonym of the person.
        reason: Why.
        created_at: In UTC.
    """

    gate_id: int
    actor: str
    reason: str
    created_at: datetime

    @property
    def sha256(self) -> str:
        """Hash of all of it, for the ledger, which names no person."""
        return sha256(canonical_json({**asdict(self), "created_at": self.created_at.isoformat()}))


class GateStore:
    """All answers of the gate and all approvals."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._ledger = LedgerStore(engine)

    def record(
        self,
        *,
        plant: str,
        number: int,
        sha256: str,
        verdict: str,
        record: Mapping[str, Any],
        report: str,
        retrain_id: int | None,
        now: datetime,
    ) -> int:
        """Keep one answer, and put it into the ledger with all its numbers, together.

        Returns:
            Its id.

        Raises:
            RecordError: No such version or retrain, a verdict that is none, a record that is not JSON,
                or ``now`` has no time zone.
        """
        row = {
            "plant": plant,
            "number": number,
            "sha256": sha256,
            "verdict": verdict,
            "record": dict(record),
            "report": report,
            "retrain_id": retrain_id,
        }
        try:
            with writing(self._engine) as connection:
                made = GATE.insert().values(**row, created_at=now).returning(_G.id)
                key = connection.execute(made).scalar_one()
                told = {name: value for name, value in row.items() if name != "plant"}
                self._ledger.append("gate", plant=plant, body={"gate": key, **told}, now=now)
        except IntegrityError as error:
            raise RecordError(
                "An answer of the gate",
                found=f"{verdict} on {plant} version {number} ({sha256}), retrain {retrain_id}",
                expected="a known verdict on a version that is registered so, and a known retrain",
            ) from error
        return key

    def latest(self, plant: str, number: int) -> Gate | None:
        """The newest answer about one version, or None."""
        found = self._select(_G.plant == plant, _G.number == number)
        return found[-1] if found else None

    def history(self, plant: str) -> tuple[Gate, ...]:
        """All answers about a plant's models, oldest first."""
        return self._select(_G.plant == plant)

    def approve(self, gate_id: int, *, actor: str, reason: str, now: datetime) -> Approval:
        """Let a candidate through. The ledger's row holds a hash of by whom; the deployment's tells.

        Approving again changes nothing: the first approval stays.

        Raises:
            UnapprovableError: No such answer, a refusal, or a newer answer about the same version.
            RecordError: ``now`` has no time zone.
        """
        with writing(self._engine, alone_in=APPROVAL) as connection:
            gate = _approvable(connection, gate_id)
            if (earlier := _approval(connection, gate_id)) is not None:
                return earlier
            row = {"gate_id": gate_id, "actor": actor, "reason": reason}
            connection.execute(APPROVAL.insert().values(**row, created_at=now))
            given = Approval(**row, created_at=in_utc(now))
            body = {"gate": gate.id, "number": gate.number, "sha256": gate.sha256}
            body["approval"] = given.sha256
            self._ledger.append("approval", plant=gate.plant, body=body, now=now)
            return given

    def approval(self, gate_id: int) -> Approval | None:
        """Who approved an answer of the gate; None where nobody has."""
        with reading(self._engine) as connection:
            return _approval(connection, gate_id)

    def approvals(self) -> tuple[Approval, ...]:
        """All approvals, in the order of the gate's answers."""
        with reading(self._engine) as connection:
            rows = connection.execute(sa.select(APPROVAL).order_by(_A.gate_id)).mappings()
            return tuple(Approval(**row) for row in rows)

    def every(self) -> tuple[Gate, ...]:
        """All answers about all plants' models, oldest first."""
        return self._select()

    def _select(self, *where: sa.ColumnElement[bool]) -> tuple[Gate, ...]:
        with reading(self._engine) as connection:
            return _gates(connection, *where)


def _approvable(connection: sa.Connection, gate_id: int) -> Gate:
    """The newest answer about its version, if a person may let it through."""
    found = _gates(connection, _G.id == gate_id)
    if not found:
        raise UnapprovableError(gate_id, found="no answer of the gate")
    (gate,) = found
    newest = _gates(connection, _G.plant == gate.plant, _G.number == gate.number)[-1]
    if newest.id != gate.id:
        raise UnapprovableError(
            gate_id, found=f"older than answer {newest.id} about the same version"
        )
    if gate.verdict not in APPROVABLE:
        raise UnapprovableError(gate_id, found=gate.verdict)
    return gate


def _gates(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> tuple[Gate, ...]:
    question = sa.select(GATE).where(*where).order_by(_G.id)
    return tuple(Gate(**row) for row in connection.execute(question).mappings())


def _approval(connection: sa.Connection, gate_id: int) -> Approval | None:
    row = connection.execute(sa.select(APPROVAL).where(_A.gate_id == gate_id)).mappings().first()
    return None if row is None else Approval(**row)
