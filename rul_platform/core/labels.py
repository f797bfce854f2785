"""Remaining-useful-life labels, and back from a network's output to life.

Convention: the last reading of a unit that ran to failure *is* the failure and has RUL 0.
"""

import numpy as np
from numpy.typing import NDArray

DEFAULT_CAP_CYCLES = 125.0
"""Upper limit of a label, in cycles.

Early in life the sensors carry no sign of wear, so a label that keeps growing asks the model to
guess. Source: X. Li et al., RESS 172 (2018), section 4.1; decision record 0003.
"""


def to_target(rul: NDArray[np.floating], cap: float) -> NDArray[np.float32]:
    """What a network learns: RUL capped and in units of the cap, so between 0 and 1.

    >>> to_target(np.array([250.0, 125.0, 25.0, 0.0]), cap=125.0).tolist()
    [1.0, 1.0, 0.20000000298023224, 0.0]
    """
    return (np.clip(rul, 0.0, cap) / cap).astype(np.float32)


def to_life(output: NDArray[np.floating], cap: float) -> NDArray[np.float64]:
    """What a network's output says, in the fleet's unit of life: never negative, never over ``cap``.

    >>> to_life(np.array([-0.1, 0.5, 1.3]), cap=100.0).tolist()
    [0.0, 50.0, 100.0]
    """
    return np.clip(output.astype(np.float64), 0.0, 1.0) * cap
