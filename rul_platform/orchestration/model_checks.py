"""What must hold of a model and of its training: the diagnosis and the model doctor, as checks.

Belongs here: turning findings into what the UI shows. Does not belong here: the rules that find them
(``core.diagnosis``, ``learning.inspection.doctor``).
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd

from rul_platform.core.diagnosis import diagnose
from rul_platform.core.findings import LEFT_OF_LOSS, Finding, worst
from rul_platform.core.gate import Verdict
from rul_platform.core.metrics import unit_weights
from rul_platform.orchestration.partitioned_checks import (
    Context,
    checked,
    partitioned_check,
)
from rul_platform.orchestration.partitions import ARCHITECTURE, PLANT
from rul_platform.orchestration.step import Files
from rul_platform.orchestration.stored_models import stored_model, taught
from rul_platform.storage.home import Home

GRADIENTS = "gradients.parquet"

SURE = 1.96
"""Standard deviations of a count that chance alone hardly exceeds: one time in twenty."""


@partitioned_check("pretrained_checkpoint", ARCHITECTURE, blocking=False)
def pretraining_is_healthy(context: Context, home: Home) -> dg.AssetCheckResult:
    """The curves of the training show neither overfitting nor divergence. Warns, does not block."""
    _, files = checked(context, home, "pretrained_checkpoint")
    card = json.loads(files.read("card.json"))
    return told(_diagnosed(files, card, float(card["cap"])))


@partitioned_check("finetuned_model", PLANT, blocking=False)
def training_is_healthy(context: Context, home: Home) -> dg.AssetCheckResult:
    """Curves and gradients of each fold's training show nothing wrong, as far as they go. Warns only."""
    _, files = checked(context, home, "finetuned_model")
    card = json.loads(files.read("card.json"))
    return told(_diagnosed(files, card, float(card["preparation"]["cap"])))


@partitioned_check("finetuned_model", PLANT, blocking=True)
def learns_one_batch(context: Context, home: Home) -> dg.AssetCheckResult:
    """Everything that the model is made of, made anew, learns 32 windows by heart."""
    from rul_platform.learning.inspection.sanity import loss_left

    _, files = checked(context, home, "finetuned_model")
    windows = taught(home, files).exact()
    cap = float(json.loads(files.read("card.json"))["preparation"]["cap"])
    left = loss_left(stored_model(files), windows, cap=cap, seed=0)
    shown = ", ".join(f"{part} {loss:.2%}" for part, loss in left.items())
    return dg.AssetCheckResult(
        passed=all(loss <= LEFT_OF_LOSS for loss in left.values()),
        description=f"Of the loss is left: {shown}; at most {LEFT_OF_LOSS:.0%} is allowed.",
        metadata={f"loss_left_{part}": loss for part, loss in left.items()},
    )


@partitioned_check("finetuned_model", PLANT, blocking=True)
def model_is_sound(context: Context, home: Home) -> dg.AssetCheckResult:
    """Weights and answers are numbers, and the answers differ. Dead units and the like only warn."""
    from rul_platform.learning.inspection.doctor import examine

    _, files = checked(context, home, "finetuned_model")
    model = stored_model(files)
    preparation = model.preparation
    seen = examine(model, taught(home, files), preparation.channels, cap=preparation.cap)
    numbers = {"parameters": seen.parameters, "parts": len(seen.parts)}
    return told(seen.findings, numbers)


@partitioned_check("finetuned_model", PLANT, blocking=True)
def onnx_is_faithful(context: Context, home: Home) -> dg.AssetCheckResult:
    """The graph that would serve says what was trained, on every window of the plant."""
    from rul_platform.learning.trained.fidelity import TOLERANCE

    _, files = checked(context, home, "finetuned_model")
    compared = json.loads(files.read("card.json"))["onnx"]
    off, windows = float(compared["largest_difference"]), int(compared["windows"])
    return dg.AssetCheckResult(
        passed=windows > 0 and off <= TOLERANCE,
        description=f"At most {off:.1e} of the cap apart on {windows} windows, {TOLERANCE:g} allowed.",
        metadata={"largest_difference": off, "windows": windows},
    )


