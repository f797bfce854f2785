"""Watching over models that answer: one that works badly is taken out of service without being asked.

A recalibration changes intervals only: versions that follow each other by it are one model, judged by
all that it did and gone back from as one.

Belongs here: when that may happen, and telling people. Does not belong here: the limits
(``core.guard``), the rollback (``deploying``), how a challenger leaves (``shadowing``).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rul_platform.core.guard import Health, judge, strange_readings
from rul_platform.core.policy import Policy
from rul_platform.errors import NoPredecessorError, StoreError
from rul_platform.operation import deploying
from rul_platform.operation.alerting import raise_alert
from rul_platform.operation.model_files import ABSENT, absence_of, label_cap
from rul_platform.operation.shadowing import end_shadow
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.deployments import ROLLBACK, models_of, newest_of_one_model
from rul_platform.storage.home import Home
from rul_platform.storage.models import Deployment, ModelVersion
from rul_platform.storage.operation_tables import ROLES
from rul_platform.storage.retrains import SYSTEM


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look at a plant found, and did.

    Attributes:
        back: The former champion's new time in charge; None where the champion stays.
        problems: What was wrong with the model in charge until then, or with its readings.
    """

    back: Deployment | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Judged:
    """What is wrong; what of it takes a model out of service; the other versions of which that holds."""

    problems: tuple[str, ...]
    breaches: tuple[str, ...] = ()
    same: Sequence[int] = ()


def check_health(home: Home, plant: str, now: datetime) -> tuple[str, ...]:
    """What is wrong with the model in charge, or with its readings, since it is; empty if nothing.

    Args:
        home: Where the log is.
        plant: Which plant.
        now: Not looked at: all that was logged counts.
    """
    del now
    deployed = home.registry.deployments(plant)
    return _judged(home, deployed, home.configured(plant).policy).problems if deployed else ()


def guard(home: Home, plant: str, now: datetime) -> Deployment | None:
    """The rollback that a :func:`look` makes, or None."""
    return look(home, plant, now).back


def look(home: Home, plant: str, now: datetime) -> Look:
    """Go back to the model before, if the one in charge works badly and that one is whole.

    Not where the policy forbids it, nor soon after a rollback: that one's model gets its time. Without a
    version to go back to, people are told that one is needed; where the files of the one in charge are
    not there now, that they are to be brought back: no other version is better then. A challenger whose
    answers are given is judged likewise, and rejected.

    Raises:
        ChampionChangedError: Somebody else was faster; the next call looks at the new champion.
    """
    champion, policy = home.registry.champion(plant), home.configured(plant).policy
    if champion is None:
        return Look()
    absence = absence_of(home, champion) if policy.guard else None
    if absence is not None:
        raise_alert(home, _absent(champion, absence, now), now)
    elif policy.guard:
        _guard_challenger(home, champion, policy, now)
    deployed = home.registry.deployments(plant)
    judged = _judged(home, deployed, policy)
    may_act = policy.guard and absence is None and not _is_fresh(deployed, policy, now)
    if not (may_act and judged.breaches):
        return Look(problems=judged.problems)
    back = _roll_back(home, deployed[-1], judged.breaches, judged.same, now)
    return Look(back=back, problems=judged.problems)


def _is_fresh(deployed: Sequence[Deployment], policy: Policy, now: datetime) -> bool:
    """Whether a rollback put the model in charge so lately that it gets its time."""
    first = newest_of_one_model(deployed)[0]
    waits_until = first.decided_at + timedelta(hours=policy.guard_cooldown_hours)
    return first.kind == ROLLBACK and now < waits_until


def _roll_back(
    home: Home,
    current: Deployment,
    breaches: tuple[str, ...],
    same: Sequence[int],
    now: datetime,
) -> Deployment | None:
    try:
        return deploying.rollback(
            home,
            current.plant,
            actor=SYSTEM,
            reason="; ".join(breaches),
            now=now,
            expected_champion=current.number,
            same=same,
            together_with=lambda back: raise_alert(
                home, _rolled_back(current, back, breaches, same), now
            ),
        )
    except NoPredecessorError as error:
        raise_alert(home, _stuck(current, breaches, error), now)
        return None


