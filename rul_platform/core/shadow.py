"""Champion and challenger side by side: who answers which unit, and who was right in the end.

Belongs here: the comparison and the split. Does not belong here: asking the models, promoting one.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.bootstrap import Difference, resample
from rul_platform.core.policy import Policy

LEVEL = 0.90
"""Two-sided, so that each end alone is a one-sided bound of 95 %."""

RESAMPLES = 10_000

PATIENCE = 3
"""A challenger that has not caught up after so many times ``shadow_units`` never will be taken."""


@dataclass(frozen=True, slots=True)
class PairedOutcome:
    """What both models had said about one unit whose end is now known; one for each unit.

    Attributes:
        unit: Which machine.
        champion_error: Root of the champion's mean squared error on it, or one error, in life units.
        challenger_error: The challenger's, on the same readings.
    """

    unit: str
    champion_error: float
    challenger_error: float


@dataclass(frozen=True, slots=True)
class ShadowVerdict:
    """The comparison's answer.

    Attributes:
        verdict: ``confirm`` the challenger, ``reject`` it, or ``wait`` for more units.
        reasons: For the person on shift, with the numbers.
        numbers: What it rests on, by name.
    """

    verdict: Literal["confirm", "reject", "wait"]
    reasons: tuple[str, ...]
    numbers: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"reasons": list(self.reasons)}


def compare(pairs: Sequence[PairedOutcome], policy: Policy, *, seed: int = 0) -> ShadowVerdict:
    """Confirm a challenger that is not worse, reject one that surely is, wait while it is open.

    Surely: the paired bootstrap over units of the mean squared errors, one-sided 95 %.

    Args:
        pairs: One for each unit.
        policy: ``shadow_units``, after which it is first decided; it ends after ``PATIENCE`` times as
            many.
        seed: Of the bootstrap.
    """
    units, needed = len(pairs), policy.shadow_units
    if units < needed:
        reason = f"{units} units with a known end, fewer than the {needed} needed"
        return ShadowVerdict("wait", (reason,), {"units": units, "needed": needed})
    champion = np.square([pair.champion_error for pair in pairs])
    challenger = np.square([pair.challenger_error for pair in pairs])
    worse_by = _difference([pair.unit for pair in pairs], challenger, champion, seed=seed)
    numbers = {
        "units": units,
        "needed": needed,
        "champion_rmse": float(np.sqrt(champion.mean())),
        "challenger_rmse": float(np.sqrt(challenger.mean())),
        "mse_difference": worse_by.mean,
        "mse_difference_low": worse_by.low,
    }
    verdict, why = _settle(worse_by, units, needed)
    reason = (
        f"challenger's RMSE {numbers['challenger_rmse']:.2f}, champion's "
        f"{numbers['champion_rmse']:.2f}, on the same {units} units: {why}"
    )
    return ShadowVerdict(verdict, (reason,), numbers)


def arm(plant: str, number: int, unit: str, share: float) -> Literal["challenger", "champion"]:
    """Who answers this unit: always the same one, as long as the challenger is the same.

    The split is sha256 of ``plant:number:unit`` as a fraction of its range: where ``share`` grows, units
    only move to the challenger.

    Args:
        plant: Whose unit.
        number: The challenger's version.
        unit: Which machine.
        share: The challenger's part, from 0 to 1.
    """
    digest = hashlib.sha256(f"{plant}:{number}:{unit}".encode()).digest()
    fraction = int.from_bytes(digest[:8], "big") / 2**64
    return "challenger" if fraction < share else "champion"


def _difference(
    units: Sequence[str],
    challenger: NDArray[np.float64],
    champion: NDArray[np.float64],
    *,
    seed: int,
) -> Difference:
    """Mean of the challenger's squared errors minus the champion's; above 0 it is worse."""
    drawn = resample(
        units,
        lambda weights: {
            ("challenger",): weights @ challenger / weights.sum(axis=1),
            ("champion",): weights @ champion / weights.sum(axis=1),
        },
        level=LEVEL,
        resamples=RESAMPLES,
        seed=seed,
    )
    return drawn.difference(("challenger",), ("champion",))


def _settle(
    worse_by: Difference, units: int, needed: int
) -> tuple[Literal["confirm", "reject", "wait"], str]:
    if worse_by.low > 0:
        return "reject", "worse with 95 % confidence"
    if worse_by.mean <= 0:
        return "confirm", "not worse"
    end = PATIENCE * needed
    if units >= end:
        return "reject", f"still worse after {end} units"
    return "wait", f"worse, but not surely; decided after {end} units at the latest"
