"""Putting versions in charge of a plant, and taking them out again, by a person's word or by results.

    rollback, approve, freeze, unfreeze      a person decides
    settle_shadow                            the outcomes of units decide

Whatever goes into service is read, hashed and loaded first: no force passes over a changed file.

Belongs here: the order of checks and transactions. Does not belong here: the gate's own deployment
(``orchestration.assets.deployed_model``), automatic rollbacks (``guarding``), removing files
(``tidying``).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from rul_platform.core.shadow import ShadowVerdict, compare
from rul_platform.errors import GateRefusedError, NoChampionError, VersionStateError
from rul_platform.operation.model_files import label_cap, verify, wrong_with
from rul_platform.operation.promises import claimed_and_delivered
from rul_platform.operation.tidying import clean_up
from rul_platform.storage.gates import Gate
from rul_platform.storage.home import Home
from rul_platform.storage.models import DEPLOYABLE, Deployment, ModelVersion

__all__ = [
    "approve",
    "claimed_and_delivered",
    "clean_up",
    "freeze",
    "rollback",
    "settle_shadow",
    "unfreeze",
]


def rollback(
    home: Home,
    plant: str,
    *,
    to: int | None = None,
    actor: str,
    reason: str,
    now: datetime,
    expected_champion: int | None = None,
    together_with: Callable[[Deployment], object] = lambda _: None,
) -> Deployment:
    """Put a former champion in charge again; the present one never comes back.

    A former champion whose files are damaged is quarantined, and the one before it is taken.

    Args:
        home: Where the models are.
        plant: Which plant.
        to: This version and no other; None for the one that served last.
        actor: Pseudonym of the person, or ``system``.
        reason: What is wrong with the present champion.
        now: When.
        expected_champion: The one that is wrong; None for whoever is in charge now.
        together_with: What else happens in the transaction that rolls back.

    Returns:
        Its new time in charge; ``evidence`` names the quarantined ones, where there are any.

    Raises:
        NoChampionError: None is in charge.
        NoPredecessorError: There is nothing to go back to; says of each former champion why.
        UnknownVersionError: The plant has no version ``to``.
        VersionStateError: ``to`` has not served, is in charge, or may not serve any more.
        ChampionChangedError: Another one is in charge than was thought.
    """
    champion = home.registry.champion(plant)
    if champion is None:
        raise NoChampionError(plant)
    target, quarantined = _whole_predecessor(home, plant, to)
    with home.registry.alone():
        back = home.registry.rollback(
            plant,
            to=target,
            actor=actor,
            reason=reason,
            now=now,
            expected_champion=expected_champion or champion.number,
            details={"quarantined": quarantined} if quarantined else None,
        )
        together_with(back)
    return back


def approve(
    home: Home,
    plant: str,
    number: int,
    *,
    actor: str,
    reason: str,
    now: datetime,
    force: bool = False,
) -> Deployment:
    """Put a version in charge that the gate left to a person.

    Args:
        home: Where the models are.
        plant: Which plant.
        number: Which version; the gate's newest answer about it counts.
        actor: Pseudonym of the person.
        reason: Why.
        now: When.
        force: Overrule a REJECT, over whoever is in charge now. The ledger says so.

    Raises:
        UnknownVersionError: The plant has no such version.
        GateRefusedError: The gate has not judged it, or rejected it and nobody forces it.
        ChampionChangedError: Another champion is in charge than the gate compared with.
        VersionStateError: It is in charge already, or did harm before.
        FrozenError: The plant is frozen.
        StoreError: Its files are damaged.
        InferenceError: It does not load.
    """
    version = home.registry.version(plant, number)
    if version.state == "champion":
        raise VersionStateError(
            plant, number, state="in charge already", allowed=DEPLOYABLE, what="is approved"
        )
    gate = home.gates.latest(plant, number)
    if gate is None:
        raise GateRefusedError(plant, number, [f"the gate has not judged it: rul evaluate {plant}"])
    is_rejected = gate.verdict == "REJECT"
    if is_rejected and not force:
        against = gate.record.get("reasons", ())
        raise GateRefusedError(plant, number, [*against, "only --force overrules this"])
    verify(home, version)
    with home.registry.alone():
        if is_rejected:
            champion = home.registry.champion(plant)
            over, kind = champion.number if champion else None, "forced"
        else:
            home.gates.approve(gate.id, actor=actor, reason=reason, now=now)
            over, kind = gate.record["evidence"]["champion_number"], "approval"
        evidence = {**_evidence(gate), "kind": kind, "actor": actor, "reason": reason}
        return home.registry.deploy(
            plant, number, expected_champion=over, evidence=evidence, now=now
        )


def freeze(home: Home, plant: str, *, actor: str, reason: str, now: datetime) -> None:
    """Let nothing but a rollback change the plant's model.

    Raises:
        FreezeStateError: It is frozen already.
    """
    home.freezes.freeze(plant, actor, reason, now)


def unfreeze(home: Home, plant: str, *, actor: str, now: datetime) -> None:
    """End the freeze.

    Raises:
        FreezeStateError: The plant is not frozen.
    """
    home.freezes.lift(plant, actor, now)


def settle_shadow(home: Home, plant: str, now: datetime) -> ShadowVerdict | None:
    """Confirm or reject the challenger, once enough units that both judged have failed.

    Returns:
        The comparison; None where there is no challenger, or where the plant is frozen.

    Raises:
        ChampionChangedError: Another one came in charge meanwhile; the next call compares with it.
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
    wrong = wrong_with(home, challenger)
    if wrong is not None:
        verdict = replace(verdict, verdict="reject", reasons=(wrong,))
    with home.registry.alone():
        if wrong is not None:
            home.registry.transition(
                plant, challenger.number, expected="shadow", to="quarantined", note=wrong
            )
        elif verdict.verdict == "reject":
            note = "; ".join(verdict.reasons)
            home.registry.transition(
                plant, challenger.number, expected="shadow", to="rejected", note=note
            )
        else:
            _confirm(home, champion, challenger, verdict, now)
        body = {"number": challenger.number, "sha256": challenger.sha256}
        body |= {"champion": champion.number, **verdict.to_json()}
        home.ledger.append("shadow", plant=plant, body=body, now=now)
    return verdict


def _confirm(
    home: Home,
    champion: ModelVersion,
    challenger: ModelVersion,
    verdict: ShadowVerdict,
    now: datetime,
) -> None:
    gate = home.gates.latest(challenger.plant, challenger.number)
    home.registry.deploy(
        challenger.plant,
        challenger.number,
        expected_champion=champion.number,
        evidence={
            **(_evidence(gate) if gate else {}),
            "kind": "confirmed",
            "shadow": verdict.to_json(),
        },
        now=now,
    )


def _whole_predecessor(home: Home, plant: str, to: int | None) -> tuple[int | None, dict[str, str]]:
    """The version to go back to, and what is wrong with those that were quarantined on the way.

    Where there is none, the version is ``to``: the registry says why it cannot be.
    """
    quarantined = dict[str, str]()
    for version in home.registry.predecessors(plant):
        if to not in (None, version.number):
            continue
        wrong = wrong_with(home, version)
        if wrong is None:
            return version.number, quarantined
        home.registry.transition(
            plant, version.number, expected=version.state, to="quarantined", note=wrong
        )
        quarantined[str(version.number)] = wrong
    return to, quarantined


def _evidence(gate: Gate) -> dict[str, Any]:
    """What the gate's answer adds to a deployment."""
    return {"gate": gate.id, "report": gate.report, **gate.record}
