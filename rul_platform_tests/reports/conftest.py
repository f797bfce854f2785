"""Two evaluations to report on.

A plant with several cuts per unit, and predictions at all readings; a test set with one row each.
"""

import numpy as np
import pandas as pd
import pytest

from rul_platform.core.evaluation import Evaluation, evaluate
from rul_platform.core.predicted_lives import PredictedLives
from rul_platform.core.predicted_units import PredictedUnits
from rul_platform.reports.html import render_report

CAP, CUTS = 200.0, 12


def whole_lives(ends: np.ndarray, rng: np.random.Generator) -> PredictedLives:
    """A reading every two seconds, up to the failure at ``ends``."""
    units = [f"F{number:02d}" for number in range(1, len(ends) + 1)]
    readings = (ends // 2).astype(int)
    life = np.concatenate(
        [end - 2.0 * np.arange(n)[::-1] for end, n in zip(ends, readings, strict=True)]
    )
    truth = np.maximum(np.repeat(ends, readings) - life, 0)
    offset = np.repeat(rng.normal(0, 9, len(ends)), readings)
    predicted = np.clip(np.minimum(truth, CAP) + offset + rng.normal(0, 4, life.size), 0, CAP)
    return PredictedLives(
        unit_ids=np.repeat(units, readings),
        life=life,
        truth=truth,
        predicted=predicted,
        interval_low=np.maximum(predicted - 18, 0),
        readings=dict(zip(units, readings.tolist(), strict=True)),
    )


def predicted_plant() -> PredictedUnits:
    """Fourteen units, scored at twelve points of their life each; the errors of a unit go together."""
    rng = np.random.default_rng(3)
    ends = rng.uniform(150, 420, 14)
    life = np.concatenate([np.linspace(20, end, CUTS) for end in ends])
    truth = np.repeat(ends, CUTS) - life
    clipped, offset = np.minimum(truth, CAP), np.repeat(rng.normal(0, 9, 14), CUTS)

    def model(bias: float, share: float, noise: float) -> np.ndarray:
        errors = bias + share * offset + rng.normal(0, noise, life.size)
        return np.clip(clipped + errors, 0, CAP)

    ours = model(0, 1.0, 4)
    return PredictedUnits(
        title="Filters",
        life_unit="seconds",
        cap=CAP,
        unit_ids=np.repeat([f"F{number:02d}" for number in range(1, 15)], CUTS),
        life=life,
        truth=truth,
        predictions={
            "fine-tuned": ours, "zero-shot": model(30, 1.5, 20), "from scratch": model(0, 1.1, 5),
            "boosting": model(2, 1.2, 9), "constant": np.full(life.size, 110.0),
        },
        main="fine-tuned",
        interval_low=np.maximum(ours - 18, 0),
        interval_high=np.minimum(ours + 18, CAP),
        cpu_seconds={"fine-tuned": 12.4, "boosting": 1.7},
        history=pd.DataFrame(
            {"step": [0, 50, 100], "train_loss": [1.0, 0.3, 0.2], "valid_rmse": [60.0, np.nan, 18.0]}
        ),
        facts={"model sha256": "9f2c8e4b" * 8, "seed": 7, "learning rate": 0.005},
        notes=("Every unit was predicted by a model that had not seen it.",),
        approaches=pd.DataFrame(
            {
                "approach": ["zero-shot", "from scratch", "source replay"],
                "rmse": [31.0, 19.5, 16.25], "low": [24.0, 15.0, -np.inf],
                "high": [38.0, 24.0, np.inf], "chance_of_harm": [np.nan, np.nan, 0.04],
                "cpu_seconds": [0.0, 11.0, 14.5],
                "outcome": ["too risky: worse than from scratch", "not the best", "chosen"],
            }
        ),
        transfer_verdict="Pretraining helps here: RMSE is 3.25 seconds lower.",
        lives=whole_lives(ends, np.random.default_rng(4)),
        attributions=pd.DataFrame(
            {"sensor": ["s2", "pressure <b>"], "share": [0.3, 0.7], "direction": [np.nan, -0.8]}
        ),
    )  # fmt: skip


@pytest.fixture(scope="session")
def plant() -> Evaluation:
    """Everything that a report can show."""
    return evaluate(predicted_plant(), seed=0, resamples=500)


@pytest.fixture(scope="session")
def plant_report(plant: Evaluation) -> bytes:
    """Its report; drawing twenty pictures takes a while, so once for all tests."""
    return render_report(plant)


@pytest.fixture(scope="session")
def benchmark() -> Evaluation:
    """The least that a report can show: one row per unit, one rival, no interval, no history."""
    rng = np.random.default_rng(1)
    truth = np.round(rng.uniform(7, 145, 40))
    return evaluate(
        PredictedUnits(
            title="C-MAPSS SIM", life_unit="cycles", cap=125.0, main="lstm", simulated=True,
            unit_ids=np.arange(1, 41).astype(str), life=np.round(rng.uniform(31, 300, 40)),
            truth=truth,
            predictions={
                "lstm": np.minimum(truth, 125) + rng.normal(0, 9, 40), "constant": np.full(40, 75.0),
            },
        ),
        seed=0,
        resamples=200,
    )  # fmt: skip
