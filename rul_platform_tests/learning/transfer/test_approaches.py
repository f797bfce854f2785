"""What each approach trains, and what it needs."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rul_platform.core import approaches as named
from rul_platform.core.windows import Windows
from rul_platform.errors import ApproachError
from rul_platform.learning.trained.boosting import READINGS, BoostingModel
from rul_platform.learning.trained.learned import MeanModel, NetworkModel, predictions
from rul_platform.learning.transfer.approaches import (
    available,
    default_approaches,
    train_approach,
)
from rul_platform_tests.learning.plants import CAP, checkpoint, plant_windows, setting

PREPARATION, PLANT = plant_windows(3)
WIDE = PLANT.longer(READINGS)
_, SOURCE = plant_windows(4, prefix="s", seed=1)


def test_all_approaches_can_be_tried_with_known_channels_and_a_source():
    assert available(setting(PREPARATION, source=SOURCE)) == named.APPROACHES


def test_without_a_source_nothing_is_replayed_or_pooled():
    can = set(available(setting(PREPARATION)))
    assert set(named.APPROACHES) - can == {named.REPLAY, named.POOLED, named.BLEND}


def test_a_checkpoint_that_lacks_a_channel_cannot_answer_as_it_is():
    lacking = setting(PREPARATION, checkpoint=checkpoint(PREPARATION.channels[1:]))
    assert named.ZERO_SHOT not in available(lacking)
    assert named.ZERO_SHOT not in default_approaches(lacking)
    assert named.FULL in default_approaches(lacking)


@pytest.mark.parametrize("name", named.APPROACHES)
def test_every_approach_gives_a_model_that_answers_the_plants_windows(name: str):
    trained = train_approach(name, PLANT, setting(PREPARATION, source=SOURCE), seed=0)
    found = predictions(trained.model, WIDE, cap=CAP)
    assert found.shape == (len(PLANT),)
    assert ((found >= 0) & (found <= CAP)).all()
    assert trained.cpu_seconds > 0
    assert (trained.transfer is None) == (name in named.BEGIN_WITH_NOTHING)
    is_trained_in_steps = name not in (named.ZERO_SHOT, named.BOOSTING, named.POOLED)
    assert (len(trained.history) > 0) == is_trained_in_steps


def weights_of(model: object) -> dict[str, torch.Tensor]:
    assert isinstance(model, NetworkModel)
    return model.network.state_dict()


def moved(name: str, **more: object) -> set[str]:
    """The parts of the network that an approach changes."""
    given = setting(PREPARATION, source=SOURCE, **more)
    before = given.checkpoint.state
    after = weights_of(train_approach(name, PLANT, given, seed=0).model)
    return {part.split(".")[0] for part in after if not torch.equal(after[part], before[part])}


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (named.ZERO_SHOT, set()),
        (named.HEAD_ONLY, {"head"}),
        (named.PROGRESSIVE, {"input_layer", "encoder", "head"}),
        (named.DISCRIMINATIVE, {"input_layer", "encoder", "head"}),
        (named.FULL, {"input_layer", "encoder", "head"}),
        (named.REPLAY, {"input_layer", "encoder", "head"}),
    ],
)
def test_what_each_approach_changes_of_the_network(name: str, parts: set[str]):
    assert moved(name) == parts


def test_full_fine_tuning_freezes_what_the_setting_says():
    given = setting(PREPARATION)
    frozen = replace(given, config=replace(given.config, freeze="encoder"))
    trained = train_approach(named.FULL, PLANT, frozen, seed=0)
    after, before = weights_of(trained.model), given.checkpoint.state
    assert all(torch.equal(after[n], before[n]) for n in after if n.startswith("encoder."))
    assert trained.transfer is not None
    assert all(name.startswith("encoder.") for name in trained.transfer.frozen)


def test_from_scratch_begins_with_weights_that_nothing_taught():
    """Two pretrained networks, one result."""
    one, other = (
        weights_of(
            train_approach(
                named.FROM_SCRATCH,
                PLANT,
                setting(PREPARATION, checkpoint=checkpoint(PREPARATION.channels, seed=seed)),
                seed=0,
            ).model
        )
        for seed in (3, 4)
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_replay_and_full_fine_tuning_differ_only_by_what_the_source_taught():
    full, replay = (
        weights_of(train_approach(name, PLANT, setting(PREPARATION, source=SOURCE), seed=0).model)
        for name in (named.FULL, named.REPLAY)
    )
    assert not torch.equal(full["head.weight"], replay["head.weight"])


def test_pooled_boosting_learned_from_the_source_too():
    """The plant's labels are all 10, the source's all 30: the pooled answer lies between."""

    def labelled(windows: Windows, rul: float) -> Windows:
        return Windows(windows.table, windows.index.assign(rul=rul), windows.length)

    given = setting(PREPARATION, source=labelled(SOURCE, 30.0))
    plant = labelled(WIDE, 10.0)
    alone = train_approach(named.BOOSTING, plant, given, seed=0).model
    pooled = train_approach(named.POOLED, plant, given, seed=0).model
    assert isinstance(pooled, BoostingModel)
    assert predictions(alone, plant, cap=CAP).mean() == pytest.approx(10, abs=0.1)
    assert 10.1 < predictions(pooled, plant, cap=CAP).mean() < 29.9


def test_a_blend_is_the_weighted_mean_of_network_and_boosting():
    given = setting(PREPARATION, source=SOURCE)
    blend = train_approach(named.BLEND, PLANT, given, seed=0).model
    assert isinstance(blend, MeanModel)
    parts = [
        train_approach(name, PLANT, given, seed=0).model.outputs(WIDE)
        for name in named.BLENDS[named.BLEND]
    ]
    expected = np.average(parts, axis=0, weights=(0.35, 0.65))
    np.testing.assert_allclose(blend.outputs(WIDE), expected, atol=1e-6)


def test_a_fold_begins_with_its_own_start():
    own = checkpoint(PREPARATION.channels, seed=8)
    given = setting(PREPARATION, start={1: own})
    begun = {
        fold: weights_of(train_approach(named.ZERO_SHOT, PLANT, given, seed=0, fold=fold).model)[
            "head.weight"
        ]
        for fold in (0, 1)
    }
    assert torch.equal(begun[1], own.state["head.weight"])
    assert torch.equal(begun[0], given.checkpoint.state["head.weight"])


@pytest.mark.parametrize("name", [named.REPLAY, "guessing"])
def test_an_approach_that_cannot_be_tried_is_refused_with_those_that_can(name: str):
    with pytest.raises(ApproachError, match=rf"Asked for '{name}'.*expected some of: zero-shot"):
        train_approach(name, PLANT, setting(PREPARATION), seed=0)


def test_a_network_from_scratch_has_steps_and_a_rate_of_its_own():
    given = setting(PREPARATION, steps=4)
    usual = train_approach(named.FROM_SCRATCH, PLANT, given, seed=0).history
    assert usual["step"].iloc[-1] == 20
    own = replace(given, config=replace(given.config, scratch_steps=3, scratch_rate=1e-4))
    history = train_approach(named.FROM_SCRATCH, PLANT, own, seed=0).history
    assert history["step"].iloc[-1] == 3
    assert history["learning_rate"].max() <= 1e-4
    assert train_approach(named.FULL, PLANT, own, seed=0).history["step"].iloc[-1] == 4


def test_units_left_out_are_watched_and_change_nothing():
    _, others = plant_windows(2, prefix="o", seed=4)
    given = setting(PREPARATION, source=SOURCE)
    for name in (named.REPLAY, named.FROM_SCRATCH):
        watched = train_approach(name, PLANT, given, seed=0, left_out=others)
        unwatched = train_approach(name, PLANT, given, seed=0)
        assert watched.history["valid_rmse"].notna().all()
        assert unwatched.history["valid_rmse"].isna().all()
        for weight, value in weights_of(watched.model).items():
            assert torch.equal(value, weights_of(unwatched.model)[weight])
