"""What others published on C-MAPSS: figures to compare a benchmark with.

RMSE in cycles on the official test sets, truth limited to 125 cycles unless said. Most are claims of the
authors about their best of several runs; some could not be reproduced, which their note says.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rul_platform.core.subsets import SUBSETS


@dataclass(frozen=True, slots=True)
class Anchor:
    """A published result.

    Attributes:
        name: Method, authors and year.
        rmse: Of each subset.
        note: What to know before comparing.
    """

    name: str
    rmse: Mapping[str, float]
    note: str


def _anchor(name: str, figures: tuple[float, float, float, float], note: str) -> Anchor:
    return Anchor(name, dict(zip(SUBSETS, figures, strict=True)), note)


ANCHORS = (
    _anchor("DCNN, Li et al. 2018", (12.61, 22.36, 12.64, 23.31), "truth not limited"),
    _anchor("RVE, Costa and Sanchez 2022", (13.42, 14.92, 12.51, 16.37), "as published"),
    _anchor("FFVE 2024", (12.31, 12.55, 12.43, 14.08), "corrected; clean code, mean of 5 runs"),
    _anchor("STAR 2024", (10.61, 13.47, 10.71, 15.87), "claimed, not reproduced"),
    _anchor("ICL4RUL 2025", (10.26, 14.21, 10.11, 16.38), "claimed"),
    _anchor(
        "SBi-Transformer 2026",
        (11.37, 12.05, 11.13, 11.18),
        "claimed; others reproduced it with 14.26, 17.12, 13.80 and 18.92",
    ),
)
"""DCNN: X. Li, Q. Ding, J.-Q. Sun, "Remaining useful life estimation in prognostics using deep
convolution neural networks", Reliability Engineering and System Safety 172, 2018. RVE: N. Costa, L.
Sanchez, "Variational encoding approach for interpretable assessment of remaining useful life
estimation", Reliability Engineering and System Safety 222, 2022. The others are named as their authors
name them."""
