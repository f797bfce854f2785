"""One prediction explained: what each sensor and each reading changed, in the plant's unit of life.

Belongs here: attributions as sentences can use them. Does not belong here: computing them
(``attribution``).
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from rul_platform.core.fleet import Fleet
from rul_platform.core.labels import to_life
from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows
from rul_platform.learning.inspection.attribution import attribute, healthy_window
from rul_platform.learning.trained.learned import Learned


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a model says so of one unit; lives and changes in ``life_unit``.

    Attributes:
        unit: Which machine.
        life: How long it had run.
        life_unit: ``cycles``, ``hours`` or ``seconds``.
        rul: Predicted remaining useful life.
        healthy_rul: What it says of a healthy machine.
        sensors: ``sensor`` and ``change`` of the answer against a healthy machine, largest first.
        readings: ``life`` and ``change``, oldest first.
        missing: What the changes of the sensors do not explain.
        method: As of ``Attribution``.
    """

    unit: str
    life: float
    life_unit: str
    rul: float
    healthy_rul: float
    sensors: pd.DataFrame
    readings: pd.DataFrame
    missing: float
    method: str

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "unit": self.unit,
            "life": self.life,
            "life_unit": self.life_unit,
            "rul": self.rul,
            "healthy_rul": self.healthy_rul,
            "method": self.method,
            "missing": self.missing,
            "sensors": self.sensors.to_dict("records"),
            "readings": self.readings.to_dict("records"),
        }


def explain(
    model: Learned,
    fleet: Fleet,
    windows: Windows,
    background: Windows,
    preparation: Preparation,
) -> list[Explanation]:
    """Explain what a model says of each window.

    Args:
        model: Trained.
        fleet: Histories that the windows were cut from.
        windows: N windows.
        background: Windows of training units: what a healthy machine looks like.
        preparation: What the windows were made with.

    Raises:
        MissingExtraError: Captum is not installed.
    """
    cap = preparation.cap
    found = attribute(model, windows, healthy_window(background), preparation.channels)
    rul, healthy = to_life(found.output, cap), to_life(pd.Series([found.healthy]).to_numpy(), cap)
    lives = fleet.readings["life"].to_numpy(dtype=float)[windows.rows()]
    explained = []
    for at, (unit, life) in enumerate(
        zip(windows.index["unit"], windows.index["life"], strict=True)
    ):
        sensors = pd.DataFrame({"sensor": found.sensors, "change": cap * found.by_sensor[at]})
        readings = pd.DataFrame({"life": lives[at], "change": cap * found.by_reading[at]})
        explained.append(
            Explanation(
                unit=str(unit),
                life=float(life),
                life_unit=preparation.life_unit,
                rul=float(rul[at]),
                healthy_rul=float(healthy[0]),
                sensors=sensors.sort_values("change", key=abs, ascending=False, ignore_index=True),
                # a short history is filled up with its first reading: that is one reading
                readings=readings.groupby("life", as_index=False).sum(),
                missing=cap * float(found.missing[at]),
                method=found.method,
            )
        )
    return explained
