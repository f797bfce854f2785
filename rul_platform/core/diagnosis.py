"""What a training's history says about it: what is wrong, by which number, and what to do.

Belongs here: rules on curves, each with its threshold and why it is that. Does not belong here: looking
into a network (``learning.inspection.doctor``).

All losses here are mean squared errors in units of the label cap: a validation RMSE of 20 with a cap of
100 is a loss of 0.04.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rul_platform.core.findings import Finding

GAP = 0.5
"""Overfitting: more than this share of the validation loss is missing in the training loss, so the error
on unknown units is more than 1.4 times (1 / sqrt(1 - 0.5)) that on known ones. A share, because losses
of two plants have different scales."""

RISING = 5
"""So many validations, each worse than the one before, are no noise: of random ones one in 120 (5!)."""

ZERO_LOSS = 1e-6
"""A training loss below this is an error of 0.1 % of the cap: no sensor measures wear that well."""

FLAT = 0.01
"""A loss that fell by less than this share of its beginning has not moved."""

NO_BETTER_THAN_MEAN = 1 / math.sqrt(12)
"""RMSE of always saying the mean, in units of the cap, where labels are spread evenly from 0 to the cap:
the standard deviation of a uniform distribution. More healthy windows than that make it larger."""

DIVERGED = 10.0
"""A loss that ends at so many times its beginning has left the range in which training works."""

VANISHING, EXPLODING = 1e-7, 100.0
"""Norm of a layer's gradient, before clipping: below the first, single precision loses it beside a
weight of 1 (the spacing there is 1.2e-7); above the second, clipping to 1 throws 99 % of it away."""


def diagnose(
    history: pd.DataFrame,
    *,
    cap: float,
    gradients: pd.DataFrame | None = None,
    is_squared: bool = True,
) -> tuple[Finding, ...]:
    """Read the curves of one training.

    Args:
        history: One row per validation: ``step``, ``train_loss`` (NaN before the first step),
            ``valid_rmse`` in life units (NaN in all rows of a training without validation).
        cap: Label cap, in life units.
        gradients: ``layer`` and ``norm``, before clipping; None where nobody looked.
        is_squared: The training loss is a mean squared error in units of the cap. Of any other loss the
            height is not judged, only its direction.

    Returns:
        At least one finding; ``healthy`` alone where nothing is wrong.
    """
    curves = _Curves.of(history, cap)
    found = _diverged(curves)
    if not found:
        found += _flat(curves) or _no_gain(curves)
        found += _underfitting(curves) + _rising(curves)
        if is_squared:
            found += _gap(curves) + _zero(curves)
    if gradients is not None:
        found += _gradients(gradients)
    return tuple(found) or (_healthy(curves),)


@dataclass(frozen=True, slots=True)
class _Curves:
    """Steps and both losses, each of shape ``(V,)``; ``valid`` is None without validation."""

    step: NDArray[np.float64]
    train: NDArray[np.float64]
    valid: NDArray[np.float64] | None

    @classmethod
    def of(cls, history: pd.DataFrame, cap: float) -> "_Curves":
        step, train, rmse = (
            history[name].to_numpy(dtype=np.float64)
            for name in ("step", "train_loss", "valid_rmse")
        )
        return cls(step, train, None if np.isnan(rmse).all() else (rmse / cap) ** 2)

    @property
    def taught(self) -> NDArray[np.float64]:
        """Training losses after the first step."""
        return self.train[self.step > 0]


def _diverged(curves: _Curves) -> list[Finding]:
    after = curves.step > 0
    is_broken = after & ~np.isfinite(curves.train)
    if curves.valid is not None:
        is_broken |= ~np.isfinite(curves.valid)
    loss = curves.taught if curves.valid is None else curves.valid
    if is_broken.any():
        at = float(curves.step[is_broken][0])
        what, numbers = f"the loss is no finite number at step {at:g}", {"step": at}
    elif len(loss) and loss[-1] > DIVERGED * loss[0]:
        times = float(loss[-1] / loss[0])
        what, numbers = f"the loss ends at {times:.3g} times its beginning", {"times": times}
    else:
        return []
    remedy = (
        "Divide the learning rate by 10, keep gradient clipping on, and look for readings that are "
        "not finite or far out of range."
    )
    return [Finding("diverged", "error", what, remedy, numbers)]


def _flat(curves: _Curves) -> list[Finding]:
    """Neither curve moved: there is nothing to learn, or the steps are too small."""
    falls = [_fall(curves.taught)]
    if curves.valid is not None:
        falls.append(_fall(curves.valid))
    if len(curves.taught) < 2 or max(falls) >= FLAT:
        return []
    what = f"neither loss fell by {FLAT:.0%} of its beginning (at most {max(falls):.2%})"
    remedy = (
        "Raise the learning rate (the rate finder suggests one), train for longer, and see whether "
        "the weights may change and whether the sensors move at all."
    )
    return [Finding("flat", "warning", what, remedy, {"largest_fall": max(falls)})]


def _no_gain(curves: _Curves) -> list[Finding]:
    if curves.valid is None or len(curves.valid) < 2 or int(np.argmin(curves.valid)) > 0:
        return []
    what = "no validation was better than the weights that training began with"
    remedy = "Lower the learning rate, freeze more of the network, or take the start as it is."
    return [Finding("no_gain", "warning", what, remedy, {"start_loss": float(curves.valid[0])})]


def _underfitting(curves: _Curves) -> list[Finding]:
    if curves.valid is None or len(curves.valid) < 2:
        return []
    best = float(np.sqrt(curves.valid.min()))
    if best < NO_BETTER_THAN_MEAN:
        return []
    mean = f"always saying the mean has about {NO_BETTER_THAN_MEAN:.0%}"
    what = f"the best validation RMSE is {best:.0%} of the cap; {mean}"
    remedy = (
        "Train for longer or with a higher rate, take a larger network, and check that the sensors "
        "say something about wear: boosting in the report is the yardstick."
    )
    return [Finding("underfitting", "warning", what, remedy, {"best_rmse_of_cap": best})]


def _rising(curves: _Curves) -> list[Finding]:
    if curves.valid is None:
        return []
    longest = count = 0
    for before, after in pairwise(curves.valid):
        count = count + 1 if after > before else 0
        longest = max(longest, count)
    if longest < RISING:
        return []
    what = f"the validation loss rose {longest} times in a row"
    remedy = (
        "Stop earlier (early stopping keeps the best weights), or regularise: more dropout, more "
        "weight decay, augmentation, more units."
    )
    return [Finding("rising", "warning", what, remedy, {"rises": float(longest)})]


def _gap(curves: _Curves) -> list[Finding]:
    """At the weights that validated best: those were kept."""
    if curves.valid is None:
        return []
    best = int(np.argmin(curves.valid))
    train, valid = float(curves.train[best]), float(curves.valid[best])
    if math.isnan(train) or valid == 0 or (gap := (valid - train) / valid) <= GAP:
        return []
    what = (
        f"where it validated best, its loss is {train:.2g} in training, {valid:.2g} in validation"
    )
    remedy = (
        "It learns its units by heart: take more dropout or weight decay, a smaller network, "
        "augmentation, a frozen encoder, or more units."
    )
    numbers = {"gap": gap, "train_loss": train, "valid_loss": valid}
    return [Finding("overfitting", "warning", what, remedy, numbers)]


def _zero(curves: _Curves) -> list[Finding]:
    taught = curves.taught
    if not len(taught) or taught.min() >= ZERO_LOSS:
        return []
    what = f"the training loss fell to {taught.min():.2g}, below {ZERO_LOSS:g}"
    remedy = (
        "Look for a sensor that gives the failure away, as a countdown, for units that are copies of "
        "each other, and for labels that are all the same."
    )
    return [Finding("zero_loss", "warning", what, remedy, {"train_loss": float(taught.min())})]


def _gradients(gradients: pd.DataFrame) -> list[Finding]:
    """The layers whose gradient is out of range half of the time or more: a single batch may be odd."""
    middle = gradients.groupby("layer", sort=False)["norm"].median()
    dead, wild = middle[middle < VANISHING], middle[middle > EXPLODING]
    remedies = {
        ("vanishing_gradients", f"below {VANISHING:g}"): (dead, _VANISHED),
        ("exploding_gradients", f"above {EXPLODING:g}"): (wild, _EXPLODED),
    }
    return [
        Finding(
            kind,
            "warning",
            f"the gradient of {', '.join(map(str, layers.index))} is mostly {bound}",
            remedy,
            {str(layer): float(norm) for layer, norm in layers.items()},
        )
        for (kind, bound), (layers, remedy) in remedies.items()
        if len(layers)
    ]


_VANISHED = (
    "The layer learns nothing: raise the rate, use fewer layers or normalisation, or see whether what "
    "comes after it is dead (rul doctor)."
)
_EXPLODED = "Lower the learning rate, keep clipping on, and look for readings far out of range."


def _healthy(curves: _Curves) -> Finding:
    if curves.valid is None:
        what = "training lost nothing on the way; without validation units no more can be said"
        return Finding("unvalidated", "note", what)
    if len(curves.valid) < 2:
        return Finding("too_short", "note", "one validation is too few to see a curve")
    best, start = float(curves.valid.min()), float(curves.valid[0])
    what = (
        f"the validation loss fell from {start:.2g} to {best:.2g}; nothing is wrong with the curves"
    )
    return Finding("healthy", "good", what, numbers={"start_loss": start, "best_loss": best})


def _fall(loss: NDArray[np.float64]) -> float:
    """By which share of its beginning a loss fell at its best."""
    return float((loss[0] - loss.min()) / loss[0]) if len(loss) and loss[0] > 0 else 0.0
