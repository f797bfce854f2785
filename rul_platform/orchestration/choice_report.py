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


def trainings(history: pd.DataFrame) -> Metadata:
    """How far the networks of the folds came, as numbers; no unit was watched beside them."""
    mean = mean_history(history)
    if mean is None:
        return {}
    losses = mean["train_loss"].to_numpy(dtype=float)
    return {"steps": int(mean["step"].max()), "train_loss": float(losses[-1])}


def _shown(value: Any) -> str | float:
    """A cell of a table, rounded for reading; text where a number is not known."""
    if isinstance(value, str):
        return value
    return float(f"{value:.4g}") if np.isfinite(value) else "unknown"
