"""The network of a drill, which learned for a moment: ``python -m rul_platform.drill.network FOLDER``.

Belongs here: training it, in a process of its own, since torch brings threads. Does not belong here:
what it learns from (``plants``).
"""

import sys
from pathlib import Path

import pandas as pd

from rul_platform.core.calibration import Calibration
from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.drill.plants import CAP_HOURS, LIVES_HOURS, fleet, unit_name
from rul_platform.learning.fitting import training
from rul_platform.learning.networks import models
from rul_platform.learning.trained import packaging
from rul_platform.learning.trained.learned import NetworkModel, predictions


def trained() -> dict[str, bytes]:
    """Its files."""
    presses = fleet()
    last = len(LIVES_HOURS) - 1
    roles = pd.Series({unit_name(n): "valid" if n == last else "train" for n in range(last + 1)})
    preparation = Preparation.fit(
        presses, presses.sensors, window=8, cap=CAP_HOURS, life_unit="hours"
    )
    windows = preparation.windows(presses, roles)
    config = models.default_config("gru", len(preparation.channels), hidden_size=8)
    network, valid = models.build(config, seed=0), windows.select("valid")
    recipe = FitConfig(seed=0, steps=30, validate_every=10)
    training.fit(network, windows.select("train"), valid, recipe, cap=CAP_HOURS)
    model = NetworkModel(network, config, preparation.channels, preparation.window)
    said = predictions(model, valid, cap=CAP_HOURS)
    interval = Calibration.from_errors(valid.units(), said, valid.rul(), cap=CAP_HOURS).to_json()
    return packaging.package(model, preparation, windows=windows, interval=interval, facts={})


def main(folder: Path) -> None:
    """Write the files into a new folder."""
    folder.mkdir()
    for name, data in trained().items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
