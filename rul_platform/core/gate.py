"""May this candidate replace the champion? A rule, its reasons, and nothing else.

Belongs here: the decision. Does not belong here: scoring, storing, deploying.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

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
        is_finite: Every prediction of the candidate is a number between 0 and the cap.
        onnx_difference: Largest difference between torch and ONNX, as a part of the cap.
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
    is_finite: bool
    onnx_difference: float
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
    """Apply the rule: it works, it knows more than a constant, it is not worse than the champion."""
    if evidence.candidate == evidence.champion:
        return Verdict(IN_CHARGE, ("this very model is already in charge",), evidence)
    against = tuple(_against(evidence))
    return Verdict(REJECT if against else PROMOTE, against or tuple(_for(evidence)), evidence)


def _against(e: Evidence) -> list[str]:
    reasons = []
    if not e.is_finite:
        reasons.append("smoke test: a prediction is not a number between 0 and the cap")
    if e.onnx_difference > ONNX_TOLERANCE:
        reasons.append(
            f"ONNX and torch differ by {e.onnx_difference:.2g} of the cap, at most "
            f"{ONNX_TOLERANCE:g} is allowed"
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
    if e.champion_rmse is None:
        return [f"first model of this plant: {better}, on {e.units} test units"]
    return [
        f"RMSE {e.candidate_rmse:.2f}, the champion's is {e.champion_rmse:.2f} on the same {e.units} "
        f"test units"
    ]
