"""From arrays, as a notebook has them, to windows with a division that can be defended.

Belongs here: checks, and who validates. Does not belong here: scaling (the arrays are scaled already),
networks (``learning``).

Shape letters: N samples, W readings of each, F channels.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rul_platform.core import splits
from rul_platform.core.windows import Windows
from rul_platform.errors import ArraysError, TooFewUnitsError

NO_UNIT = "all samples"
"""What every sample belongs to where nobody says which unit it is of."""

LEFT_OUT = "left out"
"""Role of samples between training and hold-out that could share readings with both."""


@dataclass(frozen=True, slots=True)
class Divided:
    """Samples, each with its role.

    Attributes:
        windows: N windows; ``split`` is ``train``, ``valid`` or ``left out``.
        measured_on: What figures of the ``valid`` ones are measured on, in words.
    """

    windows: Windows
    measured_on: str

    @property
    def train(self) -> Windows:
        """What to learn from."""
        return self.windows.select(splits.TRAIN)

    @property
    def held_out(self) -> Windows:
        """What to stop by and to measure on."""
        return self.windows.select(splits.VALID)


def as_windows(
    x: ArrayLike, y: ArrayLike | None = None, *, units: ArrayLike | None = None
) -> Windows:
    """Samples as windows over one table, without copying them.

    Args:
        x: Shape ``(N, W, F)``, scaled, oldest reading first.
        y: Shape ``(N,)``, true RUL in life units; None where it is not known.
        units: Shape ``(N,)``, which machine each sample is of.

    Raises:
        ArraysError: Lists everything that does not fit.

    >>> windows = as_windows(np.zeros((4, 3, 2)), [3, 2, 1, 0], units=["a", "a", "b", "b"])
    >>> len(windows), windows.features().shape, windows.units().tolist()
    (4, (4, 3, 2), ['a', 'a', 'b', 'b'])
    """
    features = np.ascontiguousarray(x, dtype=np.float32)
    rul = None if y is None else np.asarray(y, dtype=np.float64)
    names = None if units is None else np.asarray(units).astype(np.str_)
    problems = _problems(features, rul, names)
    if problems:
        raise ArraysError(problems)
    count, length, channels = features.shape
    unit = pd.Series(np.full(count, NO_UNIT) if names is None else names)
    first = np.arange(count, dtype=np.int64) * length
    index = pd.DataFrame(
        {
            "unit": unit,
            "life": unit.groupby(unit).cumcount().to_numpy() + 1.0,
            "first_row": first,
            "last_row": first + length - 1,
            "rul": np.full(count, np.nan) if rul is None else rul,
            "split": splits.TRAIN,
            "at_least": False,
        }
    )
    return Windows(features.reshape(-1, channels), index, length)


def divide(windows: Windows, *, share: float, seed: int) -> Divided:
    """Hold out a share: whole units where units are known, otherwise the last samples.

    Never samples drawn at random: neighbours in time share most of their readings, and a network that
    saw one of them knows the other.

    Args:
        windows: From :func:`as_windows`.
        share: Part of the units, or of the samples, between 0 and 1.
        seed: Which units.

    Raises:
        TooFewUnitsError: Nothing would be left to learn from or to measure on.
    """
    if (windows.units() == NO_UNIT).all():
        return _last_part(windows, share)
    units = list(dict.fromkeys(windows.units().tolist()))
    policy = splits.SplitPolicy(valid=share, seed=seed)
    roles = splits.assign(units, policy, source="the arrays")
    held_out = sum(role == splits.VALID for role in roles.values())
    index = windows.index.assign(split=windows.index["unit"].map(roles))
    says = f"all samples of {held_out} held-out units of {len(units)}; every unit counts once"
    return Divided(Windows(windows.table, index, windows.length), says)


def _last_part(windows: Windows, share: float) -> Divided:
    count = len(windows)
    held_out = max(1, round(share * count))
    learned = count - held_out - (windows.length - 1)
    if learned < 1:
        raise TooFewUnitsError(
            "the arrays, without unit ids",
            found=count,
            needed=held_out + windows.length,
            what=f"samples, of which the last {held_out} are held out and the {windows.length - 1} "
            f"before them could share readings with those",
        )
    split = np.repeat(
        [splits.TRAIN, LEFT_OUT, splits.VALID], [learned, windows.length - 1, held_out]
    )
    says = (
        f"the last {held_out} of {count} samples, because no unit ids were given: the "
        f"{windows.length - 1} before them were left out. If the samples are not in the order of "
        f"time, or one machine is in both parts, the figures are too good; give units"
    )
    return Divided(Windows(windows.table, windows.index.assign(split=split), windows.length), says)


def _problems(
    x: NDArray[np.float32], rul: NDArray[np.float64] | None, units: NDArray[np.str_] | None
) -> list[str]:
    """Everything that does not fit, in words."""
    if x.ndim != 3 or not x.size:
        return [f"x has shape {x.shape}, expected (samples, sequence, features), none of them 0"]
    problems: list[str] = []
    strange = int(np.count_nonzero(~np.isfinite(x).all(axis=(1, 2))))
    if strange:
        problems.append(
            f"{strange} of {len(x)} samples of x hold NaN or infinity; fill or drop them first"
        )
    for name, given in (("y", rul), ("units", units)):
        if given is not None and given.shape != (len(x),):
            problems.append(f"{name} has shape {given.shape}, expected ({len(x)},), one per sample")
    if rul is not None and not (np.isfinite(rul).all() and (rul >= 0).all()):
        problems.append("y holds NaN, infinity or numbers below 0; RUL is what is left, 0 or more")
    return problems
