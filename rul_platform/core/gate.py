"""May this candidate replace the champion? A rule, its reasons, and nothing else.

Belongs here: the decision. Does not belong here: scoring, storing, deploying.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

SANE_OUTPUT = (-1.0, 2.0)
"""Labels lie between 0 and 1 caps. A little beyond is error, far beyond is a broken network."""

PROMOTE, REJECT, IN_CHARGE = "PROMOTE", "REJECT", "IN_CHARGE"

ONNX_TOLERANCE = 1e-3
"""Largest allowed difference between torch and ONNX, as a part of the label cap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the gate looks at; all scores on the same frozen set of test units, in life units.

    Attributes:
        candidate: sha256 of the candidate.
        champion: sha256 of the model in charge, None before the first.
        champion_number: Its version number.
        evaluation_set: sha256 of the windows that both were scored on.
        candidate_rmse: Labels capped.
        champion_rmse: The champion on the same windows, None before the first.
        constant_rmse: What always saying the mean scores.
        boosting_rmse: What gradient boosting on the same units scores.
        incomparable: Why candidate and champion cannot be scored on the same set, None where they can.
        champion_silent: Why the champion has no answer for the test units, None where it has.
        lowest_output: Of the candidate's network before limits, in units of the cap.
        highest_output: Likewise; both None where an output is no number.
        onnx_difference: Largest difference between torch and ONNX before limits, as a part of the cap;
            None where an output is no number.
        units: How many test units there are.
    """

    candidate: str
    champion: str | None
    champion_number: int | None
    evaluation_set: str
    candidate_rmse: float
    champion_rmse: float | None
    constant_rmse: float
    boosting_rmse: float
    incomparable: str | None
    champion_silent: str | None
    lowest_output: float | None
    highest_output: float | None
    onnx_difference: float | None
    units: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer.

    Attributes:
        verdict: ``PROMOTE``, ``REJECT``, or ``IN_CHARGE`` when the candidate already is the champion.
        reasons: For the person on shift; what spoke against it comes first.
        evidence: The numbers that it rests on.
    """

    verdict: str
    reasons: tuple[str, ...]
    evidence: Evidence

    @property
    def is_open(self) -> bool:
        """Whether nothing stands against this model being in charge."""
        return self.verdict != REJECT

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"reasons": list(self.reasons)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Verdict":
        """The inverse of :meth:`to_json`."""
        return cls(data["verdict"], tuple(data["reasons"]), Evidence(**data["evidence"]))


def decide(evidence: Evidence) -> Verdict:
    """Apply the rule: it works, it knows more than a constant, it is not worse than the champion.

    Decision record 0008.
    """
    if evidence.candidate == evidence.champion:
        return Verdict(IN_CHARGE, ("this very model is already in charge",), evidence)
    against = tuple(_against(evidence))
    return Verdict(REJECT if against else PROMOTE, against or tuple(_for(evidence)), evidence)


def _against(e: Evidence) -> list[str]:
    reasons = []
    low, high = e.lowest_output, e.highest_output
    if low is None or high is None or low < SANE_OUTPUT[0] or high > SANE_OUTPUT[1]:
        reasons.append(
            f"smoke test: outputs from {low} to {high} caps, a trained network stays within "
            f"{SANE_OUTPUT[0]:g} and {SANE_OUTPUT[1]:g}"
        )
    if e.incomparable is not None:
        reasons.append(e.incomparable)
    if e.onnx_difference is None or e.onnx_difference > ONNX_TOLERANCE:
        reasons.append(
            f"ONNX and torch differ by {e.onnx_difference} of the cap, at most {ONNX_TOLERANCE:g} is "
            f"allowed"
        )
    if e.candidate_rmse >= e.constant_rmse:
        reasons.append(
            f"RMSE {e.candidate_rmse:.2f} is not below the {e.constant_rmse:.2f} of a constant"
        )
    if e.champion_rmse is not None and e.candidate_rmse > e.champion_rmse:
        reasons.append(
            f"RMSE {e.candidate_rmse:.2f} is worse than the champion's {e.champion_rmse:.2f} on the "
            f"same {e.units} test units"
        )
    return reasons


def _for(e: Evidence) -> list[str]:
    better = f"RMSE {e.candidate_rmse:.2f} against {e.constant_rmse:.2f} of a constant"
    if e.champion_silent is not None:
        return [
            f"{better}, on {e.units} test units; the champion cannot answer: {e.champion_silent}"
        ]
    if e.champion_rmse is None:
        return [f"first model of this plant: {better}, on {e.units} test units"]
    return [
        f"RMSE {e.candidate_rmse:.2f}, the champion's is {e.champion_rmse:.2f} on the same {e.units} "
        f"test units"
    ]
