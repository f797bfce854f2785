"""A trained network as the files of an artifact: weights, ONNX, card and training history.

The card is plain JSON and says everything that is needed to answer a prediction without torch, and
everything that an auditor asks first.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rul_platform.core import splits
from rul_platform.core.canonical import canonical_json
from rul_platform.core.intervals import DEFAULT_LEVEL, half_width
from rul_platform.core.parquet import to_parquet
from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows, even_cuts
from rul_platform.learning import checkpoints, export
from rul_platform.learning.models import ModelConfig, RulNetwork
from rul_platform.learning.training import VALIDATION_CUTS, FitResult, predict


def package(
    network: RulNetwork,
    config: ModelConfig,
    preparation: Preparation,
    *,
    windows: Windows,
    fitted: FitResult,
    facts: Mapping[str, Any],
) -> dict[str, bytes]:
    """The files of a model, by name.

    Args:
        network: Trained.
        config: What it was built from.
        preparation: What its input was made with.
        windows: All windows, of which the validation units calibrate the interval.
        fitted: What training did.
        facts: Goes onto the card as it is.
    """
    valid = windows.select(splits.VALID)
    card = {
        **facts,
        "architecture": config.name,
        "network": config.to_json(),
        "preparation": preparation.to_json(),
        "interval": calibrate(network, valid, cap=preparation.cap),
        "units": {
            role: sorted(set(windows.select(role).units().tolist()))
            for role in (splits.TRAIN, splits.VALID)
        },
        "valid_rmse": fitted.best_valid_rmse,
        "best_step": fitted.best_step,
    }
    onnx = export.to_onnx(network, window=preparation.window, channels=len(preparation.channels))
    return {
        "checkpoint.pt": checkpoints.dump(network, config, preparation.channels),
        "model.onnx": onnx,
        "card.json": canonical_json(card),
        "history.parquet": to_parquet(fitted.history),
    }


def calibrate(
    network: RulNetwork, valid: Windows, *, cap: float, level: float = DEFAULT_LEVEL
) -> dict[str, float | int]:
    """The prediction interval that the validation units support, in life units."""
    cuts = even_cuts(valid, VALIDATION_CUTS)
    error = predict(network, cuts, cap) - np.minimum(cuts.rul(), cap)
    units = cuts.units()
    return {
        "level": level,
        "half_width": half_width(units, error, level=level),
        "units": len(np.unique(units)),
    }
