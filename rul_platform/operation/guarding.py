"""Watching over models that answer: one that works badly is taken out of service without being asked.

Belongs here: when that may happen, and telling people. Does not belong here: the limits
(``core.guard``), the rollback (``deploying``), how a challenger leaves (``shadowing``).
"""

import json
from datetime import datetime, timedelta

from rul_platform.core.guard import Health, judge, strange_readings
from rul_platform.core.policy import Policy
from rul_platform.errors import NoPredecessorError, StoreError
from rul_platform.operation import deploying
from rul_platform.operation.alerting import raise_alert
from rul_platform.operation.model_files import ABSENT, absence_of, label_cap
from rul_platform.operation.shadowing import end_shadow
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.deployments import ROLLBACK
from rul_platform.storage.home import Home
from rul_platform.storage.models import Deployment, ModelVersion
from rul_platform.storage.operation_tables import ROLES
from rul_platform.storage.retrains import SYSTEM


def check_health(home: Home, plant: str, now: datetime) -> tuple[str, ...]:
    """What is wrong with the model in charge, or with its readings, since it is; empty if nothing.

    Args:
        home: Where the log is.
        plant: Which plant.
        now: Not looked at: all that was logged counts.
    """
    del now
    champion = home.registry.champion(plant)
    if champion is None:
        return ()
    try:
        health = _health(home, champion)
    except (StoreError, OSError) as error:
        return (f"files: {error}",)
    policy = home.configured(plant).policy
    strange = strange_readings(health, policy)
    return (*judge(health, policy), *([] if strange is None else [strange]))


def guard(home: Home, plant: str, now: datetime) -> Deployment | None:
    """Go back to the version before, if the one in charge works badly and that one is whole.

    Not where the policy forbids it, nor soon after a rollback: that one's model gets its time. Without a
    version to go back to, people are told that one is needed; where the files of the one in charge are
    not there now, that they are to be brought back: no other version is better then. A challenger whose
    answers are given is judged likewise, and rejected.

    Returns:
        The former champion's new time in charge; None where the champion stays.

    Raises:
        ChampionChangedError: Somebody else was faster; the next call looks at the new champion.
    """
    champion, policy = home.registry.champion(plant), home.configured(plant).policy
    if champion is None or not policy.guard:
        return None
    absence = absence_of(home, champion)
    if absence is not None:
        raise_alert(home, _absent(champion, absence, now), now)
        return None
    _guard_challenger(home, champion, policy, now)
    current = home.registry.deployments(plant)[-1]
    waits_until = current.decided_at + timedelta(hours=policy.guard_cooldown_hours)
    if current.kind == ROLLBACK and now < waits_until:
        return None
    breaches = _breaches(home, champion, policy)
    return _roll_back(home, champion, current, breaches, now) if breaches else None


def _roll_back(
    home: Home,
    champion: ModelVersion,
    current: Deployment,
    breaches: tuple[str, ...],
    now: datetime,
) -> Deployment | None:
    try:
        return deploying.rollback(
            home,
            champion.plant,
            actor=SYSTEM,
            reason="; ".join(breaches),
            now=now,
            expected_champion=champion.number,
            together_with=lambda back: raise_alert(
                home, _rolled_back(champion, back, breaches), now
            ),
        )
    except NoPredecessorError as error:
        raise_alert(home, _stuck(champion, current, breaches, error), now)
        return None


def _breaches(home: Home, champion: ModelVersion, policy: Policy) -> tuple[str, ...]:
    try:
        return judge(_health(home, champion), policy)
    except ABSENT:
        return ()  # gone since it was looked at; the next call tells
    except StoreError as error:
        return (f"files: {error}",)


def _health(home: Home, champion: ModelVersion) -> Health:
    current = home.registry.deployments(champion.plant)[-1]
    return home.health.since(
        champion.plant,
        champion.number,
        current.decided_at,
        cap=label_cap(home, champion.sha256),
    )


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
    breaches = judge(home.health.since(plant, number, since, cap=cap, roles=ROLES), policy)
    if breaches:
        end_shadow(home, champion, challenger, breaches, now, to="rejected")


def _challenges_since(home: Home, challenger: ModelVersion) -> datetime:
    """When it began to answer beside the champion, the last time that it did."""
    for row in reversed(home.ledger.of_plant(challenger.plant, ["shadow"])):
        body = json.loads(row.body)
        if (body["number"], body["verdict"]) == (challenger.number, "begin"):
            return datetime.fromisoformat(row.created_at)
    return challenger.created_at


def _rolled_back(champion: ModelVersion, back: Deployment, breaches: tuple[str, ...]) -> NewAlert:
    plant = champion.plant
    return NewAlert(
        key=f"guard:{plant}:{champion.number}:{back.since.isoformat()}",
        plant=plant,
        kind="guard",
        severity="critical",
        title=f"{plant}: version {champion.number} was rolled back to version {back.number}",
        text=f"{'; '.join(breaches)}. Version {champion.number} will not serve again. Look at its "
        f"readings and its report before the next retraining.",
    )


def _stuck(
    champion: ModelVersion,
    current: Deployment,
    breaches: tuple[str, ...],
    error: NoPredecessorError,
) -> NewAlert:
    plant = champion.plant
    return NewAlert(
        key=f"guard-stuck:{plant}:{champion.number}:{current.since.isoformat()}",
        plant=plant,
        kind="guard",
        severity="critical",
        title=f"{plant}: version {champion.number} works badly, and there is none to go back to",
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
        text=f"{absence} Nothing was rolled back and no version was judged. Is the folder of the store "
        f"there?",
    )
