"""What a plant's candidate tells the UI: which approach was chosen, and how its trainings went.

Belongs here: putting a choice into Dagster's metadata types. Does not belong here: choosing
(``core.selection``), what other assets tell (``report``).
"""

from typing import TYPE_CHECKING, Any

import dagster as dg
import numpy as np
import pandas as pd

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.core.selection import Choice

Metadata = dict[str, Any]


def choice(made: "Choice", *, life_unit: str) -> Metadata:
    """Which approach was chosen and why, what the others came to, whether pretraining helps here."""
    rows = [
        dg.TableRecord({str(name): _shown(value) for name, value in row.items()})
        for row in made.table.to_dict(orient="records")
    ]
    errors = made.table.set_index("approach")["rmse"].to_dict()
    return {
        "approach": made.name,
        "why": dg.MetadataValue.md("\n".join(f"- {reason}" for reason in made.reasons)),
        "transfer_verdict": made.verdict.sentence(life_unit),
        f"out_of_fold_rmse_{life_unit}": float(errors[made.name]),
        "cpu_seconds": float(made.table["cpu_seconds"].sum()),
        "approaches": dg.MetadataValue.table(rows),
    }


def mean_history(history: pd.DataFrame) -> pd.DataFrame | None:
    """Trainings of several folds as one curve, step by step; None where nothing trained in steps."""
    if history.empty:
        return None
    return history.drop(columns="fold").groupby("step", as_index=False).mean()


def trainings(history: pd.DataFrame, gradients: pd.DataFrame, *, life_unit: str) -> Metadata:
    """How the networks of the folds learned, on the mean: numbers, a curve, gradients by layer.

    The units of its own fold were watched beside each of them, and changed nothing.
    """
    from rul_platform.learning.fitting.gradients import worst
    from rul_platform.reports.fleet_plots import training_curve
    from rul_platform.reports.plots import markdown_image
    from rul_platform.reports.training_plots import gradient_norms

    mean = mean_history(history)
    if mean is None:
        return {}
    last = mean.iloc[-1]
    told: Metadata = {"steps": int(last["step"]), "train_loss": float(last["train_loss"])}
    if np.isfinite(last["valid_rmse"]):
        curve = training_curve(mean, life_unit)
        told[f"valid_rmse_{life_unit}"] = float(last["valid_rmse"])
        told["history"] = dg.MetadataValue.md(markdown_image(curve, "Trainings of the folds, mean"))
    if gradients.empty:
        return told
    by_layer = gradients.groupby(["layer", "step"], sort=False, as_index=False).agg(
        {"norm": "mean"}
    )
    plot = markdown_image(gradient_norms(by_layer), "Gradients by layer, mean of the folds")
    return told | worst(gradients) | {"gradients": dg.MetadataValue.md(plot)}


def _shown(value: Any) -> str | float:
    """A cell of a table, rounded for reading; text where a number is not known."""
    if isinstance(value, str):
        return value
    return float(f"{value:.4g}") if np.isfinite(value) else "unknown"
