"""A trained model as the files of an artifact: graph, card, networks, tables.

The card is plain JSON and says everything that is needed to answer a prediction without torch, and
everything that an auditor asks first.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import pandas as pd

from rul_platform.core import splits
from rul_platform.core.artifact_files import CARD_FILE, MODEL_FILE
from rul_platform.core.canonical import canonical_json
from rul_platform.core.parquet import to_parquet
from rul_platform.core.preparation import DEFAULT_WINDOW, Preparation
from rul_platform.core.terms import terms_of
from rul_platform.core.windows import Windows
from rul_platform.learning.networks import checkpoints
from rul_platform.learning.trained.fidelity import fidelity
from rul_platform.learning.trained.learned import Learned, MeanModel, NetworkModel
from rul_platform.learning.trained.stored_models import SHARES, shares_of

ENOUGH_READINGS = DEFAULT_WINDOW
"""Networks that read whole histories, and boosting, count on so many readings, as many as the others
look at; to answer, one is enough."""


def package(
    model: Learned,
    preparation: Preparation,
    *,
    windows: Windows,
    interval: Mapping[str, Any],
    facts: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> dict[str, bytes]:
    """The files of a model, by name.

    Args:
        model: Trained.
        preparation: What its input was made with; the card says its ``window`` as the model's own.
        windows: On every one of them the graph is compared with the model. They are as long as the
            model's window.
        interval: Where predictions may lie, as plain values.
        facts: Goes onto the card as it is. Without ``units`` among them, the card names the training
            and validation units of ``windows``.
        tables: Each is stored as ``<name>.parquet``.

    Raises:
        FidelityError: The graph does not say what the model says.
    """
    graph = model.graph(channels=len(preparation.channels))
    terms = terms_of(preparation)
    networks = [checkpoints.on_terms(data, terms) for data in model.checkpoints()]
    card = {
        "units": _units(windows),
        **facts,
        "architecture": model.architecture,
        "preparation": replace(preparation, window=model.window).to_json(),
        "short_below": _short_below(model),
        "interval": dict(interval),
        SHARES: [share for share, _ in shares_of(model)],
        "onnx": asdict(fidelity(model, graph, windows)),
    }
    names = ["checkpoint.pt"]
    if len(networks) > 1:
        names = [f"checkpoint_{at}.pt" for at in range(len(networks))]
    return {
        MODEL_FILE: graph,
        CARD_FILE: canonical_json(card),
        **dict(zip(names, networks, strict=False)),
        **{f"{name}.parquet": to_parquet(table) for name, table in (tables or {}).items()},
    }


def _short_below(model: Learned) -> int:
    """With fewer readings an answer is warned of; of several models, the least that any asks for."""
    if isinstance(model, MeanModel):
        return min(_short_below(member) for member in model.members)
    is_usual = isinstance(model, NetworkModel) and model.config.reads == "window"
    return model.window if is_usual else min(ENOUGH_READINGS, model.window)


def _units(windows: Windows) -> dict[str, list[str]]:
    """Who taught, by role."""
    return {
        role: sorted(set(windows.select(role).units().tolist()))
        for role in (splits.TRAIN, splits.VALID)
    }
