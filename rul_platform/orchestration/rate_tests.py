"""A range test of the learning rate, as an asset and a command show it.

Belongs here: the plot, the table and the words of one test. Does not belong here: the sweep
(``learning.fitting.rate_finder``).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from rul_platform.core import splits
from rul_platform.core.architectures import architecture
from rul_platform.core.canonical import canonical_json
from rul_platform.core.parquet import to_parquet
from rul_platform.core.recipe import FitConfig, Schedule
from rul_platform.core.subsets import SIMULATED, SUBSETS
from rul_platform.core.windows import Windows
from rul_platform.orchestration.step import current
from rul_platform.orchestration.stored_windows import (
    cmapss_training,
    plant_windows,
    preparation_of,
)
from rul_platform.storage.home import Home

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.learning.fitting.rate_finder import RateSweep
    from rul_platform.learning.networks.models import RulNetwork


@dataclass(frozen=True, slots=True)
class RateTest:
    """What a range test found.

    Attributes:
        sweep: Rates and losses, and the suggestions.
    """

    sweep: "RateSweep"

    @property
    def steepest(self) -> float:
        """The rate at which the loss fell most steeply: one that stays constant may be so high."""
        return self.sweep.suggestion

    @property
    def peak(self) -> float:
        """The highest rate of a one-cycle schedule."""
        return self.sweep.peak

    def rate_for(self, schedule: Schedule) -> float:
        """The highest rate to train with: all schedules but one-cycle begin with it or stay at it."""
        return self.peak if schedule == "one_cycle" else self.steepest

    @property
    def sentence(self) -> str:
        """Both suggestions in words."""
        why = (
            "a tenth of where the loss broke"
            if self.sweep.has_diverged
            else "ten times that, as the loss never broke"
        )
        return f"{self.sweep.sentence} For the peak of a one-cycle schedule take {self.peak:.2g}: {why}."

    @property
    def card(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "rate_test": {
                "steepest": self.steepest,
                "peak": self.peak,
                "has_diverged": self.sweep.has_diverged,
                "sentence": self.sentence,
            }
        }

    @property
    def plot(self) -> bytes:
        """The loss over the rate; PNG."""
        from rul_platform.reports.search_plots import rate_sweep

        return rate_sweep(self.sweep.table, self.steepest, peak=self.peak)

    @property
    def files(self) -> dict[str, bytes]:
        """The plot, the table, and the plain values."""
        return {
            "rate_test.json": canonical_json(self.card["rate_test"]),
            "rate_sweep.png": self.plot,
            "rate_sweep.parquet": to_parquet(self.sweep.table),
        }

    @property
    def metadata(self) -> dict[str, Any]:
        """What the UI shows."""
        from rul_platform.reports.plots import markdown_image

        shown = markdown_image(self.plot, self.sentence)
        return {
            "steepest_rate": self.steepest,
            "peak_rate": self.peak,
            "rate_sweep": dg.MetadataValue.md(shown),
        }


def rate_test(network: "RulNetwork", train: Windows, fit: FitConfig, *, cap: float) -> RateTest:
    """Sweep the rate on training windows, by the squared error; the network stays as it is.

    Raises:
        TooFewUnitsError: There is nothing to train on.
    """
    from rul_platform.learning.fitting.rate_finder import find_rate

    return RateTest(find_rate(network, train, fit, cap=cap))


def rate_test_of(home: Home, name: str, *, family: str, seed: int) -> RateTest:
    """The same of a C-MAPSS subset or a plant whose windows are made, with a new network.

    Raises:
        NotMaterializedError: They are not.
        TooFewUnitsError: There is nothing to train on.
    """
    from rul_platform.learning.networks import models

    if name in (*SUBSETS, SIMULATED):
        stored = current(home, "cmapss_windows", name)
        windows = cmapss_training(stored)
    else:
        stored = current(home, "plant_windows", name)
        windows = plant_windows(stored)
    preparation = preparation_of(stored)
    config = models.default_config(architecture(family), len(preparation.channels))
    network = models.build(config, seed=seed)
    train = windows.select(splits.TRAIN)
    return rate_test(network, train, FitConfig(seed=seed), cap=preparation.cap)
