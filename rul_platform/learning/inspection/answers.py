"""What a model says, as a function of tensors: what attributions ask.

Belongs here: such functions. Does not belong here: sharing an answer out (``attribution``).

Shape letters: B batch, W window length in readings, F channels.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from rul_platform.core.windows import Windows
from rul_platform.learning.trained.learned import Learned

Answer = Callable[[Tensor], Tensor]
"""``(B, W, F)`` to ``(B,)``, in units of the cap."""


def without(answer: Answer, part: Answer | None) -> Answer:
    """The rest of an answer when a part of it is taken away."""
    if part is None:
        return answer

    def rest(x_BWF: Tensor) -> Tensor:
        with torch.no_grad():
            return answer(x_BWF) - part(x_BWF)

    return rest


def answering(model: Learned) -> Answer:
    """The model as a function of ``(B, W, F)``."""

    def answer(x_BWF: Tensor) -> Tensor:
        batch, length, channels = x_BWF.shape
        last = np.arange(1, batch + 1) * length - 1
        index = pd.DataFrame({"first_row": last - length + 1, "last_row": last})
        table = x_BWF.numpy().reshape(batch * length, channels)
        return torch.from_numpy(model.outputs(Windows(table, index, length)))

    return answer
