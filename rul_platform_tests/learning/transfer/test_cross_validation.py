"""Every approach judged on units that it never saw."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from rul_platform.core import approaches as named
from rul_platform.core.windows import Windows, even_cuts, pool
from rul_platform.errors import ApproachError, LeakError, TooFewUnitsError, TrainingError
from rul_platform.learning.trained.boosting import READINGS
from rul_platform.learning.trained.learned import NetworkModel, predictions
from rul_platform.learning.transfer.approaches import BLEND_SHARES
from rul_platform.learning.transfer.cross_validation import CUTS, cross_validate
from rul_platform_tests.learning.plants import CAP, plant_windows, ruined, setting

PREPARATION, PLANT = plant_windows(4)
WIDE = PLANT.longer(READINGS)
_, SOURCE = plant_windows(3, prefix="s", seed=1)
FOLDS = {"u0": 0, "u1": 1, "u2": 2, "u3": 0}


def test_every_unit_is_predicted_at_even_cuts_of_its_life():
    tried = cross_validate((named.BOOSTING,), PLANT, FOLDS, setting(PREPARATION), seed=0)
    rows = tried.out_of_fold[named.BOOSTING]
    assert rows.columns.tolist() == ["unit", "life", "rul", "predicted"]
    assert rows.groupby("unit").size().to_dict() == dict.fromkeys(FOLDS, CUTS)
    assert rows["predicted"].between(0, CAP).all()
    assert rows["rul"].max() > CAP


@pytest.mark.parametrize("name", [named.FROM_SCRATCH, named.REPLAY, named.BOOSTING, named.POOLED])
def test_the_model_of_a_fold_never_saw_the_units_of_that_fold(name: str):
    """Other readings and labels of u1 leave the model of its fold as it is, and change the others."""
    spoiled_table = PLANT.table.copy()
    own = PLANT.index[PLANT.index["unit"] == "u1"]
    spoiled_table[own["last_row"].to_numpy()] = 7.0
    index = PLANT.index.assign(rul=np.where(PLANT.index["unit"] == "u1", 1.0, PLANT.index["rul"]))
    spoiled = Windows(spoiled_table, index, PLANT.length)
    given = setting(PREPARATION, source=SOURCE)
    elsewhere = WIDE.of_units(["u0", "u3"])

    def answers(windows: Windows) -> list[np.ndarray]:
        tried = cross_validate((name,), windows, FOLDS, given, seed=0)
        return [predictions(member, elsewhere, cap=CAP) for member in tried.members[name]]

    before, after = answers(PLANT), answers(spoiled)
    assert np.array_equal(before[1], after[1])
    assert not np.array_equal(before[0], after[0])
    assert not np.array_equal(before[2], after[2])


def test_what_is_left_out_is_judged_with_as_many_readings_as_the_model_serves_with():
    """Boosting looks further back than the plant's windows of eight readings."""
    tried = cross_validate((named.BOOSTING,), PLANT, FOLDS, setting(PREPARATION), seed=0)
    said = tried.out_of_fold[named.BOOSTING]
    member = tried.members[named.BOOSTING][FOLDS["u1"]]
    cuts = even_cuts(WIDE.of_units(["u1"]), CUTS)
    served = predictions(member, cuts, cap=CAP)
    np.testing.assert_array_equal(said.loc[said["unit"] == "u1", "predicted"], served)


def test_the_model_is_the_mean_of_the_models_of_the_folds():
    tried = cross_validate((named.BOOSTING,), PLANT, FOLDS, setting(PREPARATION), seed=0)
    members = tried.members[named.BOOSTING]
    assert len(members) == 3
    np.testing.assert_allclose(
        tried.model(named.BOOSTING).outputs(WIDE),
        np.mean([member.outputs(WIDE) for member in members], axis=0),
        atol=1e-6,
    )


def test_zero_shot_is_one_model_however_many_folds():
    tried = cross_validate((named.ZERO_SHOT,), PLANT, FOLDS, setting(PREPARATION), seed=0)
    assert len(tried.members[named.ZERO_SHOT]) == 1
    assert isinstance(tried.model(named.ZERO_SHOT), NetworkModel)


def test_a_blend_trains_its_parts_once_and_is_judged_as_their_mean():
    names = (named.BLEND, named.REPLAY, named.POOLED)
    tried = cross_validate(names, PLANT, FOLDS, setting(PREPARATION, source=SOURCE), seed=0)
    parts = [tried.out_of_fold[name]["predicted"] for name in (named.REPLAY, named.POOLED)]
    network, boosting = BLEND_SHARES[named.BLEND]
    middle = network * parts[0] + boosting * parts[1]
    inside = parts[0].between(1, CAP - 1) & parts[1].between(1, CAP - 1)
    np.testing.assert_allclose(
        tried.out_of_fold[named.BLEND]["predicted"][inside], middle[inside], atol=1e-3
    )
    blend, replay = (tried.members[name][0] for name in (named.BLEND, named.REPLAY))
    assert blend.members[0] is replay
    assert tried.cpu_seconds[named.BLEND] == pytest.approx(
        tried.cpu_seconds[named.REPLAY] + tried.cpu_seconds[named.POOLED]
    )


