"""What the checks of models say, read from what they give the UI."""

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from rul_platform.core.canonical import canonical_json
from rul_platform.core.preparation import Preparation
from rul_platform.orchestration import model_checks
from rul_platform.orchestration.checks import usable
from rul_platform.orchestration.step import Files
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform_tests.fleets import wearing_fleet


def twenty_units(inside: int) -> pd.DataFrame:
    """Predictions of 20 units, two each; the first ``inside`` units lie in their intervals."""
    units = np.repeat(np.arange(20), 2)
    high = np.where(units < inside, 60.0, 40.0)
    return pd.DataFrame(
        {"unit": units.astype(str), "truth": 50.0, "interval_low": 0.0, "interval_high": high}
    )


@pytest.mark.parametrize(("inside", "passed"), [(20, True), (16, True), (15, False)])
def test_coverage_may_be_off_by_what_chance_does_to_so_few_units(inside: int, passed: bool):
    """Of 20 units 90 % are 18; 1.96 standard deviations are 2.6 units, so 16 is chance and 15 is not."""
    result = model_checks.covered(twenty_units(inside), cap=125.0, level=0.9)
    assert result.passed is passed
    assert result.severity == dg.AssetCheckSeverity.WARN
    assert result.metadata["coverage"].value == pytest.approx(inside / 20)
    assert "with 20 machines chance explains 13.1%" in str(result.description)


def test_a_truth_beyond_the_cap_counts_as_the_cap():
    """All truths of 50 limited to 40 lie within 0 to 40."""
    result = model_checks.covered(twenty_units(0), cap=40.0, level=0.9)
    assert result.metadata["coverage"].value == 1.0


def test_without_intervals_there_is_nothing_to_cover():
    result = model_checks.covered(twenty_units(1)[["unit", "truth"]], cap=125.0, level=0.9)
    assert result.passed
    assert result.description == "The predictions have no interval."


def history(*folds: tuple[int, list[float]]) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "fold": fold,
                "step": [0, 10, 20],
                "train_loss": [np.nan, 0.04, 0.03],
                "valid_rmse": rmse,
                "learning_rate": 0.01,
            }
        )
        for fold, rmse in folds
    ]
    return pd.concat(parts, ignore_index=True)


def test_each_fold_is_diagnosed_and_only_what_is_wrong_is_told():
    found = model_checks.diagnosed(history((0, [40, 25, 20]), (3, [40, 25, np.inf])), 100.0)
    result = model_checks.told(found)
    assert not result.passed
    assert result.severity == dg.AssetCheckSeverity.ERROR
    assert str(result.description).startswith(
        "- fold 3: the loss is no finite number at step 20. Divide the learning rate"
    )
    assert result.metadata["healthy"].value == result.metadata["diverged"].value == 1


def test_curves_that_are_well_pass_and_say_so():
    result = model_checks.told(model_checks.diagnosed(history((0, [40, 25, 20])), 100.0))
    assert result.passed
    assert "fold 0: the validation loss fell" in str(result.description)


def test_without_a_validation_it_says_what_its_curves_cannot_show():
    found = list(model_checks.diagnosed(history((0, [np.nan] * 3)), 100.0))
    assert [each.kind for each in found] == ["unvalidated"]
    result = model_checks.told(found)
    assert result.passed
    assert "without validation units no more can be said" in str(result.description)


def test_gradients_of_each_fold_are_looked_at():
    gradients = pd.DataFrame({"fold": [0, 3], "step": 10, "layer": "encoder", "norm": [0.1, 1e-9]})
    curves = history((0, [40, 25, 20]), (3, [40, 25, 20]))
    result = model_checks.told(model_checks.diagnosed(curves, 100.0, gradients=gradients))
    assert str(result.description).startswith("- fold 3: ")
    assert result.metadata["vanishing_gradients"].value == 1


def test_the_height_of_a_loss_that_is_not_squared_is_not_judged():
    """A training loss of 0.001 beside a validation loss of 0.04 is overfitting, if both are squared."""
    curves = history((0, [40, 25, 20])).assign(train_loss=[np.nan, 0.002, 0.001])
    squared = [each.kind for each in model_checks.diagnosed(curves, 100.0)]
    other = [each.kind for each in model_checks.diagnosed(curves, 100.0, is_squared=False)]
    assert (squared, other) == (["overfitting"], ["healthy"])


def test_what_was_not_trained_in_steps_is_told_as_such():
    result = model_checks.told(model_checks.diagnosed(history((0, [40, 25, 20])).iloc[:0], 100.0))
    assert result.passed
    assert result.description == "Nothing was trained in steps."


def stored(store: ArtifactStore) -> tuple[Files, pd.DataFrame]:
    """The channels of a fleet whose second sensor never moves."""
    fleet = wearing_fleet({"a": 12, "b": 15})
    fleet.readings["s1"] = 7.0
    preparation = Preparation.fit(fleet, fleet.sensors, window=5, cap=10, life_unit="cycles")
    table = pd.DataFrame(preparation.windows(fleet, "train").table, columns=preparation.channels)
    files = {"preparation.json": canonical_json(preparation.to_json())}
    return Files(store, store.write(files)), table


def test_a_constant_sensor_is_named_and_only_warns(tmp_path):
    files, table = stored(ArtifactStore(tmp_path))
    result = usable(files, [table.iloc[:9], table.iloc[9:]])
    assert not result.passed
    assert result.severity == dg.AssetCheckSeverity.WARN
    assert result.description == "Constant, so without any influence: s1."
    assert result.metadata["constant_sensors"].value == 1


def test_a_channel_that_is_no_number_is_an_error_that_names_it(tmp_path):
    files, table = stored(ArtifactStore(tmp_path))
    table.loc[3, "s0_dev"] = np.nan
    result = usable(files, [table.iloc[:9], table.iloc[9:]])
    assert result.severity == dg.AssetCheckSeverity.ERROR
    assert "No finite number somewhere in s0_dev." in str(result.description)
