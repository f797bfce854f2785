"""Does the feedback of one plant ask for a retraining? The rule, its reasons, and how often it errs.

Belongs here: the decision. Does not belong here: counting feedback, opening a retraining.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.policy import Policy
from rul_platform.core.wilson import upper_bound, wilson

YEAR_DAYS = 365

_NUMBERS_AT_ONCE = 1_200_000  # simulated days: about 3,000 years of a window of 30 days


@dataclass(frozen=True, slots=True)
class FeedbackCounts:
    """Feedback inside the window that no retraining has used yet.

    Attributes:
        positive: How many ratings are positive.
        negative: How many are negative.
        watermark: Up to where a retraining would use it up; None where there is none.
    """

    positive: int
    negative: int
    watermark: int | None = None

    @property
    def total(self) -> int:
        """All ratings."""
        return self.positive + self.negative

    @property
    def satisfaction(self) -> float | None:
        """Share of positive ones, None where there are none."""
        return self.positive / self.total if self.total else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What can stand against a retraining, whatever the feedback says.

    Attributes:
        now: UTC.
        last_retrain_at: When the last retraining was asked for, or ended if it has; None before the
            first.
        last_rollback_at: When this plant was last rolled back; None where it never was.
        is_frozen: Whether a person has frozen the plant.
        open_retrain: Id of the retraining that is not over, None where there is none.
    """

    now: datetime
    last_retrain_at: datetime | None = None
    last_rollback_at: datetime | None = None
    is_frozen: bool = False
    open_retrain: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerVerdict:
    """The trigger's answer, with all numbers that it rests on.

    Attributes:
        fires: Whether a retraining is to be opened.
        literal: Whether the counts and the bare share of positive feedback ask for it.
        bounded: Whether they do with the confidence asked for; at confidence 0 the same as ``literal``.
        reasons: The three conditions, each with what was found and what it is held against.
        blocks: What stands against it, whatever the feedback says.
        counts: What was found.
        satisfaction: Share of positive feedback, None where there is none.
        satisfaction_upper: Its one-sided upper bound at ``confidence``.
        min_feedback: The policy's.
        min_negative: The policy's.
        min_positive_rate: The policy's.
        confidence: The policy's.
    """

    fires: bool
    literal: bool
    bounded: bool
    reasons: tuple[str, ...]
    blocks: tuple[str, ...]
    counts: FeedbackCounts
    satisfaction: float | None
    satisfaction_upper: float
    min_feedback: int
    min_negative: int
    min_positive_rate: float
    confidence: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"reasons": list(self.reasons), "blocks": list(self.blocks)}


@dataclass(frozen=True, slots=True)
class CoolDown:
    """A time after a change of the model in which nothing is asked for.

    Attributes:
        after: ``retrain`` or ``rollback``.
        hours: How long it lasts, by the policy.
        until: When it ends, in UTC.
    """

    after: str
    hours: float
    until: datetime


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """Probability that a year in which nothing is wrong fires at least once."""

    literal: float
    bounded: float


def window_start(now: datetime, policy: Policy) -> datetime:
    """From when on feedback counts: ``days_back`` before ``now``, at the full hour (UTC)."""
    start = now.astimezone(UTC) - timedelta(days=policy.days_back)
    return start.replace(minute=0, second=0, microsecond=0)


def decide(counts: FeedbackCounts, policy: Policy, circumstances: Circumstances) -> TriggerVerdict:
    """Apply the rule: enough feedback, enough of it negative, and satisfaction below the limit.

    With a ``confidence``, satisfaction is below the limit where its one-sided upper bound is.
    """
    satisfaction = counts.satisfaction
    rate = 1.0 if satisfaction is None else satisfaction
    upper = rate
    if policy.confidence > 0:
        upper = wilson(counts.positive, counts.total, policy.confidence)[1]
    is_enough = counts.total >= policy.min_feedback and counts.negative >= policy.min_negative
    bounded = is_enough and upper < policy.min_positive_rate
    blocks = tuple(_blocks(policy, circumstances))
    return TriggerVerdict(
        fires=bounded and not blocks,
        literal=is_enough and rate < policy.min_positive_rate,
        bounded=bounded,
        reasons=_reasons(counts, policy, upper),
        blocks=blocks,
        counts=counts,
        satisfaction=satisfaction,
        satisfaction_upper=upper,
        min_feedback=policy.min_feedback,
        min_negative=policy.min_negative,
        min_positive_rate=policy.min_positive_rate,
        confidence=policy.confidence,
    )


