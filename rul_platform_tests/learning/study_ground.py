"""A small ground for searches, and a search that another process can begin; run as a module."""

import sys
from pathlib import Path

import pandas as pd

from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.search_space import parse_space
from rul_platform.learning.recipes.objective import Ground
from rul_platform.learning.recipes.search import search
from rul_platform.learning.recipes.studies import Search
from rul_platform_tests.fleets import wearing_fleet

SPACE = parse_space(
    "learning_rate = { low = 0.001, high = 0.03, log = true }\nhidden_size = [4, 8]\n",
    source="space",
)


def ground(*, units: int = 6, steps: int = 4) -> Ground:
    """Machines that wear, networks that learn for a few steps."""
    fleet = wearing_fleet({f"u{unit}": 40 + 5 * unit for unit in range(units)})
    preparation = Preparation.fit(fleet, fleet.sensors, window=6, cap=40.0, life_unit="cycles")
    windows = preparation.windows(fleet, pd.Series({f"u{unit}": "train" for unit in range(units)}))
    return Ground(
        windows=windows,
        channels=preparation.channels,
        cap=40.0,
        architecture="gru",
        fit=FitConfig(seed=0, steps=steps, batch_size=32, validate_every=2),
        folds=2,
    )


def place(folder: Path) -> str:
    """URL of a database in ``folder``."""
    return f"sqlite:///{folder / 'studies.db'}"


if __name__ == "__main__":  # the process that a test kills: says when a trial has begun
    from rul_platform.learning.recipes import search as under_test

    real = under_test.score
    begun: list[int] = []

    def score(*args, **kwargs):
        """Say it, and in the fourth trial wait for the end."""
        begun.append(1)
        if len(begun) == 4:
            print("fourth", flush=True)  # noqa: T201
            sys.stdin.read()
        return real(*args, **kwargs)

    under_test.score = score
    search(ground(), SPACE, Search(name="pumps", trials=6, url=place(Path(sys.argv[1]))))
