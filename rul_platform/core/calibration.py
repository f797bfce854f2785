"""Prediction intervals from errors on machines that the model did not learn from.

Split conformal prediction by band of predicted RUL: errors shrink towards the failure, so a prediction
of 10 gets its interval from errors of predictions near 10. Within a band a unit counts once, however
many of its rows were scored, because rows of one machine err together. Rows whose truth is beyond the
cap do not count: any model is right about a fresh machine once its life is limited to the cap, and such
rows would pay for intervals too narrow around machines that wear. Sources: A. Angelopoulos, S. Bates,
"A gentle introduction to conformal prediction", 2021, section 1; V. Vovk and others, "Mondrian
confidence machine", 2003, for the bands; the weighting by unit and the choice of rows are ours (decision
records 0006 and 0020).

Belongs here: from errors to an interval around a prediction, at any level. Does not belong here: which
models made the errors (``learning``), whether an interval kept its promise (``evaluation``).

Shape letters: N scored rows, L levels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rul_platform.core.error_quantiles import ErrorQuantiles
from rul_platform.core.metrics import Rows, unit_weights
from rul_platform.errors import CalibrationError

DEFAULT_LEVEL = 0.9
LEVELS = tuple(percent / 100 for percent in range(50, 100))
"""Levels at which a calibration is exact; between two it is interpolated."""

BAND_SHARES = (0.16, 0.32, 0.48, 0.68, 0.88)
"""Where bands of predicted RUL meet, as shares of the cap. Chosen on out-of-fold errors of C-MAPSS only:
half of the engines calibrated, the other half scored (docs/experiments.md)."""

FEW_UNITS = 20
"""A band with fewer units is merged with a neighbour: of fewer than 10, 90 % is the largest error."""

CHOICE_UNITS = 40
"""From so many units on, a band takes the narrower of a symmetric and an equal-tailed interval; below,
the choice itself costs coverage."""


@dataclass(frozen=True, slots=True)
class Band:
    """How far truths were from predictions of one range.

    Attributes:
        begins: Least predicted RUL, in life units; the band ends where the next one begins.
        units: How many units its errors come from.
        late: Shape ``(L,)``. How much less life than predicted there may be, 0 or more, at each level.
        early: Shape ``(L,)``. How much more.
    """

    begins: float
    units: int
    late: tuple[float, ...]
    early: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What an interval is made from.

    Attributes:
        cap: Label cap, in life units.
        units: How many units calibrated it.
        level: Coverage where none is asked for.
        levels: Shape ``(L,)``, ascending.
        bands: One or more, the first begins at 0.
    """

    cap: float
    units: int
    level: float
    levels: tuple[float, ...]
    bands: tuple[Band, ...]

    @classmethod
    def from_errors(
        cls, units: ArrayLike, predicted: ArrayLike, truth: ArrayLike, *, cap: float
    ) -> "Calibration":
        """Calibrate on predictions for units that the model did not learn from.

        Args:
            units: Shape ``(N,)``.
            predicted: Shape ``(N,)``, in life units.
            truth: Shape ``(N,)``, in life units, as it is: where any is within ``cap``, only such rows
                count; otherwise all do, limited to it.
            cap: Label cap, in life units.

        Raises:
            CalibrationError: No row, rows that do not fit together, or a number that is not finite.

        >>> found = Calibration.from_errors(["a", "a", "b"], [31.0, 18.0, 44.0], [30, 20, 40], cap=125)
        >>> low, high = found.interval(np.array([50.0, 2.0]))
        >>> low.tolist(), high.tolist()
        ([46.0, 0.0], [54.0, 6.0])
        """
        names, p, t = _checked(units, predicted, truth, cap)
        edges = _merged(names, p, [0.0, *(share * cap for share in BAND_SHARES)])
        at = np.digitize(p, edges[1:])
        bands = tuple(
            _band(edge, names[at == place], p[at == place], t[at == place], cap)
            for place, edge in enumerate(edges)
        )
        return cls(cap, len(set(names.tolist())), DEFAULT_LEVEL, LEVELS, bands)

    def renewed(
        self, units: ArrayLike, predicted: ArrayLike, truth: ArrayLike
    ) -> tuple["Calibration", tuple[bool, ...]]:
        """Calibrate anew where there are errors of enough units; other bands stay as they are.

        Where there is one band only, the new errors decide on the bands too.

        Args:
            units: Shape ``(N,)``.
            predicted: Shape ``(N,)``, in life units.
            truth: Shape ``(N,)``, in life units, as it is. Rows beyond the cap do not count.

        Returns:
            The calibration, and which of its bands are new.

        Raises:
            CalibrationError: As :meth:`from_errors`.
        """
        names, p, t = _checked(units, predicted, truth, self.cap)
        if np.min(truth) > self.cap:
            return self, (False,) * len(self.bands)
        if len(self.bands) == 1:
            anew = Calibration.from_errors(names, p, t, cap=self.cap)
            return anew, (True,) * len(anew.bands)
        at, bands, is_new = self._places(p), list(self.bands), [False] * len(self.bands)
        for place, old in enumerate(self.bands):
            here = at == place
            if len(set(names[here].tolist())) >= FEW_UNITS:
                bands[place] = _band(old.begins, names[here], p[here], t[here], self.cap)
                is_new[place] = True
        known = max(self.units, len(set(names.tolist())))
        return Calibration(self.cap, known, self.level, self.levels, tuple(bands)), tuple(is_new)

    def interval(self, rul: Rows, level: float | None = None) -> tuple[Rows, Rows]:
        """Lower and upper end around predictions, between 0 and the cap.

        Args:
            rul: Shape ``(N,)``, predictions in life units.
            level: Wanted coverage; None for the default. A higher level never gives a narrower interval.

        Raises:
            CalibrationError: The calibration does not reach so far.
        """
        return self.around(rul, self.reach(self.level if level is None else level))

    def around(self, rul: Rows, reach: tuple[Rows, Rows]) -> tuple[Rows, Rows]:
        """:meth:`interval` with what :meth:`reach` gave, for those who ask often."""
        late, early = reach
        at = self._places(rul)
        return np.clip(rul - late[at], 0.0, None), np.minimum(rul + early[at], self.cap)

    def reach(self, level: float) -> tuple[Rows, Rows]:
        """How much less and how much more life than predicted there may be, in each band.

        Raises:
            CalibrationError: The calibration does not reach so far.
        """
        if not self.levels[0] <= level <= self.levels[-1]:
            raise CalibrationError(_unreachable(self.levels, level))
        late = np.array([np.interp(level, self.levels, band.late) for band in self.bands])
        early = np.array([np.interp(level, self.levels, band.early) for band in self.bands])
        return late, early

    def _places(self, rul: Rows) -> NDArray[np.intp]:
        """The band of each prediction, shape ``(N,)``."""
        return np.digitize(rul, [band.begins for band in self.bands[1:]])

    def to_json(self) -> dict[str, Any]:
        """Plain values for a model's card; the cap stands there already."""
        return {
            "level": self.level,
            "units": self.units,
            "levels": list(self.levels),
            "bands": [
                {
                    "begins": band.begins,
                    "units": band.units,
                    "late": list(band.late),
                    "early": list(band.early),
                }
                for band in self.bands
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, cap: float) -> "Calibration":
        """The inverse of :meth:`to_json`. Older cards have one width for all, at one level."""
        level, units = float(data["level"]), int(data["units"])
        if "half_width" in data:
            half = (float(data["half_width"]),)
            return cls(cap, units, level, (level,), (Band(0.0, units, half, half),))
        bands = tuple(
            Band(float(b["begins"]), int(b["units"]), tuple(b["late"]), tuple(b["early"]))
            for b in data["bands"]
        )
        return cls(cap, units, level, tuple(data["levels"]), bands)


def _checked(
    units: ArrayLike, predicted: ArrayLike, truth: ArrayLike, cap: float
) -> tuple[NDArray[np.str_], Rows, Rows]:
    names = np.asarray(units, dtype=np.str_)
    p, t = (np.asarray(values, dtype=np.float64) for values in (predicted, truth))
    if not len(names) or not names.shape == p.shape == t.shape:
        msg = (
            f"An interval is calibrated on one unit, prediction and truth for each row, found shapes "
            f"{names.shape}, {p.shape} and {t.shape}. Give errors of one machine or more."
        )
        raise CalibrationError(msg)
    if bad := int((~np.isfinite(p) | ~np.isfinite(t)).sum()):
        msg = (
            f"An interval is calibrated on finite numbers, found {bad} rows of {len(names)} without. "
            f"Leave out units that have not failed."
        )
        raise CalibrationError(msg)
    within = (t <= cap) | bool((t > cap).all())
    return names[within], p[within], np.minimum(t[within], cap)


def _merged(names: NDArray[np.str_], predicted: Rows, edges: Sequence[float]) -> list[float]:
    """Where bands begin, so that each has enough units; one band where all together have too few."""
    at = np.digitize(predicted, edges[1:])
    bands = [(edge, set(names[at == place].tolist())) for place, edge in enumerate(edges)]
    while len(bands) > 1 and min(len(found) for _, found in bands) < FEW_UNITS:
        poorest = min(range(len(bands)), key=lambda place: len(bands[place][1]))
        beside = [place for place in (poorest - 1, poorest + 1) if 0 <= place < len(bands)]
        other = min(beside, key=lambda place: len(bands[place][1]))
        first = min(poorest, other)
        bands[first : first + 2] = [(bands[first][0], bands[first][1] | bands[first + 1][1])]
    return [edge for edge, _ in bands]


def _band(begins: float, names: NDArray[np.str_], predicted: Rows, truth: Rows, cap: float) -> Band:
    """The interval of one band, of the form that is narrowest at the default level."""
    errors = ErrorQuantiles(predicted - truth, unit_weights(names))
    forms = [errors.symmetric(LEVELS)]
    if errors.units >= CHOICE_UNITS:
        forms.append(errors.equal_tailed(LEVELS))
    at = LEVELS.index(DEFAULT_LEVEL)

    def width(form: tuple[Rows, Rows]) -> float:
        late, early = form
        reach = np.minimum(predicted + early[at], cap) - np.maximum(predicted - late[at], 0.0)
        return float(np.average(reach, weights=errors.weights))

    late, early = min(forms, key=width)
    return Band(begins, errors.units, tuple(late.tolist()), tuple(early.tolist()))


def _unreachable(levels: Sequence[float], level: float) -> str:
    if len(levels) == 1:
        return (
            f"This model's interval was calibrated for {levels[0]:.0%} only, not for {level:g}. Leave "
            f"the level out, or calibrate it for all: `rul recalibrate PLANT --reason TEXT`."
        )
    return f"Level {level:g} cannot be served; from {levels[0]:g} to {levels[-1]:g} is expected."
