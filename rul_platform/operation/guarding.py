"""Watching over the model in charge: one that works badly is taken out of service without being asked.

Belongs here: when that may happen, and telling people. Does not belong here: the limits
(``core.guard``), the rollback (``deploying``).
"""

from datetime import datetime, timedelta

from rul_platform.core.guard import judge
from rul_platform.errors import NoPredecessorError, StoreError
from rul_platform.operation import deploying
from rul_platform.operation.alerting import raise_alert
from rul_platform.operation.model_files import label_cap
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.deployments import ROLLBACK
from rul_platform.storage.home import Home
from rul_platform.storage.models import Deployment, ModelVersion
from rul_platform.storage.retrains import SYSTEM


def check_health(home: Home, plant: str, now: datetime) -> tuple[str, ...]:
    """What is wrong with the model in charge since it is; empty where it works, or where none is.

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
        cap = label_cap(home, champion.sha256)
    except StoreError as error:
        return (f"files: {error}",)
    since = home.registry.deployments(plant)[-1].since
    health = home.health.since(plant, champion.number, since, cap=cap)
    return judge(health, home.configured(plant).policy)


def guard(home: Home, plant: str, now: datetime) -> Deployment | None:
    """Go back to the version before, if the one in charge works badly and that one is whole.

    Not where the policy forbids it, nor soon after a rollback: that one's model gets its time. Without a
    version to go back to, people are told that one is needed.

    Returns:
        The former champion's new time in charge; None where nothing was changed.

    Raises:
        ChampionChangedError: Somebody else was faster; the next call looks at the new champion.
    """
    champion, policy = home.registry.champion(plant), home.configured(plant).policy
    if champion is None or not policy.guard:
        return None
    current = home.registry.deployments(plant)[-1]
    waits_until = current.since + timedelta(hours=policy.guard_cooldown_hours)
    if current.kind == ROLLBACK and now < waits_until:
        return None
    breaches = check_health(home, plant, now)
    if not breaches:
        return None
    try:
        return deploying.rollback(
            home,
            plant,
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