def test_histories_tell_the_fold_and_transfers_what_was_inherited():
    names = (named.FULL, named.BOOSTING)
    tried = cross_validate(names, PLANT, FOLDS, setting(PREPARATION), seed=0)
    history = tried.histories[named.FULL]
    assert set(history["fold"]) == {0, 1, 2}
    assert history.groupby("fold")["step"].max().tolist() == [4, 4, 4]
    assert len(tried.histories[named.BOOSTING]) == 0
    assert set(tried.transfers) == {named.FULL}


def test_each_fold_goes_on_from_its_own_start():
    given = setting(PREPARATION)
    first = cross_validate((named.FULL,), PLANT, FOLDS, given, seed=0)
    starts = {
        fold: replace(given.checkpoint, state=member.network.state_dict())
        for fold, member in enumerate(first.members[named.FULL])
    }
    again = cross_validate((named.ZERO_SHOT,), PLANT, FOLDS, replace(given, start=starts), seed=0)
    for fold, member in enumerate(again.members[named.ZERO_SHOT]):
        weights = member.network.state_dict()
        assert all(torch.equal(weights[name], starts[fold].state[name]) for name in weights)


def test_folds_without_a_unit_are_left_out():
    folds = FOLDS | {"gone": 7}
    tried = cross_validate((named.BOOSTING,), PLANT, folds, setting(PREPARATION), seed=0)
    assert len(tried.members[named.BOOSTING]) == 3


def test_a_unit_with_a_lower_bound_only_teaches_and_is_not_judged_on_it():
    running = PLANT.index["unit"] == "u1"
    bounded = Windows(PLANT.table, PLANT.index.assign(at_least=running), PLANT.length)
    tried = cross_validate((named.BOOSTING,), bounded, FOLDS, setting(PREPARATION), seed=0)
    assert set(tried.out_of_fold[named.BOOSTING]["unit"]) == {"u0", "u2", "u3"}
    assert len(tried.members[named.BOOSTING]) == 3


def test_the_same_seed_gives_the_same_answers():
    names, given = (named.FULL,), setting(PREPARATION)
    one, other = (
        cross_validate(names, PLANT, FOLDS, given, seed=2).out_of_fold[named.FULL] for _ in range(2)
    )
    pd.testing.assert_frame_equal(one, other)


def test_a_unit_without_a_fold_is_refused():
    with pytest.raises(LeakError, match=r"Units u3 have no fold.*assign_folds"):
        cross_validate(
            (named.BOOSTING,), PLANT, {"u0": 0, "u1": 1, "u2": 2}, setting(PREPARATION), seed=0
        )


def test_units_that_are_all_in_one_fold_are_refused():
    with pytest.raises(TooFewUnitsError, match="folds with units in them"):
        cross_validate(
            (named.BOOSTING,), PLANT, dict.fromkeys(FOLDS, 0), setting(PREPARATION), seed=0
        )


def test_no_approach_at_all_is_refused():
    with pytest.raises(ApproachError, match="Asked for no approach at all"):
        cross_validate((), PLANT, FOLDS, setting(PREPARATION), seed=0)


def test_source_units_are_not_among_the_judged():
    both = pool({"s": SOURCE})
    given = setting(PREPARATION, source=both)
    tried = cross_validate((named.POOLED,), PLANT, FOLDS, given, seed=0)
    assert set(tried.out_of_fold[named.POOLED]["unit"]) == set(FOLDS)


def test_an_approach_that_diverges_takes_no_other_with_it():
    """Its blend goes with it; trees and a network from scratch have a rate of their own."""
    names = (named.BLEND, named.FULL, named.POOLED, named.FROM_SCRATCH)
    tried = cross_validate(names, PLANT, FOLDS, ruined(setting(PREPARATION, source=SOURCE)), seed=0)
    assert set(tried.diverged) == {named.BLEND, named.FULL}
    assert set(tried.members) == set(tried.out_of_fold) == {named.POOLED, named.FROM_SCRATCH}
    assert re.fullmatch(
        r"in fold 0 at step \d \(loss \S+ at a learning rate of 1e\+25\)",
        tried.diverged[named.FULL],
    )
    with pytest.raises(
        TrainingError, match=r"no model by full fine-tuning: its training diverged in"
    ):
        tried.model(named.FULL)


def test_the_lengths_of_gradients_are_kept_fold_by_fold():
    names = (named.REPLAY, named.PROGRESSIVE, named.BOOSTING)
    given = setting(PREPARATION, source=SOURCE, steps=6)
    watched = replace(given.config, fit=replace(given.config.fit, validate_every=1))
    tried = cross_validate(names, PLANT, FOLDS, replace(given, config=watched), seed=0)
    for name in names[:2]:
        found = tried.gradients[name]
        assert set(found["fold"]) == {0, 1, 2}
        assert (found["norm"] > 0).all()
        assert found["step"].max() == tried.histories[name]["step"].max()
    assert tried.gradients[named.BOOSTING].empty
