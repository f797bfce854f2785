"""What a new champion promised at its gate, and what came of it at work.

Belongs here: putting both numbers side by side. Does not belong here: the questions to the log
(``storage.health``).
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from rul_platform.errors import StoreError
from rul_platform.operation.model_files import label_cap
from rul_platform.storage.deployments import RECALIBRATION, ROLLBACK, Deployment
from rul_platform.storage.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One change of the champion, the version before it and what followed.

    The units under both are not the same, as they failed at different times: with few of them the
    difference says little.

    Attributes:
        number: The version that came in charge.
        over: The one before it.
        since: When, in UTC.
        claimed: Part of the former's RMSE that it saved at its gate; None where nothing was compared.
        rmse: Of its answers for units that have failed since, in life units; None without any.
        units: How many units those are.
        rmse_before: Likewise of the one before, while that was in charge.
        units_before: How many units those are.
    """

    number: int
    over: int
    since: datetime
    claimed: float | None
    rmse: float | None
    units: int
    rmse_before: float | None
    units_before: int

    @property
    def delivered(self) -> float | None:
        """Part of the former's RMSE at work that it saves at work; None while there is none."""
        if not self.rmse_before or self.rmse is None:
            return None
        return 1.0 - self.rmse / self.rmse_before


def claimed_and_delivered(home: Home, plant: str) -> tuple[Promise, ...]:
    """One entry for each change of the champion's predictions but rollbacks, oldest first."""
    return tuple(
        promise
        for before, after in pairwise(home.registry.deployments(plant))
        if after.kind not in (ROLLBACK, RECALIBRATION)
        and (promise := _promise(home, before, after)) is not None
    )


def _promise(home: Home, before: Deployment, after: Deployment) -> Promise | None:
    """None where the files that hold the cap are gone: then nothing can be said any more."""
    try:
        cap = label_cap(home, after.sha256)
    except StoreError:
        return None
    errors, errors_before = (_errors(home, each, cap) for each in (after, before))
    return Promise(
        number=after.number,
        over=before.number,
        since=after.since,
        claimed=_claimed(after),
        rmse=_rmse(errors),
        units=len(errors),
        rmse_before=_rmse(errors_before),
        units_before=len(errors_before),
    )


def _errors(home: Home, deployment: Deployment, cap: float) -> Collection[float]:
    return home.health.outcome_errors(
        deployment.plant, deployment.number, deployment.since, until=deployment.until, cap=cap
    ).values()


def _rmse(errors: Collection[float]) -> float | None:
    """Each unit counts once."""
    return math.sqrt(sum(e * e for e in errors) / len(errors)) if errors else None


def _claimed(deployment: Deployment) -> float | None:
    evidence = deployment.evidence.get("evidence") or {}
    champion, candidate = evidence.get("champion_rmse"), evidence.get("candidate_rmse")
    return 1.0 - candidate / champion if champion and candidate is not None else None
