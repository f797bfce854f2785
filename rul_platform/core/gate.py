"""May this candidate replace the champion? A rule, its reasons, and nothing else.

    ── objection ──► REJECT        the champion predicts the very same ──► IN_CHARGE
    ── doubt ──────► HOLD          waits for a person's approval
    ── neither ────► PROMOTE

Belongs here: the decision and its words. Does not belong here: scoring and comparing
(``gate_statistics``), the numbers' form (``gate_evidence``), storing, deploying.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rul_platform.core.gate_evidence import Evidence
from rul_platform.core.gate_statistics import CONFIDENCE, Paired
from rul_platform.core.policy import Policy

SANE_OUTPUT = (-1.0, 2.0)
"""Labels lie between 0 and 1 caps. A little beyond is error, far beyond is a broken network."""

PROMOTE, HOLD, REJECT, IN_CHARGE = "PROMOTE", "HOLD", "REJECT", "IN_CHARGE"

_SURE = f"with {100 * CONFIDENCE:.0f} % confidence"

NOISE_FLOOR = 2.0
"""Standard deviations between seeds of one recipe that a gain must reach (decision record 0009)."""

ONNX_TOLERANCE = 1e-3
"""Largest allowed difference between torch and ONNX, as a part of the label cap."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer.

    Attributes:
        verdict: ``PROMOTE``, ``HOLD``, ``REJECT``, or ``IN_CHARGE`` when the candidate already is the
            champion, perhaps with another interval.
        reasons: For the person on shift; what spoke against it comes first.
        evidence: The numbers that it rests on.
    """

    verdict: str
    reasons: tuple[str, ...]
    evidence: Evidence

    @property
    def is_open(self) -> bool:
        """Whether nothing stands against this model being in charge; what is held needs approval."""
        return self.verdict in (PROMOTE, IN_CHARGE)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "verdict": self.verdict,
            "reasons": list(self.reasons),
            "evidence": self.evidence.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Verdict":
        """The inverse of :meth:`to_json`."""
        evidence = Evidence.from_json(data["evidence"])
        return cls(data["verdict"], tuple(data["reasons"]), evidence)


def decide(evidence: Evidence, policy: Policy) -> Verdict:
    """Apply the rule of decision records 0008 and 0009.

    Args:
        evidence: What was scored.
        policy: ``gate``, ``min_improvement`` and ``min_units`` decide here.
    """
    if evidence.is_in_charge:
        return Verdict(IN_CHARGE, (_known(evidence),), evidence)
    if objections := (*_unfit(evidence), *_no_gain(evidence, policy), *_harm(evidence, policy)):
        return Verdict(REJECT, objections, evidence)
    if doubts := tuple(_doubts(evidence, policy)):
        return Verdict(HOLD, doubts, evidence)
    return Verdict(PROMOTE, (_why(evidence, policy),), evidence)


def _known(e: Evidence) -> str:
    if e.candidate == e.champion:
        return "this very model is already in charge"
    return "the model in charge makes the very same predictions, with another interval"


def _unfit(e: Evidence) -> Iterator[str]:
    """What forbids the candidate with any champion, and without one."""
    low, high = e.lowest_output, e.highest_output
    if low is None or high is None or low < SANE_OUTPUT[0] or high > SANE_OUTPUT[1]:
        yield (
            f"smoke test: outputs from {low} to {high} caps, a trained network stays within "
            f"{SANE_OUTPUT[0]:g} and {SANE_OUTPUT[1]:g}"
        )
    if e.barred is not None:
        yield e.barred
    if e.incomparable is not None:
        yield e.incomparable
    if e.onnx_difference is None or e.onnx_difference > ONNX_TOLERANCE:
        yield (
            f"ONNX and torch differ by {e.onnx_difference} of the cap, at most {ONNX_TOLERANCE:g} is "
            f"allowed"
        )
    if e.candidate_rmse >= e.constant_rmse:
        yield f"RMSE {e.candidate_rmse:.2f} is not below the {e.constant_rmse:.2f} of a constant"


def _no_gain(e: Evidence, policy: Policy) -> Iterator[str]:
    """The gain is too small, or it may be chance."""
    pair = e.overall
    if pair is None:
        return
    if (pair.share(pair.saved) or 0.0) < policy.min_improvement:
        yield f"{_gain(pair)}, at least {_percent(policy.min_improvement)} is asked for"
    elif policy.gate == "statistical" and e.units >= policy.min_units and not pair.is_better:
        yield f"{_gain(pair)}, which may be chance: {_bound(pair)}"


def _harm(e: Evidence, policy: Policy) -> Iterator[str]:
    """Slices on which the candidate is worse than the champion, by more than chance."""
    if policy.gate == "statistical":
        for pair in e.slices:
            if pair.is_worse and pair.high is not None:
                yield (
                    f"worse on {pair.name}: RMSE {pair.candidate:.2f} against the champion's "
                    f"{pair.champion:.2f} {e.life_unit} on {pair.units} test units, {_SURE} "
                    f"by {-pair.high:.2f} or more"
                )


def _doubts(e: Evidence, policy: Policy) -> Iterator[str]:
    """What a person has to decide: progress that cannot be told from chance, or not at all."""
    if policy.gate != "statistical":
        return
    if e.champion_silent is not None:
        yield f"{_beats_constant(e)}; the champion cannot answer: {e.champion_silent}"
    if e.overall is None:
        return
    if e.units < policy.min_units:
        yield (
            f"{_gain(e.overall)}, and fewer than {policy.min_units} test units cannot tell that from "
            f"chance"
        )
    floor = None if e.noise_share is None else NOISE_FLOOR * e.noise_share
    if floor is not None and (e.overall.share(e.overall.saved) or 0.0) < floor:
        yield (
            f"{_gain(e.overall)}, and a lucky seed could do that: it is less than {NOISE_FLOOR:g} times "
            f"the {_percent(e.noise_share or 0.0)} by which this recipe's seeds differ"
        )


def _why(e: Evidence, policy: Policy) -> str:
    better = _beats_constant(e)
    if e.champion_silent is not None:
        return f"{better}; the champion cannot answer: {e.champion_silent}"
    if e.overall is None:
        return f"first model of this plant: {better}; there is no champion yet to be worse than"
    if policy.gate == "threshold":
        return f"{_gain(e.overall)}, the threshold is {_percent(policy.min_improvement)}"
    return f"{_gain(e.overall)}: {_bound(e.overall)}; no protected slice is worse beyond chance"


def _beats_constant(e: Evidence) -> str:
    return (
        f"RMSE {e.candidate_rmse:.2f} against {e.constant_rmse:.2f} of a constant, on {e.units} test "
        f"units"
    )


def _gain(pair: Paired) -> str:
    """The difference on all of the set as a clause.

    >>> _gain(Paired(name="all", units=40, candidate=9.5, champion=10.0, low=0.1, high=0.9))
    "RMSE 9.50 is 5.0 % below the champion's 10.00 on the same 40 test units"
    """
    by = _percent(abs(pair.share(pair.saved) or 0.0))
    where = "below" if pair.saved >= 0 else "above"
    return (
        f"RMSE {pair.candidate:.2f} is {by} {where} the champion's {pair.champion:.2f} on the same "
        f"{pair.units} test units"
    )


def _bound(pair: Paired) -> str:
    low = pair.share(pair.low)
    if low is None:
        return "one unit says nothing about others"
    return f"{_SURE} the gain on such units is at least {_percent(low)}"


def _percent(share: float) -> str:
    """A share with one digit after the point.

    >>> _percent(-0.0123)
    '-1.2 %'
    """
    return f"{100 * share:.1f} %"