def cool_downs(policy: Policy, circumstances: Circumstances) -> tuple[CoolDown, ...]:
    """Cool-downs that are not over yet."""
    changes = (
        ("retrain", circumstances.last_retrain_at, policy.cooldown_hours),
        ("rollback", circumstances.last_rollback_at, policy.guard_cooldown_hours),
    )
    ends = (
        CoolDown(after, hours, (since + timedelta(hours=hours)).astimezone(UTC))
        for after, since, hours in changes
        if since is not None
    )
    return tuple(each for each in ends if circumstances.now < each.until)


def false_alarms(
    policy: Policy, *, per_day: float, satisfaction: float, seed: int = 0
) -> FalseAlarms:
    """How often the two rules fire within a year, checked once a day, while nothing changes.

    Simulated: ratings arrive independently of each other (Poisson), and each is positive with the
    probability ``satisfaction``. The window is full when the year begins. The standard error of a
    probability near 0.01 is 0.002 for windows of a month.

    Args:
        policy: Window, counts, limit and confidence.
        per_day: Mean feedback on one day.
        satisfaction: True share of positive feedback, from 0 to 1.
        seed: The same seed gives the same years.
    """
    days = YEAR_DAYS + policy.days_back - 1
    shape = (max(1, _NUMBERS_AT_ONCE // days), days)
    rng = np.random.default_rng(seed)
    positive = _rolling(rng.poisson(per_day * satisfaction, shape), policy.days_back)
    negative = _rolling(rng.poisson(per_day * (1 - satisfaction), shape), policy.days_back)
    total = positive + negative
    is_enough = (total >= policy.min_feedback) & (negative >= policy.min_negative)
    count = np.maximum(total, 1.0)
    rate = positive / count
    z = NormalDist().inv_cdf(policy.confidence) if policy.confidence > 0 else 0.0
    upper = upper_bound(rate, count, z)
    limit = policy.min_positive_rate
    return FalseAlarms(
        literal=float((is_enough & (rate < limit)).any(axis=1).mean()),
        bounded=float((is_enough & (upper < limit)).any(axis=1).mean()),
    )


def _rolling(daily: NDArray[np.int64], days: int) -> NDArray[np.float64]:
    """Sums over the last ``days`` days, from the first day that has so many: shape (years, 365)."""
    summed = np.cumsum(daily, axis=1, dtype=np.float64)
    before = np.pad(summed[:, :-days], ((0, 0), (1, 0)))
    return summed[:, days - 1 :] - before


def _reasons(counts: FeedbackCounts, policy: Policy, upper: float) -> tuple[str, ...]:
    return (
        _at_least(counts.total, policy.min_feedback, "feedback", "feedbacks"),
        _at_least(counts.negative, policy.min_negative, "negative", "negatives"),
        _satisfaction(counts, policy, upper),
    )


def _at_least(found: int, needed: int, one: str, many: str) -> str:
    noun = one if found == 1 else many
    if found >= needed:
        return f"{found} {noun} of at least {needed}"
    return f"{found} {noun}, fewer than the {needed} needed"


def _satisfaction(counts: FeedbackCounts, policy: Policy, upper: float) -> str:
    if counts.satisfaction is None:
        return "no feedback, so no satisfaction"
    limit = policy.min_positive_rate
    found = f"satisfaction {counts.satisfaction:.1%}"
    if policy.confidence > 0:
        found += f", with {policy.confidence:.4g} confidence at most {upper:.1%}"
    return f"{found}: {'below' if upper < limit else 'not below'} the limit of {limit:.1%}"


def _blocks(policy: Policy, circumstances: Circumstances) -> list[str]:
    blocks: list[str] = []
    if circumstances.is_frozen:
        blocks.append("the plant is frozen")
    if circumstances.open_retrain is not None:
        blocks.append(f"retrain {circumstances.open_retrain} is not over yet")
    blocks += [
        f"{each.hours:g} h of cool-down after the last {each.after}, until {each.until:%F %H:%M} UTC"
        for each in cool_downs(policy, circumstances)
    ]
    return blocks
