"""What becomes of a challenger that answers beside the champion.

    settle_shadow       outcomes confirm or reject it
    end_shadow          it leaves, with its row in the ledger and an alert

Belongs here: transactions that end a comparison. Does not belong here: the comparison (``core.shadow``),
how a challenger is asked (``answering``).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from rul_platform.core.shadow import ShadowVerdict, compare
from rul_platform.operation.alerting import raise_alert
from rul_platform.operation.model_files import fault_of, label_cap
from rul_platform.storage.alerts import NewAlert, Severity
from rul_platform.storage.gates import Gate
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion
from rul_platform.storage.retrains import SYSTEM


def settle_shadow(home: Home, plant: str, now: datetime) -> ShadowVerdict | None:
    """Confirm or reject the challenger, once enough units that both judged have failed; tell people.

    Returns:
        The comparison; None where there is nothing to settle: no challenger, a frozen plant, or somebody
        else has changed either model meanwhile.

    Raises:
        StoreError: The champion's card cannot be read.
    """
    champion, challenger = home.registry.champion(plant), home.registry.challenger(plant)
    if champion is None or challenger is None or home.freezes.current(plant) is not None:
        return None
    pairs = home.health.paired_outcomes(
        plant, champion.number, challenger.number, cap=label_cap(home, champion.sha256)
    )
    verdict = compare(pairs, home.configured(plant).policy)
    if verdict.verdict == "wait":
        return verdict
    fault = fault_of(home, challenger)
    if fault is not None and not fault.is_lasting:
        return replace(verdict, verdict="wait", reasons=(fault.problem,))
    if fault is not None:
        verdict = replace(verdict, verdict="reject", reasons=(fault.problem,))
    with home.registry.alone():
        if not _still(home, champion, challenger) or home.freezes.current(plant) is not None:
            return None
        if verdict.verdict == "confirm":
            _confirm(home, champion, challenger, verdict, now)
        else:
            state = "rejected" if fault is None else "quarantined"
            _leave(home, challenger, state, verdict.reasons)
        _record(home, champion, challenger, verdict.to_json(), now)
        raise_alert(home, _settled(challenger, verdict.verdict, verdict.reasons, "info", now), now)
    return verdict


def end_shadow(
    home: Home,
    champion: ModelVersion,
    challenger: ModelVersion,
    reasons: Sequence[str],
    now: datetime,
    *,
    to: Literal["rejected", "quarantined"],
) -> bool:
    """Take a challenger out that works badly, and warn people; the champion goes on.

    Returns:
        False where somebody else has changed either model meanwhile; nothing was done then.
    """
    with home.registry.alone():
        if not _still(home, champion, challenger):
            return False
        _leave(home, challenger, to, reasons)
        body = {"verdict": "reject", "reasons": list(reasons), "actor": SYSTEM}
        _record(home, champion, challenger, body, now)
        raise_alert(home, _settled(challenger, "reject", reasons, "warning", now), now)
    return True


def evidence_of(gate: Gate | None) -> dict[str, Any]:
    """What the gate's answer adds to a deployment."""
    return {} if gate is None else {"gate": gate.id, "report": gate.report, **gate.record}


def _still(home: Home, champion: ModelVersion, challenger: ModelVersion) -> bool:
    """Whether these two are still what they were when they were looked at."""
    plant = champion.plant
    return (home.registry.champion(plant), home.registry.challenger(plant)) == (
        champion,
        challenger,
    )


def _leave(home: Home, challenger: ModelVersion, to: str, reasons: Sequence[str]) -> None:
    home.registry.transition(
        challenger.plant, challenger.number, expected="shadow", to=to, note="; ".join(reasons)
    )


def _confirm(
    home: Home,
    champion: ModelVersion,
    challenger: ModelVersion,
    verdict: ShadowVerdict,
    now: datetime,
) -> None:
    plant, number = challenger.plant, challenger.number
    evidence = evidence_of(home.gates.latest(plant, number))
    evidence |= {"kind": "confirmed", "shadow": verdict.to_json()}
    home.registry.deploy(
        plant, number, expected_champion=champion.number, evidence=evidence, now=now
    )


def _record(
    home: Home,
    champion: ModelVersion,
    challenger: ModelVersion,
    more: dict[str, Any],
    now: datetime,
) -> None:
    body = {"number": challenger.number, "sha256": challenger.sha256, "champion": champion.number}
    home.ledger.append("shadow", plant=challenger.plant, body=body | more, now=now)


def _settled(
    challenger: ModelVersion,
    verdict: str,
    reasons: Sequence[str],
    severity: Severity,
    now: datetime,
) -> NewAlert:
    plant, number = challenger.plant, challenger.number
    became = "is in charge now" if verdict == "confirm" else "answers no longer beside the champion"
    return NewAlert(
        key=f"shadow:{plant}:{number}:{now.isoformat()}",
        plant=plant,
        kind="shadow",
        severity=severity,
        title=f"{plant}: version {number} {became}",
        text="; ".join(reasons),
    )
