"""Whether a graph says what the model says that it was made from.

Belongs here: the comparison, and how far apart is too far. Does not belong here: how graphs are written
(``graphs``).
"""

from dataclasses import dataclass

import numpy as np

from rul_platform.core.windows import Windows
from rul_platform.errors import FidelityError
from rul_platform.learning.trained.graphs import run
from rul_platform.learning.trained.learned import Learned

TOLERANCE = 1e-4
"""Largest difference between a graph and its model that may serve, in units of the cap."""


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How a graph compares with the model that it was made from.

    Attributes:
        largest_difference: Between their outputs, in units of the cap.
        windows: How many windows were compared.
        lowest: Of the graph's ``rul``, before any limit, in units of the cap.
        highest: Likewise.
    """

    largest_difference: float
    windows: int
    lowest: float
    highest: float


def fidelity(model: Learned, graph: bytes, windows: Windows) -> Fidelity:
    """Compare a graph with its model on every one of ``windows``.

    Args:
        model: What the graph was made from.
        graph: Of ``model``, for windows of this length.
        windows: N windows, of the length that the graph takes.

    Raises:
        FidelityError: They differ by more than :data:`TOLERANCE`, or say what is no finite number.
    """
    answers = run(graph, windows)
    own = {"rul": model.outputs(windows), "far": model.far_outputs(windows)}
    largest = max(float(np.abs(answers[name] - own[name]).max()) for name in answers)
    if not largest <= TOLERANCE:  # also where it is no number
        raise FidelityError(found=largest, allowed=TOLERANCE, windows=len(windows))
    rul = answers["rul"]
    return Fidelity(largest, len(windows), float(rul.min()), float(rul.max()))
