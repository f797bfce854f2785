"""Curves that can be read by eye; the cap is 100, so an RMSE of 20 is a loss of 0.04."""

import math

import pandas as pd
import pytest

from rul_platform.core.diagnosis import diagnose
from rul_platform.core.findings import Finding, worst

CAP = 100.0


def curves(train: list[float], rmse: list[float]) -> pd.DataFrame:
    """Validations every ten steps; the first before any training."""
    steps = [10 * row for row in range(len(rmse))]
    rates = [0.0] + [0.005] * (len(rmse) - 1)
    return pd.DataFrame(
        {"step": steps, "train_loss": train, "valid_rmse": rmse, "learning_rate": rates}
    )


NOT_YET = math.nan
HEALTHY = curves([NOT_YET, 0.06, 0.03, 0.02], [40, 25, 20, 18])


def kinds(history: pd.DataFrame, **more: object) -> list[str]:
    return [each.kind for each in diagnose(history, cap=CAP, **more)]  # type: ignore[arg-type]


def only(history: pd.DataFrame) -> Finding:
    (found,) = diagnose(history, cap=CAP)
    return found


def test_a_fall_of_both_curves_is_healthy():
    found = only(HEALTHY)
    assert (found.kind, found.severity, found.remedy) == ("healthy", "good", "")
    assert "from 0.16 to 0.032" in found.what  # 40 and 18 of 100, squared


def test_half_of_the_validation_loss_may_be_missing_in_training_and_no_more():
    """At 20 of 100 the validation loss is 0.04; half of it is 0.02."""
    just = curves([NOT_YET, 0.06, 0.0201], [40, 25, 20])
    over = curves([NOT_YET, 0.06, 0.01], [40, 25, 20])
    assert kinds(just) == ["healthy"]
    found = only(over)
    assert found.kind == "overfitting"
    assert found.numbers == pytest.approx({"gap": 0.75, "train_loss": 0.01, "valid_loss": 0.04})
    assert "its loss is 0.01 in training, 0.04 in validation" in found.what
    assert "more units" in found.remedy


def test_the_gap_is_judged_where_it_validated_best_not_at_the_end():
    """The last row has a gap of 85 %, but its weights were not kept."""
    assert kinds(curves([NOT_YET, 0.03, 0.025, 0.007], [40, 25, 20, 22])) == ["healthy"]


def test_a_gap_is_not_asked_for_with_a_loss_of_another_scale():
    assert kinds(curves([NOT_YET, 0.06, 0.01], [40, 25, 20]), is_squared=False) == ["healthy"]


@pytest.mark.parametrize(("rises", "expected"), [(4, ["healthy"]), (5, ["rising"])])
def test_five_rises_in_a_row_are_no_noise(rises: int, expected: list[str]):
    rmse = [40.0, 20.0, *(20.0 + rise for rise in range(1, rises + 1)), 19.5]
    assert kinds(curves([NOT_YET] + [0.03] * (rises + 1) + [0.02], rmse)) == expected


def test_a_rise_that_is_interrupted_begins_anew():
    assert kinds(curves([NOT_YET] + [0.03] * 8, [40, 20, 21, 22, 23, 20, 21, 22, 19])) == [
        "healthy"
    ]


def test_no_sensor_is_without_any_error():
    found = diagnose(curves([NOT_YET, 0.02, 5e-7], [40, 20, 10]), cap=CAP)
    assert [each.kind for each in found] == ["overfitting", "zero_loss"]
    assert "countdown" in found[1].remedy


def test_two_flat_curves_ask_for_a_higher_rate():
    """40 of 100 is also worse than the 29 of always saying the mean."""
    found = diagnose(curves([NOT_YET, 0.1, 0.0999, 0.0995], [40, 39.99, 39.95, 39.9]), cap=CAP)
    assert [each.kind for each in found] == ["flat", "underfitting"]
    assert "Raise the learning rate" in found[0].remedy
    assert "40% of the cap; always saying the mean has about 29%" in found[1].what


def test_training_that_only_made_it_worse_is_told():
    found = only(curves([NOT_YET, 0.03, 0.02], [18, 22, 21]))
    assert found.kind == "no_gain"
    assert "take the start as it is" in found.remedy


@pytest.mark.parametrize(
    ("train", "rmse", "step"),
    [
        ([NOT_YET, 0.03, math.nan], [40, 20, 21], 20),
        ([NOT_YET, 0.03, 0.02], [40, math.inf, 21], 10),
    ],
)
def test_a_loss_that_is_no_number_is_told_with_its_step(
    train: list[float], rmse: list[float], step: int
):
    found = only(curves(train, rmse))
    assert (found.kind, found.severity) == ("diverged", "error")
    assert f"no finite number at step {step}" in found.what
    assert "Divide the learning rate by 10" in found.remedy


def test_a_loss_ten_times_its_beginning_has_diverged():
    found = only(curves([NOT_YET, 0.03, 3.0], [20, 40, 70]))
    assert found.kind == "diverged"
    assert "12.2 times its beginning" in found.what


def test_without_validation_only_training_is_judged():
    assert kinds(curves([0.1, 0.06, 0.03], [math.nan] * 3)) == ["unvalidated"]
    assert kinds(curves([0.1, 0.06, math.nan], [math.nan] * 3)) == ["diverged"]


def test_one_validation_is_no_curve():
    assert kinds(curves([NOT_YET], [40])) == ["too_short"]


def test_gradients_out_of_range_name_their_layers():
    """The median counts: a single batch may be odd."""
    gradients = pd.DataFrame(
        {
            "layer": ["input", "encoder", "head"] * 3,
            "norm": [1e-8, 0.5, 200, 1e-9, 1e-9, 300, 1e-8, 0.4, 0.1],
        }
    )
    vanished, exploded = diagnose(HEALTHY, cap=CAP, gradients=gradients)
    assert (vanished.kind, vanished.numbers) == ("vanishing_gradients", {"input": 1e-8})
    assert (exploded.kind, exploded.numbers) == ("exploding_gradients", {"head": 200})
    assert "gradient of input is mostly below 1e-07" in vanished.what


def test_the_worst_finding_counts():
    notes = [Finding("a", "note", ""), Finding("b", "warning", ""), Finding("c", "good", "")]
    assert worst(notes) == "warning"
    assert worst([]) == "good"
    assert notes[0].to_json()["numbers"] == {}
