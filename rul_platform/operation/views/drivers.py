"""What drives a machine's answer: what its sensors did, and how much of it the model reads from each.

A sensor is told by two distances, both in training spreads (standard deviations of training readings
under the same operating condition): how far its newest reading is from the training mean, and how far
its smoothed course has gone from the machine's own beginning. Both are the model's own inputs
(``core.features``). What they weigh, the network is asked (``inference.held_still``); sensors are ranked
by that, and where it is nothing, by the larger distance.

Belongs here: these figures. Does not belong here: their pictures (``service``).

Shape letters: R readings, S sensors.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.features import channels_of
from rul_platform.core.histories import Histories
from rul_platform.inference.cautions import STRANGE_SPREADS, is_begun_late, still_sensors
from rul_platform.inference.held_still import hold_still
from rul_platform.operation.serving.served_model import ServedModel

NORMAL_SPREADS = 2.0
"""Nearly all training readings lie within so many spreads of their mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorStory:
    """One sensor's course.

    Attributes:
        name: The sensor's column in the plant's own source.
        life: Shape ``(R,)``, in life units.
        values: Shape ``(R,)``: readings where machines have one operating condition, else spreads from
            the mean of the condition.
        is_scaled: Whether they are spreads.
        low: Where nearly all training readings begin, in the same scale.
        high: Where they end.
        newest: The newest reading, in the sensor's own unit.
        from_mean: The newest reading's distance from the training mean, in spreads.
        from_own: The smoothed course's distance from the machine's own beginning, in spreads.
        gain: How much longer the model's answer would be, in life units, had the sensor stayed as it
            was at the machine's beginning.
    """

    name: str
    life: NDArray[np.float64]
    values: NDArray[np.float64]
    is_scaled: bool
    low: float
    high: float
    newest: float
    from_mean: float
    from_own: float
    gain: float

    @property
    def distance(self) -> float:
        """The larger one of both."""
        return max(abs(self.from_mean), abs(self.from_own))

    @property
    def is_strange(self) -> bool:
        """Whether its newest reading is no wear that training saw."""
        return abs(self.from_mean) > STRANGE_SPREADS


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """All sensors of one machine.

    Attributes:
        sensors: Those that the model looks at, the one that weighs most first.
        rul: What the model says of these readings, in life units.
        rul_unmoved: What it would say, had no sensor moved since the machine's beginning.
        readings: How many steps of life they cover.
        least_readings: How many the model counts on.
        begins_late: At which life the history begins, where that is too late; else None.
        by_life: By which life training histories began.
        still: Sensors that have not moved for too long, by their columns, and for how many readings.
    """

    sensors: tuple[SensorStory, ...]
    rul: float
    rul_unmoved: float
    readings: int
    least_readings: int
    begins_late: float | None
    by_life: float
    still: tuple[tuple[str, int], ...]

    @property
    def is_short(self) -> bool:
        """Whether the model counts on a longer history."""
        return self.readings < self.least_readings


def drivers_of(model: ServedModel, as_read: Histories) -> Drivers:
    """What one machine's sensors did.

    Args:
        model: Whose scale counts.
        as_read: Of one machine, not resampled.

    Raises:
        DataError: The machine worked in a condition that the model does not know.
        InferenceError: The model did not run on them.
        ValueError: The readings lack one of the model's sensors.
    """
    preparation, rule = model.predictor.preparation, model.plant.resample
    steps = (as_read if rule is None else as_read.resampled(rule.step)).only(
        preparation.scaler.sensors
    )
    scaled = preparation.scaler.scale(steps.values, steps.labels, steps.condition)
    seen = channels_of(scaled, steps.starts, steps.life, cap=preparation.cap)
    drift = seen[-1, scaled.shape[1] : 2 * scaled.shape[1]]
    held = hold_still(model.predictor, scaled, steps.life)
    stories = [
        _story(model, steps, scaled, at, float(drift[at]), float(held.gains[at]))
        for at in range(scaled.shape[1])
    ]
    columns = model.plant.sensors
    return Drivers(
        sensors=tuple(sorted(stories, key=lambda each: _rank(each, preparation.cap))),
        rul=held.rul,
        rul_unmoved=held.without_all,
        readings=len(steps.life),
        least_readings=model.predictor.least_rows,
        begins_late=float(steps.life[0]) if is_begun_late(steps.life, preparation) else None,
        by_life=preparation.first_life,
        still=tuple(
            (columns.get(each.sensor, each.sensor), each.readings)
            for each in still_sensors(steps.values, preparation)
        ),
    )


def _rank(story: SensorStory, cap: float) -> tuple[float, float]:
    """Gains that differ by less than a hundredth of the cap count as equal."""
    return -round(abs(story.gain) / cap, 2), -story.distance


def _story(
    model: ServedModel,
    steps: Histories,
    scaled: NDArray[np.float64],
    at: int,
    drift: float,
    gain: float,
) -> SensorStory:
    scaler = model.predictor.preparation.scaler
    is_scaled = len(scaler.conditions) > 1
    mean, spread = (0.0, 1.0) if is_scaled else (scaler.mean[0, at], scaler.spread[0, at])
    name = scaler.sensors[at]
    return SensorStory(
        name=model.plant.sensors.get(name, name),
        life=steps.life,
        values=scaled[:, at] if is_scaled else steps.values[:, at],
        is_scaled=is_scaled,
        low=float(mean - NORMAL_SPREADS * spread),
        high=float(mean + NORMAL_SPREADS * spread),
        newest=float(steps.values[-1, at]),
        from_mean=float(scaled[-1, at]),
        from_own=drift,
        gain=gain,
    )
