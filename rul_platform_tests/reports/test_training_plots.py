"""Plots of how a training went."""

import pandas as pd

from rul_platform.reports.training_plots import gradient_norms


def gradients(norms: list[float]) -> pd.DataFrame:
    """Two layers at each of some steps."""
    rows = [(at, layer, norm) for at, norm in enumerate(norms) for layer in ("encoder.0", "head")]
    return pd.DataFrame(rows, columns=pd.Index(["step", "layer", "norm"]))


def test_the_same_gradients_give_the_same_picture_and_others_another_one():
    first, again = (gradient_norms(gradients([1e-9, 0.0, 1.0, 1e5])) for _ in range(2))
    assert first == again
    assert first.startswith(b"\x89PNG")
    assert first != gradient_norms(gradients([1.0, 1.0, 1.0, 1.0]))
