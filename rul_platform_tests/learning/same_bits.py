"""Train one of everything for a moment and print the hash of what came out.

Started in processes of its own: ``python -m rul_platform_tests.learning.same_bits``.
"""

import json
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from rul_platform.core.architectures import ARCHITECTURES, architecture
from rul_platform.core.canonical import sha256
from rul_platform.core.folds import assign_folds
from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.learning.fitting import full_history, training
from rul_platform.learning.networks import checkpoints, models
from rul_platform.learning.trained.boosting import fit_boosting
from rul_platform.learning.trained.ensemble import fit_ensemble
from rul_platform.learning.trained.ensemble_recipe import EnsembleRecipe
from rul_platform.learning.transfer.finetuning import FinetuneConfig, finetune, transfer
from rul_platform_tests.fleets import wearing_fleet

CAP = 40.0
CONFIG = FitConfig(seed=7, steps=6, batch_size=32, validate_every=3, device="cpu")
CHANNELS = ("s0", "s1", "s0_dev", "s1_dev", "age")


def plant() -> Windows:
    """Six machines, windows of eight readings."""
    fleet = wearing_fleet({f"u{unit}": 40 + 3 * unit for unit in range(6)})
    roles = {unit: "valid" if unit == "u5" else "train" for unit in fleet.units["unit"]}
    training_units = fleet.take([unit for unit, role in roles.items() if role == "train"])
    preparation = Preparation.fit(
        training_units, fleet.sensors, window=8, cap=CAP, life_unit="cycles"
    )
    assert preparation.channels == CHANNELS
    return preparation.windows(fleet, pd.Series(roles))


def weights(network: models.RulNetwork) -> str:
    """Of every weight, by name."""
    state = sorted(network.state_dict().items())
    return sha256(b"".join(name.encode() + tensor.numpy().tobytes() for name, tensor in state))


def of_architecture(name: str, windows: Windows) -> models.RulNetwork:
    """One network, trained on the training units."""
    config = models.default_config(architecture(name), len(CHANNELS), hidden_size=8)
    network = models.build(config, seed=7)
    training.fit(network, windows.select("train"), windows.select("valid"), CONFIG, cap=CAP)
    return network


def of_finetuning(windows: Windows) -> str:
    """An LSTM that goes on from another one, with a channel of its own."""
    config = models.default_config("lstm", len(CHANNELS), hidden_size=8)
    start = checkpoints.dump(of_architecture("lstm", windows), config, ("s9", *CHANNELS[1:]))
    parent = checkpoints.load(start, source="here")
    network, _, report = transfer(parent, CHANNELS, seed=7)
    how = FinetuneConfig(fit=CONFIG, freeze="encoder_at_first")
    train, valid = windows.select("train"), windows.select("valid")
    finetune(network, train, valid, how, cap=CAP, own_input=report.has_own_input)
    return weights(network)


def of_histories(windows: Windows) -> str:
    """A network over whole histories."""
    config = models.ModelConfig(
        name="lstm", input_size=len(CHANNELS), hidden_size=8, num_layers=2, reads="history"
    )
    network = models.build(config, seed=7)
    fit = FitConfig(seed=7, steps=4, batch_size=2, early_stopping=False)
    full_history.fit_histories(network, windows.select("train"), fit, cap=CAP)
    return weights(network)


def of_boosting(windows: Windows) -> str:
    """The graph of a fit: trees have no weights."""
    fitted = fit_boosting(windows.select("train"), cap=CAP, seed=7)
    return sha256(fitted.graph(channels=len(CHANNELS)))


def of_ensemble(windows: Windows) -> str:
    """The graph that would serve, and the errors that its interval rests on."""
    folds = assign_folds(windows.units().tolist(), seed=0, source="here", count=2)
    recipe = EnsembleRecipe(hidden_size=8, num_layers=1, steps=3, batch_size=2, boosting_window=8)
    made = fit_ensemble(
        windows, recipe, channels=CHANNELS, cap=CAP, folds=folds, seed=7, device="cpu"
    )
    errors = made.out_of_fold["predicted"].to_numpy(dtype=np.float64).tobytes()
    return sha256(made.model.graph(channels=len(CHANNELS)) + errors)


def fingerprints() -> dict[str, str]:
    """Hash of each by its name."""
    windows = plant()
    kinds: Mapping[str, Callable[[Windows], str]] = {
        "fine-tuning": of_finetuning,
        "full history": of_histories,
        "boosting": of_boosting,
        "ensemble": of_ensemble,
    }
    trained = {name: weights(of_architecture(name, windows)) for name in ARCHITECTURES}
    return trained | {name: of(windows) for name, of in kinds.items()}


if __name__ == "__main__":
    print(json.dumps(fingerprints()))  # noqa: T201