@partitioned_check("evaluation_report", PLANT, blocking=False)
def interval_covers(context: Context, home: Home) -> dg.AssetCheckResult:
    """As many truths lie in their intervals as promised, as far as so few machines can tell. Warns."""
    _, files = checked(context, home, "evaluation_report")
    evidence = Verdict.from_json(json.loads(files.read("gate.json"))).evidence
    model = home.store.artifact(evidence.candidate)
    card = json.loads(home.store.read(model, "card.json"))
    cap, level = float(card["preparation"]["cap"]), float(card["interval"]["level"])
    return covered(files.table("predictions.parquet"), cap=cap, level=level)


def covered(predictions: pd.DataFrame, *, cap: float, level: float) -> dg.AssetCheckResult:
    """Whether the coverage of intervals is within chance of its level, each unit counting once.

    Rows of one machine err together, so the machines are what chance draws: a share of U of them is off
    by up to 1.96 sqrt(level (1 - level) / U), one time in twenty by more.

    Args:
        predictions: Columns ``unit``, ``truth``, ``interval_low``, ``interval_high``.
        cap: Truths are limited to it, as the intervals are.
        level: Promised coverage.
    """
    units = predictions["unit"].nunique()
    if not {"interval_low", "interval_high"} <= set(predictions) or units == 0:
        return dg.AssetCheckResult(passed=True, description="The predictions have no interval.")
    truth = predictions["truth"].clip(upper=cap)
    inside = truth.between(predictions["interval_low"], predictions["interval_high"])
    weights = unit_weights(predictions["unit"].to_numpy(dtype=str))
    share = float(np.average(inside, weights=weights))
    reach = SURE * math.sqrt(level * (1 - level) / units)
    return dg.AssetCheckResult(
        passed=abs(share - level) <= reach,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{share:.1%} of the truths lie in their intervals, {level:.0%} are promised; with "
        f"{units} machines chance explains {reach:.1%} either way.",
        metadata={"coverage": share, "level": level, "reach": reach, "units": units},
    )


def _diagnosed(files: Files, card: Mapping[str, Any], cap: float) -> Iterator[Finding]:
    """What is stored of a training, as far as it is stored: older models have no gradients."""
    has_gradients = GRADIENTS in files.artifact.files
    return diagnosed(
        files.table("history.parquet"),
        cap,
        gradients=files.table(GRADIENTS) if has_gradients else None,
        is_squared=card["training"].get("loss", "mse") == "mse",
    )


def diagnosed(
    history: pd.DataFrame,
    cap: float,
    *,
    gradients: pd.DataFrame | None = None,
    is_squared: bool = True,
) -> Iterator[Finding]:
    """What each training's curves say; of several folds with the fold's number.

    Args:
        history: Of one training, or of several with a column ``fold``.
        cap: Label cap, in life units.
        gradients: Columns ``layer`` and ``norm``, with ``fold`` where ``history`` has it.
        is_squared: The training loss is a mean squared error in units of the cap.
    """
    every = None if gradients is None or gradients.empty else gradients
    if "fold" not in history:
        yield from diagnose(history, cap=cap, gradients=every, is_squared=is_squared)
    else:
        for fold, rows in history.groupby("fold", sort=True):
            own = None if every is None or "fold" not in every else every[every["fold"] == fold]
            for finding in diagnose(rows, cap=cap, gradients=own, is_squared=is_squared):
                yield replace(finding, what=f"fold {fold}: {finding.what}")


def told(
    findings: Iterable[Finding], numbers: Mapping[str, float | int] | None = None
) -> dg.AssetCheckResult:
    """Findings as a result: warnings and errors fail it, with what to do."""
    found = tuple(findings)
    grave = [each for each in found if each.severity in ("warning", "error")]
    counts = Counter(each.kind for each in found)
    is_error = worst(found) == "error"
    said = "\n".join(f"- {each.what}. {each.remedy}".rstrip() for each in grave or found)
    return dg.AssetCheckResult(
        passed=not grave,
        severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        description=said or "Nothing was trained in steps.",
        metadata={**(numbers or {}), **counts},
    )


MODEL_CHECKS = [
    pretraining_is_healthy,
    training_is_healthy,
    learns_one_batch,
    model_is_sound,
    onnx_is_faithful,
    interval_covers,
]
