"""A glance at many plants at once: at which of them does feedback seem to ask for a retrain?

A round over thousands of plants would spend its time on asking the tables the same for each of them.

Belongs here: collecting what the rule (``core.trigger``) is asked of, by few questions. Does not belong
here: deciding on it (``triggering``).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from rul_platform.core.policy import Policy
from rul_platform.core.trigger import (
    Circumstances,
    FeedbackCounts,
    TriggerVerdict,
    decide,
    window_start,
)
from rul_platform.errors import ConfigError
from rul_platform.operation.triggering import last_rollback
from rul_platform.storage.home import Home


def glance(
    home: Home, plants: Collection[str], now: datetime
) -> dict[str, TriggerVerdict | ConfigError]:
    """What the rule says of many plants with a model in charge, by as many questions as of one.

    Feedback that waits to be counted does not count. Nothing rests on it: where it fires,
    ``triggering.evaluate`` looks again, and decides.

    Returns:
        A verdict for each plant; where its settings are wrong, what is wrong with them.
    """
    found: dict[str, TriggerVerdict | ConfigError] = {}
    policies = dict[str, Policy]()
    for plant in plants:
        try:
            policies[plant] = home.configured(plant).policy
        except ConfigError as error:
            found[plant] = error
    counts, known = _all_counts(home, policies, now), _all_circumstances(home, policies, now)
    return found | {
        plant: decide(counts[plant], policy, known[plant]) for plant, policy in policies.items()
    }


def _all_counts(
    home: Home, policies: Mapping[str, Policy], now: datetime
) -> dict[str, FeedbackCounts]:
    windows = defaultdict[datetime, list[str]](list)
    for plant, policy in policies.items():
        windows[window_start(now, policy)].append(plant)
    counts = dict[str, FeedbackCounts]()
    for since, some in windows.items():
        counts |= home.feedback.all_counts(some, since)
    return counts


def _all_circumstances(
    home: Home, plants: Collection[str], now: datetime
) -> dict[str, Circumstances]:
    """As ``triggering.circumstances``; without a version that is barred there was no rollback."""
    last, frozen = home.retrains.all_last_finished(), home.freezes.plants()
    current = {each.plant: each.id for each in home.retrains.open_requests()}
    rolled_back = home.registry.plants_with_barred()
    return {
        plant: Circumstances(
            now=now,
            last_retrain_at=last[plant].finished_at if plant in last else None,
            last_rollback_at=last_rollback(home, plant) if plant in rolled_back else None,
            is_frozen=plant in frozen,
            open_retrain=current.get(plant),
        )
        for plant in plants
    }
