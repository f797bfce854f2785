"""Arrow arrays made past ``pyarrow.array``, which imports pandas to look whether it was given a series.

A service keeps some 45 MiB that it would never use (docs/experiments.md, section 20).
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def numbers(values: NDArray[np.float64]) -> pa.Array:
    """Numbers of shape ``(N,)`` without a null; NaN stays a number.

    >>> numbers(np.array([1.0, np.nan])).to_pylist()
    [1.0, nan]
    """
    plain = np.ascontiguousarray(values, dtype=np.float64)
    return pa.Array.from_buffers(pa.float64(), len(plain), [None, pa.py_buffer(plain)])


def texts(values: Sequence[str]) -> pa.Array:
    """N texts without a null.

    >>> texts(["pump 1", "", "é"]).to_pylist()
    ['pump 1', '', 'é']
    """
    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    told = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(values), told)
