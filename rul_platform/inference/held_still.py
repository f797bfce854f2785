"""What a model would say of a machine whose sensors had stayed as they were at its beginning.

The network itself is asked: once for each sensor with that sensor held at the mean of the machine's own
first readings (``core.features.BASELINE_READINGS``) ever since, and once with all of them held. What the
answer would gain says how much of the life that is used up the model reads from that sensor.

A counterfactual of the model, not of the machine: it proves no cause, and the gains of single sensors
need not add up to that of all, where the network reads sensors together.

Belongs here: the question. Does not belong here: how far a sensor moved (``operation.views.drivers``),
explanations against other machines, which need training data (``learning.inspection``).

Shape letters: T readings of one machine, S sensors, W window, F channels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.features import BASELINE_READINGS
from rul_platform.core.labels import to_life
from rul_platform.core.newest_windows import newest_windows
from rul_platform.errors import InferenceError
from rul_platform.inference.predictor import Predictor


@dataclass(frozen=True, slots=True)
class HeldStill:
    """Answers in life units, limited as every answer is.

    Attributes:
        rul: To the readings as they are.
        without: Shape ``(S,)``: with one sensor held, in the order of the scaler.
        without_all: With all of them held; what is left then is the machine's age.
    """

    rul: float
    without: NDArray[np.float64]
    without_all: float

    @property
    def gains(self) -> NDArray[np.float64]:
        """Shape ``(S,)``: how much longer the answer would be, had that sensor stayed as it was."""
        return self.without - self.rul


def hold_still(
    model: Predictor, scaled: NDArray[np.float64], life: NDArray[np.float64]
) -> HeldStill:
    """Ask ``S + 2`` times, in one batch.

    Args:
        model: Which.
        scaled: Shape ``(T, S)``, all readings of one machine in training spreads, oldest first.
        life: Shape ``(T,)``, in the model's unit of life.

    Raises:
        InferenceError: ONNX Runtime does not run the graph, or it says no finite number.
    """
    preparation, sensors = model.preparation, scaled.shape[1]
    held = scaled.copy()
    held[BASELINE_READINGS:] = scaled[:BASELINE_READINGS].mean(axis=0)
    histories = [scaled, held]
    for at in range(sensors):
        one = scaled.copy()
        one[:, at] = held[:, at]
        histories.append(one)
    bounds = np.arange(len(histories) + 1, dtype=np.intp) * len(life)
    x = newest_windows(
        np.concatenate(histories),
        bounds,
        np.tile(life, len(histories)),
        preparation.window,
        cap=preparation.cap,
    )
    raw = model.run(x).rul
    if not np.isfinite(raw).all():
        raise InferenceError("The model", "what it says is no finite number")
    rul = to_life(raw, preparation.cap)
    return HeldStill(float(rul[0]), rul[2:], float(rul[1]))
