"""What to keep in mind with an answer, in plain words.

Belongs here: when a prediction deserves less trust than it looks. Does not belong here: the prediction
(``predictor``).

Shape letters: U units, W window length in readings, F channels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rul_platform.core import stillness
from rul_platform.core.histories import Histories
from rul_platform.core.preparation import Preparation

STRANGE_SPREADS = 10.0
"""A scaled sensor beyond this is no wear that training saw, but another unit or a broken sensor."""

NEARLY = 0.98
"""From this part of the cap on, a prediction means that there is no sign of wear."""

STILL_FOR = 2
"""A sensor is warned of after standing still this many times as long as ever in training: the longest
of a few units is easily beaten by the next one, but seldom doubled."""


@dataclass(frozen=True, slots=True)
class Still:
    """A sensor that stands still.

    Attributes:
        sensor: Which.
        readings: For how many readings by now.
        most: For how many at most in training.
    """

    sensor: str
    readings: int
    most: int


def strange_sensors(preparation: Preparation, x: NDArray[np.float32]) -> list[list[str]]:
    """For each window, a warning where its newest reading is unlike anything in training.

    Args:
        preparation: Of the model.
        x: Shape ``(U, W, F)``.
    """
    sensors = preparation.scaler.sensors
    scaled = np.abs(x[:, -1, : len(sensors)])
    if not (scaled > STRANGE_SPREADS).any():
        return [[] for _ in scaled]
    return [
        [
            f"{', '.join(names)} far outside what the model learned from (more than "
            f"{STRANGE_SPREADS:g} spreads from the mean): check the sensor and its unit"
        ]
        if (names := [s for s, z in zip(sensors, row, strict=True) if z > STRANGE_SPREADS])
        else []
        for row in scaled
    ]


def cautions(
    preparation: Preparation,
    histories: Histories,
    rul: NDArray[np.float64],
    far_rul: Sequence[float | None],
    *,
    least_rows: int,
) -> list[list[str]]:
    """For each unit, what its history and its prediction make one careful about.

    Args:
        preparation: Of the model.
        histories: Of U units, with the model's sensors.
        rul: Shape ``(U,)``, predictions in life units.
        far_rul: U times what the head with a higher cap says, in life units.
        least_rows: A history with fewer readings is short.
    """
    later = (histories.life[histories.starts] > preparation.first_life).tolist()
    resting = _may_stand_still(histories, preparation).tolist()
    notes = list[list[str]]()
    for at, rows in enumerate(histories.spans()):
        notes.append(_short(rows.stop - rows.start, least_rows))
        if later[at]:
            notes[at] += _begun_late(histories.life[rows], preparation)
        if resting[at]:
            notes[at] += _stands_still(histories.values[rows], preparation)
        notes[at] += _healthy(float(rul[at]), far_rul[at], preparation.cap)
    return notes


def _short(rows: int, least: int) -> list[str]:
    if rows >= least:
        return []
    noun = "reading" if rows == 1 else "readings"
    return [f"short history: {rows} {noun}, the model counts on {least}"]


def _may_stand_still(histories: Histories, preparation: Preparation) -> NDArray[np.bool_]:
    """Whether some sensor is as it was a window ago, shape ``(U,)``: only then can it stand still."""
    moves = np.array(preparation.longest_still) > 0
    before = histories.last - (preparation.window - 1)
    is_long = before >= histories.starts
    if not (moves.any() and is_long.any()):
        return is_long & False
    newest, earlier = histories.values[histories.last], histories.values[np.maximum(before, 0)]
    return is_long & (stillness.alike(earlier, newest) & moves).any(axis=1)


def is_begun_late(life: NDArray[np.float64], preparation: Preparation) -> bool:
    """Whether a history lacks the beginning that every training history had.

    Steps are laid backwards from the newest reading: a whole history begins up to one step late.
    """
    step = np.diff(life).min(initial=np.inf) if len(life) > 1 else 0.0
    return bool(life[0] > preparation.first_life + step)


def still_sensors(values: NDArray[np.float64], preparation: Preparation) -> list[Still]:
    """Sensors that have not moved for too long; of old recipes, which do not know how long, none."""
    if not preparation.longest_still:
        return []
    still = stillness.newest(values)
    return [
        Still(sensor, count, most)
        for sensor, count, most in zip(
            preparation.scaler.sensors, still.tolist(), preparation.longest_still, strict=True
        )
        if most and count >= max(preparation.window, STILL_FOR * most + 1)
    ]


def _begun_late(life: NDArray[np.float64], preparation: Preparation) -> list[str]:
    latest, unit = preparation.first_life, preparation.life_unit
    if not is_begun_late(life, preparation):
        return []
    return [
        f"the history begins at {life[0]:g} {unit}, training histories began by {latest:g}: without the "
        f"beginning of its life the prediction can be far too optimistic; give all of it"
    ]


def _stands_still(values: NDArray[np.float64], preparation: Preparation) -> list[str]:
    return [
        f"{each.sensor} has not moved for {each.readings} readings, in training for at most "
        f"{each.most}: check the sensor"
        for each in still_sensors(values, preparation)
    ]


def _healthy(rul: float, far: float | None, cap: float) -> list[str]:
    if rul < NEARLY * cap:
        return []
    note = f"no sign of wear yet: read it as at least {cap:g}"
    return [f"{note}; the far head says about {far:.0f}" if far is not None and far > cap else note]
