"""Small fleets that tests can check by eye."""

import numpy as np
import pandas as pd

from rul_platform.core.fleet import Fleet, summarise_units


def wearing_fleet(
    lives: dict[str, int], *, sensors: int = 2, seed: int = 0, condition: str = "0"
) -> Fleet:
    """Machines that wear: each sensor follows the share of life used, with a little noise."""
    noise = np.random.default_rng(seed)
    parts = []
    for unit, life in lives.items():
        wear = (np.arange(1, life + 1) / life) ** 2
        table = {"unit": unit, "life": np.arange(1.0, life + 1), "condition": condition}
        for sensor in range(sensors):
            table[f"s{sensor}"] = wear * (sensor + 1) + noise.normal(0, 0.02, life)
        parts.append(pd.DataFrame(table))
    readings = pd.concat(parts, ignore_index=True)
    return Fleet(readings, summarise_units(readings, 0.0))
