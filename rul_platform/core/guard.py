"""Does the model in charge work as a model must? If not, what it does wrong, in sentences with numbers.

A share is a breach only where it is above its limit with 95 % confidence (one-sided Wilson bound), so
that one failure of three is none.

Belongs here: the limits' meaning and the judgement. Does not belong here: counting, rolling back.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rul_platform.core.policy import Policy
from rul_platform.core.wilson import wilson

CONFIDENCE = 0.95
"""One-sided. The trigger's ``confidence`` is another question: 0 there must not make this one rash."""

JUMP_CAPS = 0.5
"""A jump: after ``t`` more of life, an answer more than this part of the label cap above the unit's
answer before, or more than this part and ``t`` below it. Between these lies what time alone explains:
an answer falls as life passes, or stays where it is limited by the cap."""

OUT_OF_RANGE_CAPS = (-0.25, 1.25)
"""A raw answer, before any limit, outside these parts of the label cap is out of range: labels lie
between 0 and 1, and a little beyond is ordinary error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What was counted since a model is in charge.

    Attributes:
        predictions: Answers given.
        strange: Those of them whose readings were far outside what the model learned from: what it says
            of these is no fault of its own.
        failures: Units that it was asked for and gave no answer, though its files were there.
        latency_p95_ms: 95th percentile of inference, in milliseconds, None where it was not measured.
        out_of_range: Answers outside ``OUT_OF_RANGE_CAPS``, without the strange ones.
        pairs: Times that a unit was answered again, without the strange ones.
        jumps: Those of them that differ by more than ``JUMP_CAPS``.
        positive: Positive feedback on its answers.
        negative: Negative feedback on them.
    """

    predictions: int
    strange: int
    failures: int
    latency_p95_ms: float | None
    out_of_range: int
    pairs: int
    jumps: int
    positive: int
    negative: int


def judge(health: Health, policy: Policy) -> tuple[str, ...]:
    """What breaches the policy's limits; empty where the model works, or too little is known.

    A share of fewer than ``guard_min_predictions`` is not judged, nor is satisfaction with fewer than
    ``min_negative`` negatives. Whether anything follows from a breach (``guard``) is not asked here.
    """
    return tuple(_breaches(health, policy))


def strange_readings(health: Health, policy: Policy) -> str | None:
    """What to say where so many answers rest on strange readings that the sensors must be looked at.

    So many: more than may be out of range, as surely. No breach: a rollback mends no sensor.
    """
    strange, of = health.strange, health.predictions
    is_known = of >= policy.guard_min_predictions
    if not is_known or wilson(strange, of, CONFIDENCE)[0] <= policy.guard_max_out_of_range:
        return None
    return (
        f"{strange} of {of} answers had readings far outside what the model learned from: check the "
        f"sensors"
    )


def _breaches(health: Health, policy: Policy) -> Iterator[str]:
    asked = health.predictions + health.failures
    for what, found, of, noun, limit in (
        ("failed", health.failures, asked, "predictions", policy.guard_max_error_rate),
        (
            "out of range",
            health.out_of_range,
            health.predictions - health.strange,
            "answers",
            policy.guard_max_out_of_range,
        ),
        ("jumped", health.jumps, health.pairs, "repeated answers", policy.guard_max_jumps),
    ):
        low = wilson(found, of, CONFIDENCE)[0]
        if of >= policy.guard_min_predictions and low > limit:
            yield (
                f"{what}: {found} of {of} {noun} ({found / of:.1%}, with 95 % confidence at least "
                f"{low:.1%}), limit {limit:.1%}"
            )
    yield from _slow(health, policy)
    yield from _unsatisfying(health, policy)


def _slow(health: Health, policy: Policy) -> Iterator[str]:
    latency, limit = health.latency_p95_ms, policy.guard_max_latency_ms
    is_known = health.predictions >= policy.guard_min_predictions
    if latency is not None and is_known and latency > limit:
        found = f"95 % of {health.predictions} answers took up to {latency:.0f} ms"
        yield f"slow: {found}, limit {limit:g} ms"


def _unsatisfying(health: Health, policy: Policy) -> Iterator[str]:
    total, limit = health.positive + health.negative, policy.guard_min_satisfaction
    high = wilson(health.positive, total, CONFIDENCE)[1]
    if health.negative >= policy.min_negative and high < limit:
        yield (
            f"unsatisfying: {health.positive} of {total} feedbacks positive "
            f"({health.positive / total:.1%}, with 95 % confidence at most {high:.1%}), limit "
            f"{limit:.1%}"
        )