def _judged(home: Home, deployed: Sequence[Deployment], policy: Policy) -> _Judged:
    try:
        health = _health(home, deployed)
    except ABSENT as error:
        return _Judged((f"files: {error}",))  # no other version is better then
    except StoreError as error:
        files = (f"files: {error}",)
        return _Judged(files, files)  # the same model may be whole in another version
    breaches, strange = judge(health, policy), strange_readings(health, policy)
    problems = (*breaches, *([] if strange is None else [strange]))
    return _Judged(problems, breaches, _same_model(deployed))


def _health(home: Home, deployed: Sequence[Deployment]) -> Health:
    served = newest_of_one_model(deployed)
    return home.health.since(
        served[-1].plant,
        {each.number for each in served},
        served[0].decided_at,
        cap=label_cap(home, served[-1].sha256),
    )


def _same_model(deployed: Sequence[Deployment]) -> list[int]:
    """Versions with the predictions of the one in charge, in ascending order, without that one."""
    models, number = models_of(deployed), deployed[-1].number
    return sorted(n for n in models if models[n] == models[number] and n != number)


def _guard_challenger(home: Home, champion: ModelVersion, policy: Policy, now: datetime) -> None:
    """All that it was asked counts, given or only written down: it is the same model."""
    challenger = home.registry.challenger(champion.plant)
    if challenger is None or not policy.ab_share:
        return
    plant, number = challenger.plant, challenger.number
    try:
        cap = label_cap(home, challenger.sha256)
    except ABSENT:
        return
    except StoreError as error:
        reasons = (f"files: {error}",)
        end_shadow(home, champion, challenger, reasons, now, to="quarantined")
        return
    since = _challenges_since(home, challenger)
    breaches = judge(home.health.since(plant, {number}, since, cap=cap, roles=ROLES), policy)
    if breaches:
        end_shadow(home, champion, challenger, breaches, now, to="rejected")


def _challenges_since(home: Home, challenger: ModelVersion) -> datetime:
    """When it began to answer beside the champion, the last time that it did."""
    for row in reversed(home.ledger.of_plant(challenger.plant, ["shadow"])):
        body = json.loads(row.body)
        if (body["number"], body["verdict"]) == (challenger.number, "begin"):
            return datetime.fromisoformat(row.created_at)
    return challenger.created_at


def _rolled_back(
    former: Deployment, back: Deployment, breaches: tuple[str, ...], same: Sequence[int]
) -> NewAlert:
    plant, number = former.plant, former.number
    likewise = "".join(f" Nor will version {each}, which is the same model." for each in same)
    return NewAlert(
        key=f"guard:{plant}:{number}:{back.since.isoformat()}",
        plant=plant,
        kind="guard",
        severity="critical",
        title=f"{plant}: version {number} was rolled back to version {back.number}",
        text=f"{'; '.join(breaches)}. Version {number} will not serve again.{likewise} Look at its "
        f"readings and its report before the next retraining.",
    )


def _stuck(current: Deployment, breaches: tuple[str, ...], error: NoPredecessorError) -> NewAlert:
    plant, number = current.plant, current.number
    return NewAlert(
        key=f"guard-stuck:{plant}:{number}:{current.since.isoformat()}",
        plant=plant,
        kind="guard",
        severity="critical",
        title=f"{plant}: version {number} works badly, and there is none to go back to",
        text=f"{'; '.join(breaches)}. {error}",
    )


def _absent(champion: ModelVersion, absence: str, now: datetime) -> NewAlert:
    plant = champion.plant
    return NewAlert(
        key=f"guard-absent:{plant}:{champion.number}:{now:%Y-%m-%d}",
        plant=plant,
        kind="guard",
        severity="critical",
        title=f"{plant}: the files of version {champion.number}, which is in charge, are not there",
        text=f"{absence} Nothing was rolled back and no version was judged. Is the store of artifacts "
        f"there?",
    )
