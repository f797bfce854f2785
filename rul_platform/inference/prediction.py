"""The values on the way from readings to an answer.

Belongs here: what travels between the steps. Does not belong here: the steps (``predictor``).

Shape letters: U units, N windows, W window length in readings, F channels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.histories import Histories


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says of one unit after its newest reading; all in ``life_unit``.

    Attributes:
        unit: Which machine.
        life: How long it had run.
        rul: Remaining useful life.
        rul_low: Lower end of the interval.
        rul_high: Upper end; the label cap means "at least that".
        raw_rul: What the network said before any limit.
        far_rul: What a head with a higher cap says, None where the model has none.
        cap: The longest life that the model tells apart from longer ones.
        level: Coverage that the interval was made for.
        life_unit: ``cycles``, ``hours`` or ``seconds``.
        warnings: What to keep in mind, in plain words.
        is_strange: Its newest reading is far outside what the model learned from.
    """

    unit: str
    life: float
    rul: float
    rul_low: float
    rul_high: float
    raw_rul: float
    far_rul: float | None
    cap: float
    level: float
    life_unit: str
    warnings: tuple[str, ...]
    is_strange: bool


@dataclass(frozen=True, slots=True)
class Question:
    """Readings as a model looks at them: checked, and the newest window of each unit.

    Attributes:
        histories: Of U units, with the model's sensors, resampled as in training.
        x: Shape ``(U, W, F)``, the newest window of each, dimensionless.
    """

    histories: Histories
    x: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a graph says of N windows, before any limit, in units of the cap.

    Attributes:
        rul: Shape ``(N,)``.
        far: Shape ``(N,)``, of the head with a higher cap; None where the graph has none.
    """

    rul: NDArray[np.float32]
    far: NDArray[np.float32] | None = None
