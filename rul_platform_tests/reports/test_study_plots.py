"""The plot of a k-shot study."""

from io import BytesIO

import pandas as pd
import pytest
from PIL import Image

from rul_platform.core.approaches import APPROACHES
from rul_platform.reports.study_plots import MARKERS, rmse_by_k
from rul_platform.reports.style import DARK, LIGHT


def table(ks: tuple[int, ...], *, width: float = 1.0) -> pd.DataFrame:
    rows = [
        {"k": k, "approach": name, "rmse_clipped": score / k, "low": score / k - width,
         "high": score / k + width}
        for k in ks
        for name, score in (("chosen", 60.0), ("zero-shot", 62.0), ("boosting", 90.0))
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_same_study_gives_the_same_picture(theme):
    first, again = (rmse_by_k(table((5, 10, 20)), theme) for _ in range(2))
    assert first == again
    assert Image.open(BytesIO(first)).size[0] > 1000


def test_another_figure_is_another_picture():
    assert rmse_by_k(table((5, 10))) != rmse_by_k(table((5, 20)))
    assert rmse_by_k(table((5, 10))) != rmse_by_k(table((5, 10), width=2.0))


def test_one_k_without_an_interval_can_be_drawn():
    assert rmse_by_k(table((5,), width=float("nan"))).startswith(b"\x89PNG")


def test_every_approach_has_a_line_of_its_own():
    rows = [
        {"k": k, "approach": name, "rmse_clipped": 10.0 + place, "low": 9.0, "high": 11.0}
        for k in (5, 10)
        for place, name in enumerate(("chosen", *APPROACHES))
    ]
    assert rmse_by_k(pd.DataFrame(rows)).startswith(b"\x89PNG")
    assert len(set(MARKERS)) == len(MARKERS) > len(APPROACHES)
