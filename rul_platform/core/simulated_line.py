"""A made-up production line: pumps at work day after day, each replaced when it fails.

Belongs here: who works when, what has been measured by then, and what an operator would say of a
prediction. Does not belong here: how one pump wears (``simulated_pumps``), anything that could be taken
for real.

The line's clock counts hours from the beginning of the simulation. From a given day on its liquid is
harsh: pumps run hotter and wear faster than any pump did before.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rul_platform.core.simulated_pumps import SENSORS, simulate_pump

PAST_PUMPS = 110
"""Pumps that failed before the simulation begins: enough that 30 of them test a model."""

DAY_HOURS = 24.0
TOLERANCE = 0.3
"""An operator accepts an error of this part of the true remaining life ..."""

TOLERANCE_HOURS = 72.0
"""... and of three days in any case, which is what a spare part takes to arrive."""

MISCLICKS = 0.03
"""So often an operator hits the wrong button."""


@dataclass(frozen=True, slots=True, eq=False)
class LinePump:
    """One pump's time on the line.

    Attributes:
        name: Unique on the line.
        begins: When it was installed, in hours of the line's clock; negative before the beginning.
        readings: Its whole life, as :func:`~rul_platform.core.simulated_pumps.simulate_pump` gives it.
        failed_at: Its life at failure, in hours.
    """

    name: str
    begins: float
    readings: pd.DataFrame
    failed_at: float

    @property
    def ends(self) -> float:
        """When it fails, in hours of the line's clock."""
        return self.begins + self.failed_at

    def until(self, hour: float) -> pd.DataFrame:
        """What was measured up to an hour of the line's clock, with the plant's own column names."""
        seen = self.readings[self.readings["hours"] <= hour - self.begins]
        return seen.assign(pump=self.name)[["pump", "hours", "duty", *SENSORS]]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Everything that will happen on the line."""

    pumps: tuple[LinePump, ...]

    @classmethod
    def simulate(cls, *, positions: int, days: int, harsh_from_day: float, seed: int) -> "Line":
        """Fill every position of the line for so many days.

        Args:
            positions: How many pumps work at a time.
            days: Until when.
            harsh_from_day: When the liquid turns harsh.
            seed: Another seed gives another line.
        """
        random = np.random.default_rng(seed)
        pumps: list[LinePump] = []
        for position in range(1, positions + 1):
            begins, turn = 0.0, 1
            while begins < days * DAY_HOURS:
                age = float(random.uniform(0.0, 900.0)) if turn == 1 else 0.0
                harsh = harsh_from_day * DAY_HOURS - (begins - age)
                readings, failed_at = simulate_pump(random, harsh_from_hours=harsh)
                if failed_at <= age:  # that one failed before the simulation began
                    continue
                name = f"line-{position:02d}-{turn}"
                pumps.append(LinePump(name, begins - age, readings, failed_at))
                begins, turn = pumps[-1].ends, turn + 1
        return cls(tuple(pumps))

    def at_work(self, hour: float) -> tuple[LinePump, ...]:
        """Pumps that run at an hour of the line's clock and have been measured at least once."""
        return tuple(p for p in self.pumps if p.begins <= hour < p.ends)

    def readings(self, hour: float) -> pd.DataFrame:
        """Everything measured so far of the pumps at work, with the plant's own column names."""
        return pd.concat([p.until(hour) for p in self.at_work(hour)], ignore_index=True)

    def failed(self, after: float, until: float) -> tuple[LinePump, ...]:
        """Pumps that fail after one hour and until another of the line's clock."""
        return tuple(p for p in self.pumps if after < p.ends <= until)


def past_pumps(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Readings and failures of the pumps that failed before the simulation begins.

    Returns:
        Readings with ``pump``, ``hours``, ``duty`` and the four sensors, and failures with ``pump``
        and ``hours``.
    """
    random = np.random.default_rng(seed)
    lives = [simulate_pump(random) for _ in range(PAST_PUMPS)]
    names = [f"past-{number:03d}" for number in range(1, PAST_PUMPS + 1)]
    readings = pd.concat(
        [table.assign(pump=name) for name, (table, _) in zip(names, lives, strict=True)],
        ignore_index=True,
    )
    failures = pd.DataFrame({"pump": names, "hours": [failed_at for _, failed_at in lives]})
    return readings.reindex(columns=["pump", "hours", "duty", *SENSORS]), failures


def opinion(
    predicted: float, truth: float, *, cap: float, random: np.random.Generator
) -> tuple[str, str | None]:
    """What an operator says of a prediction who later sees what became of the pump.

    Args:
        predicted: Remaining life as it was answered, in hours.
        truth: What it really was, in hours; beyond ``cap`` every answer near the cap is right.
        cap: The label cap, in hours.
        random: Misclicks are drawn from it.

    Returns:
        The rating, and a reason code for a negative one.
    """
    error = predicted - min(truth, cap)
    is_fine = abs(error) <= max(TOLERANCE * min(truth, cap), TOLERANCE_HOURS)
    if random.random() < MISCLICKS:
        is_fine = not is_fine
    if is_fine:
        return "positive", None
    return "negative", "too_late" if error > 0 else "too_early"
