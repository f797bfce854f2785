"""A made-up plant: pumps that wear out, for machines without any data.

Belongs here: how the pumps wear and what their sensors show.
Does not belong here: anything that could be taken for real. Whatever shows this plant says that it is
simulated.

Now and then the liquid turns harsh: pumps then run hotter and wear faster, which no model that learned
before has seen. The example plant knows no such time; ``simulated_line`` does.

A pump works under light or heavy duty, which changes in shifts. Wear grows faster under heavy duty,
and faster the more worn the pump is; at wear 1 the pump fails. Vibration and temperature rise with
wear, pressure and motor current fall; each also depends on duty, and is noisy.

Shape letter: R readings of one pump.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

PUMPS = 24
STILL_AT_WORK = 4
"""So many pumps are observed for only a part of their life: they have not failed."""

HOURS_BETWEEN_READINGS = 6.0
SHIFT_READINGS = 20
"""Duty is drawn anew after so many readings: every five days."""

LIGHT_LIFE_HOURS = 1250.0
"""Median life of a pump that works under light duty only."""

HEAVY_SHARE = 0.4
"""Part of the shifts that are under heavy duty."""

GAIN = 3.0
"""How much faster a pump wears at the end than when new, on a logarithmic scale."""

HEAVY_DUTY_FACTOR = 1.6
"""A pump wears this much faster under heavy duty."""

HARSH_FACTOR = 3.0
"""A pump wears this much faster in harsh liquid."""

HARSH_TEMPERATURE_C = 6.0
"""And runs this much hotter."""

SENSORS = {
    "vibration_mm_s": (1.8, 0.7, 4.5, 0.25),
    "temperature_c": (48.0, 9.0, 14.0, 1.1),
    "pressure_bar": (6.2, -0.5, -1.3, 0.08),
    "current_a": (21.0, 6.5, -2.4, 0.35),
}
"""For each sensor: value when new under light duty, effect of heavy duty, of full wear, and noise."""


def simulate_pumps(seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Readings and failures of a fleet of pumps.

    Args:
        seed: Another seed gives another fleet.

    Returns:
        Readings with ``pump``, ``hours``, ``duty`` and the four sensors, and failures with ``pump``
        and ``hours``. The last pumps stand only in the first table: they are still at work.
    """
    random = np.random.default_rng(seed)
    readings: list[pd.DataFrame] = []
    failures: list[tuple[str, float]] = []
    for number in range(1, PUMPS + 1):
        pump = f"pump-{number:02d}"
        table, failed_at = simulate_pump(random)
        if number > PUMPS - STILL_AT_WORK:
            table = table.head(int(len(table) * random.uniform(0.3, 0.8)))
        else:
            failures.append((pump, failed_at))
        readings.append(table.assign(pump=pump))
    together = pd.concat(readings, ignore_index=True)
    columns = ["pump", "hours", "duty", *SENSORS]
    return together.reindex(columns=columns), pd.DataFrame(failures, columns=["pump", "hours"])


def simulate_pump(
    random: np.random.Generator, *, harsh_from_hours: float = np.inf
) -> tuple[pd.DataFrame, float]:
    """Readings of one pump up to its failure, and the life at which it failed, in hours.

    Args:
        random: What the pump's own luck is drawn from.
        harsh_from_hours: Its life when its liquid turns harsh, in hours; below 0 it always was.

    Returns:
        One row for every six hours of life with ``hours``, ``duty`` and the four sensors; and the life
        at failure.
    """
    rows = int(6 * LIGHT_LIFE_HOURS / HOURS_BETWEEN_READINGS)
    is_heavy = np.repeat(random.random(rows // SHIFT_READINGS + 1) < HEAVY_SHARE, SHIFT_READINGS)
    is_harsh = HOURS_BETWEEN_READINGS * np.arange(rows) >= harsh_from_hours
    used = _used_life(is_heavy[:rows], is_harsh, random.lognormal(0.0, 0.25))
    alive = int(np.argmax(used >= 1.0))
    heavy = is_heavy[:alive]
    wear = -np.log(1.0 - used[:alive] * (1.0 - np.exp(-GAIN))) / GAIN
    table = pd.DataFrame(
        {
            "hours": HOURS_BETWEEN_READINGS * np.arange(alive),
            "duty": np.where(heavy, "heavy", "light"),
        }
    )
    for name, (base, duty, full_wear, noise) in SENSORS.items():
        own = base * random.normal(1.0, 0.02)  # no two pumps are alike
        if name == "temperature_c":
            own = own + HARSH_TEMPERATURE_C * is_harsh[:alive]
        value = own + duty * heavy + full_wear * wear**1.5 + noise * random.standard_normal(alive)
        table[name] = np.round(value, 3)
    part = (1.0 - used[alive - 1]) / (used[alive] - used[alive - 1])
    return table, round(float(HOURS_BETWEEN_READINGS * (alive - 1 + part)), 1)


def _used_life(
    is_heavy: NDArray[np.bool_], is_harsh: NDArray[np.bool_], pace: float
) -> NDArray[np.float64]:
    """Used part of the life at each reading, shape ``(R,)``, from 0; the pump fails at 1.

    Wear w follows dw/dt = rate exp(GAIN w). In terms of the used part 1 - exp(-GAIN w), scaled to
    end at 1, that is a plain sum, so the step between readings does not matter.
    """
    hours = HOURS_BETWEEN_READINGS * np.where(is_heavy, HEAVY_DUTY_FACTOR, 1.0)
    hours = np.where(is_harsh, HARSH_FACTOR * hours, hours)
    return np.r_[0.0, np.cumsum(hours)[:-1]] * pace / LIGHT_LIFE_HOURS
