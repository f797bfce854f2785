"""A plant and the source units that it may inherit from, small enough for a few steps."""

from dataclasses import replace

import pandas as pd

from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.learning.networks.checkpoints import Checkpoint
from rul_platform.learning.networks.models import build, default_config
from rul_platform.learning.transfer.approaches import Setting
from rul_platform.learning.transfer.finetuning import FinetuneConfig
from rul_platform_tests.fleets import wearing_fleet

CAP = 40.0


def plant_windows(units: int, *, prefix: str = "u", seed: int = 0) -> tuple[Preparation, Windows]:
    """Machines that ran to failure, windows of eight readings, five channels."""
    fleet = wearing_fleet({f"{prefix}{n}": 40 + 5 * n for n in range(units)}, seed=seed)
    preparation = Preparation.fit(fleet, fleet.sensors, window=8, cap=CAP, life_unit="cycles")
    return preparation, preparation.windows(
        fleet, pd.Series(dict.fromkeys(fleet.units["unit"], "train"))
    )


def checkpoint(channels: tuple[str, ...], *, seed: int = 3) -> Checkpoint:
    """A network of six hidden units."""
    config = default_config("gru", len(channels), hidden_size=6)
    return Checkpoint(config, channels, build(config, seed=seed).state_dict())


def setting(
    preparation: Preparation, *, steps: int = 4, source: Windows | None = None, **more: object
) -> Setting:
    """What approaches share, with a checkpoint that knows the plant's channels."""
    fit = FitConfig(seed=0, steps=steps, batch_size=16, early_stopping=False)
    given = {"checkpoint": checkpoint(preparation.channels), "source": source, **more}
    return Setting(
        channels=preparation.channels,
        window=preparation.window,
        cap=CAP,
        config=FinetuneConfig(fit=fit, freeze="nothing"),
        **given,
    )


def ruined(given: Setting) -> Setting:
    """The same, with a rate at which every network that goes on from another one diverges."""
    fit = replace(given.config.fit, learning_rate=1e25, clip_norm=1e9, schedule="constant")
    return replace(given, config=replace(given.config, fit=fit))
