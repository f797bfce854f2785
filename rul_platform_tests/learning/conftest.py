"""A small plant that networks can learn in a second."""

import pandas as pd
import pytest

from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows
from rul_platform_tests.fleets import wearing_fleet

CAP = 60.0


@pytest.fixture(scope="session")
def prepared() -> tuple[Preparation, Windows]:
    """Eight machines, windows of ten readings, five channels."""
    lives = {f"u{unit}": 50 + 7 * unit for unit in range(8)}
    fleet = wearing_fleet(lives)
    roles = {unit: "valid" if unit in {"u1", "u5"} else "train" for unit in lives}
    training = fleet.take([unit for unit, role in roles.items() if role == "train"])
    preparation = Preparation.fit(training, fleet.sensors, window=10, cap=CAP, life_unit="cycles")
    return preparation, preparation.windows(fleet, pd.Series(roles))
