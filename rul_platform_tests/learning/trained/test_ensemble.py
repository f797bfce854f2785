"""The ensemble: who predicts whom, and what serves."""

import numpy as np
import pandas as pd
import pytest

from rul_platform.core.folds import assign_folds
from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows
from rul_platform.learning.trained import graphs
from rul_platform.learning.trained.ensemble import Ensembled, fit_ensemble, network_share
from rul_platform.learning.trained.ensemble_recipe import EnsembleRecipe
from rul_platform.learning.trained.fidelity import fidelity
from rul_platform_tests.learning.conftest import CAP

RECIPE = EnsembleRecipe(steps=3, batch_size=2, hidden_size=8, num_layers=1, boosting_window=12)


def fitted(prepared: tuple[Preparation, Windows], windows: Windows) -> Ensembled:
    folds = assign_folds(windows.units().tolist(), seed=0, source="test", count=3)
    return fit_ensemble(
        windows, RECIPE, channels=prepared[0].channels, cap=CAP, folds=folds, seed=0, far=1.6
    )


@pytest.fixture(scope="module")
def ensemble(prepared: tuple[Preparation, Windows]) -> Ensembled:
    return fitted(prepared, prepared[1])


def test_every_unit_is_predicted_once_at_the_same_number_of_points(ensemble: Ensembled):
    assert ensemble.out_of_fold.groupby("unit").size().tolist() == [20] * 8
    assert ensemble.out_of_fold["predicted"].between(0, CAP).all()


def test_no_member_that_saw_a_unit_predicts_it(
    prepared: tuple[Preparation, Windows], ensemble: Ensembled
):
    """Other labels for one unit change what is said of the others, and nothing of itself."""
    _, windows = prepared
    is_u3 = (windows.index["unit"] == "u3").to_numpy()
    other = windows.index.assign(rul=np.where(is_u3, 0.0, windows.index["rul"]))
    changed = fitted(prepared, Windows(windows.table, other, windows.length)).out_of_fold
    before, after = (
        rows.sort_values(["unit", "life"])[["network", "boosting"]].to_numpy()
        for rows in (ensemble.out_of_fold, changed)
    )
    of_u3 = ensemble.out_of_fold.sort_values(["unit", "life"])["unit"].to_numpy() == "u3"
    assert np.array_equal(before[of_u3], after[of_u3])
    assert not np.array_equal(before[~of_u3], after[~of_u3])


def test_it_is_served_by_one_graph_as_long_as_the_longest_life(
    prepared: tuple[Preparation, Windows], ensemble: Ensembled
):
    windows = prepared[1].of_length(ensemble.model.window)
    assert ensemble.model.window == 99
    graph = ensemble.model.graph(channels=5)
    assert fidelity(ensemble.model, graph, windows).largest_difference < 1e-5
    assert "far" in graphs.run(graph, windows)


def test_the_weight_is_that_of_the_least_squared_error_with_a_say_for_both():
    """Networks 10 too high, boosting 10 or 15 too low: the mean, or three fifths, would be exact."""
    rows = pd.DataFrame({"unit": ["a", "a", "b"], "rul": [50.0, 20.0, 30.0]})
    said = rows.assign(network=rows["rul"] / 100 + 0.1, boosting=rows["rul"] / 100 - 0.1)
    assert network_share(said, cap=100.0) == 0.5
    assert network_share(said.assign(boosting=rows["rul"] / 100 - 0.15), cap=100.0) == 0.6
    assert network_share(said.assign(network=rows["rul"] / 100), cap=100.0) == 0.7
    assert network_share(said.assign(boosting=said["network"]), cap=100.0) == 0.5


def test_a_larger_fleet_gets_more_steps():
    assert EnsembleRecipe().steps_for(80) == 450
    assert EnsembleRecipe().steps_for(208) == 707
    assert EnsembleRecipe(steps=3).steps_for(208) == 3


def test_the_table_of_members_says_what_each_gives(ensemble: Ensembled):
    members = ensemble.members.set_index("member")
    assert list(members.index) == ["network", "boosting"]
    assert members["weight"].sum() == pytest.approx(1)
    assert (members["rmse"] > 0).all()
    assert ensemble.cpu_seconds == pytest.approx(members["cpu_seconds"].sum())
