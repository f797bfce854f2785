"""Putting versions in charge of a plant, and taking them out again, by a person's word.

Everybody else hears of it: the alert is recorded in the same transaction. Whatever goes into service is
read, hashed and loaded first: no force passes over a changed file.

Belongs here: the order of checks and transactions. Does not belong here: the gate's own deployment
(``orchestration.assets.deployed_model``), automatic rollbacks (``guarding``), challengers
(``shadowing``), removing files (``tidying``).
"""

from collections.abc import Callable, Collection
from datetime import datetime

from rul_platform.errors import (
    ChampionChangedError,
    GateRefusedError,
    NoChampionError,
    NoPredecessorError,
    VersionStateError,
)
from rul_platform.operation import decisions
from rul_platform.operation.alerting import raise_alert
from rul_platform.operation.decisions import given
from rul_platform.operation.model_files import fault_of, verify
from rul_platform.operation.promises import claimed_and_delivered
from rul_platform.operation.shadowing import evidence_of, settle_shadow
from rul_platform.operation.tidying import clean_up
from rul_platform.storage.gates import Gate
from rul_platform.storage.home import Home
from rul_platform.storage.models import DEPLOYABLE, Deployment, ModelVersion
from rul_platform.storage.retrains import SYSTEM

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
    same: Collection[int] = (),
    together_with: Callable[[Deployment], object] = lambda _: None,
) -> Deployment:
    """Put a former champion in charge again; the present one never comes back.

    A former champion whose files are damaged is quarantined, and the one before it is taken. One whose
    files are only not there now is passed over and keeps its state.

    Args:
        home: Where the models are.
        plant: Which plant.
        to: This version and no other; None for the one that served last.
        actor: Pseudonym of the person, or ``system``.
        reason: What is wrong with the present champion; kept for the audit.
        now: When.
        expected_champion: The one that is wrong; None for whoever is in charge now.
        same: Other versions that make the same predictions, where those are what is wrong: none of them
            is gone back to, and none ever comes back.
        together_with: What else happens in the transaction that rolls back; whoever rolls back as
            ``system`` raises an alert there.

    Returns:
        Its new time in charge; ``evidence`` names those ``quarantined`` or ``absent`` on the way, and as
        ``same_model`` those that are no better.

    Raises:
        RecordError: No reason is given.
        NoChampionError: None is in charge.
        NoPredecessorError: There is nothing to go back to; says of each former champion why.
        UnknownVersionError: The plant has no version ``to``.
        VersionStateError: ``to`` has not served, is in charge, or may not serve any more.
        ChampionChangedError: Another one is in charge than was thought.
    """
    reason = given(reason)
    champion = home.registry.champion(plant)
    if champion is None:
        raise NoChampionError(plant)
    target, wrong = _whole_predecessor(home, champion, to, same)
    with home.registry.alone():
        back = home.registry.rollback(
            plant,
            to=target,
            actor=actor,
            reason=reason,
            now=now,
            expected_champion=expected_champion or champion.number,
            same=same,
            details={**wrong, **({"same_model": sorted(same)} if same else {})},
        )
        if actor != SYSTEM:
            raise_alert(home, decisions.rolled_back(back), now)
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
        reason: Why; kept for the audit.
        now: When.
        force: Overrule a REJECT, and a comparison with a former champion. The ledger says so.

    Raises:
        RecordError: No reason is given.
        UnknownVersionError: The plant has no such version.
        GateRefusedError: The gate has not judged it, or rejected it and nobody forces it.
        ChampionChangedError: Another champion is in charge than the gate compared with; nor forced.
        VersionStateError: It is in charge already, or did harm before.
        FrozenError: The plant is frozen.
        StoreError: Its files are damaged.
        InferenceError: It does not load.
    """
    reason = given(reason)
    version = home.registry.version(plant, number)
    if version.state == "champion":
        raise VersionStateError(
            plant, number, state="in charge already", allowed=DEPLOYABLE, what="is approved"
        )
    gate = _answer(home, version, force=force)
    verify(home, version)
    with home.registry.alone():
        over, is_forced = _overruled(home, gate, force=force)
        if not is_forced:
            home.gates.approve(gate.id, actor=actor, reason=reason, now=now)
        kind = "forced" if is_forced else "approval"
        evidence = {**evidence_of(gate), "kind": kind, "actor": actor, "reason": reason}
        made = home.registry.deploy(
            plant, number, expected_champion=over, evidence=evidence, now=now
        )
        raise_alert(home, decisions.approved(made), now)
    return made


def freeze(home: Home, plant: str, *, actor: str, reason: str, now: datetime) -> None:
    """Let nothing but a rollback change the plant's model.

    Raises:
        RecordError: No reason is given.
        FreezeStateError: It is frozen already.
    """
    reason = given(reason)
    with home.registry.alone():
        home.freezes.freeze(plant, actor, reason, now)
        raise_alert(home, decisions.frozen(plant, "freeze", now), now)


def unfreeze(home: Home, plant: str, *, actor: str, now: datetime) -> None:
    """End the freeze.

    Raises:
        FreezeStateError: The plant is not frozen.
    """
    with home.registry.alone():
        home.freezes.lift(plant, actor, now)
        raise_alert(home, decisions.frozen(plant, "unfreeze", now), now)


def _answer(home: Home, version: ModelVersion, *, force: bool) -> Gate:
    """The gate's newest answer about a version, if it is none that only force overrules."""
    plant, number = version.plant, version.number
    gate = home.gates.latest(plant, number)
    if gate is None:
        raise GateRefusedError(plant, number, [f"the gate has not judged it: rul evaluate {plant}"])
    if gate.verdict == "REJECT" and not force:
        against = gate.record.get("reasons", ())
        raise GateRefusedError(plant, number, [*against, "only --force overrules this"])
    return gate


def _overruled(home: Home, gate: Gate, *, force: bool) -> tuple[int | None, bool]:
    """Who is in charge now, and whether the gate is overruled by putting the judged version there."""
    champion = home.registry.champion(gate.plant)
    found = champion.number if champion else None
    compared = gate.record["evidence"]["champion_number"]
    if gate.verdict != "REJECT" and compared == found:
        return found, False
    if not force:
        raise ChampionChangedError(
            gate.plant,
            compared=compared,
            found=found,
            remedy=f"`rul evaluate {gate.plant}` compares the newest candidate with it; --force puts "
            f"version {gate.number} in charge without a comparison.",
        )
    return found, True


def _whole_predecessor(
    home: Home, champion: ModelVersion, to: int | None, same: Collection[int]
) -> tuple[int | None, dict[str, dict[str, str]]]:
    """The version to go back to, and what is wrong with others that would have come before it.

    Where there is none and nothing is absent, the version is ``to``: the registry says why it cannot be.

    Raises:
        NoPredecessorError: What there is to go back to is not there now.
    """
    plant, wrong = champion.plant, dict[str, dict[str, str]]()
    for version in home.registry.predecessors(plant):
        if to not in (None, version.number) or version.number in same:
            continue
        fault = fault_of(home, version)
        if fault is None:
            return version.number, wrong
        if fault.is_lasting:
            home.registry.transition(
                plant, version.number, expected=version.state, to="quarantined", note=fault.problem
            )
        became = "quarantined" if fault.is_lasting else "absent"
        wrong.setdefault(became, {})[str(version.number)] = fault.problem
    if "absent" in wrong:
        told = [f"version {n} is {how}: {why}" for how in wrong for n, why in wrong[how].items()]
        raise NoPredecessorError(plant, champion=champion.number, passed_over=told)
    return to, wrong
