"""The training loop."""

from typing import Any

import numpy as np
import pytest
import torch

from rul_platform.core.architectures import ARCHITECTURES, architecture
from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows, window_index
from rul_platform.errors import (
    DeviceError,
    TooFewUnitsError,
    TrainingDataError,
    TrainingDivergedError,
    TrainingError,
)
from rul_platform.learning.fitting import training
from rul_platform.learning.networks import models
from rul_platform.learning.trained import baselines
from rul_platform_tests.fleets import wearing_fleet

CAP = 60.0
Prepared = tuple[Preparation, Windows]


def fitted(prepared: Prepared, name: str, **config):
    _, windows = prepared
    model = models.default_config(architecture(name), windows.table.shape[1], hidden_size=12)
    network = models.build(model, seed=0)
    chosen: dict[str, Any] = {"steps": 60, "validate_every": 10} | config
    settings = FitConfig(seed=0, **chosen)
    result = training.fit(
        network, windows.select("train"), windows.select("valid"), settings, cap=CAP
    )
    return network, result


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_network_can_learn_32_windows_by_heart(prepared: Prepared, name: str):
    """If it cannot, it is wired wrongly."""
    _, windows = prepared
    model = models.default_config(architecture(name), windows.table.shape[1], hidden_size=16)
    left = training.overfit_one_batch(
        models.build(model, seed=0), windows.select("train"), cap=CAP, seed=0
    )
    assert left < 0.02


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_training_beats_the_constant_on_other_units(prepared: Prepared, name: str):
    _, windows = prepared
    train, valid = windows.select("train"), windows.select("valid")
    _, result = fitted(prepared, name)
    constant = baselines.constant(train, valid, cap=CAP) - np.minimum(valid.rul(), CAP)
    assert result.best_valid_rmse < 0.5 * float(np.sqrt((constant**2).mean()))


def test_the_constant_weighs_every_unit_the_same():
    """Lives of 3 and 11 have mean labels 1 and 5; by windows their mean would be 58 / 14."""
    fleet = wearing_fleet({"a": 3, "b": 11})
    windows = Windows(
        np.zeros((14, 1), dtype=np.float32), window_index(fleet, "train", length=2), 2
    )
    assert baselines.constant(windows, windows, cap=CAP).tolist() == [3.0] * 14


def test_the_same_seed_gives_the_same_weights_to_the_last_bit(prepared: Prepared):
    first, second = (fitted(prepared, "lstm")[0].state_dict() for _ in range(2))
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_the_best_weights_are_kept_and_not_the_last(prepared: Prepared):
    _, windows = prepared
    network, result = fitted(prepared, "gru", learning_rate=0.05)
    checks = training.even_cuts(windows.select("valid"), training.VALIDATION_CUTS)
    assert training.validation_rmse(network, checks, CAP) == result.best_valid_rmse
    assert result.best_valid_rmse == result.history["valid_rmse"].min()


def test_it_stops_early_when_validation_gets_no_better(prepared: Prepared):
    _, result = fitted(prepared, "lstm", steps=400, validate_every=1, patience=2)
    assert result.history["step"].iloc[-1] < 400
    assert result.history["step"].iloc[-1] >= result.best_step + 2


def test_a_training_that_stops_before_its_average_begins_says_so(prepared: Prepared):
    how = {"steps": 400, "validate_every": 1, "patience": 2}
    _, stopped = fitted(prepared, "gru", averaging="swa", **how)
    last = stopped.history["step"].iloc[-1]
    assert last < 300
    (note,) = stopped.notes
    assert f"averaged from step 301 on, but training stopped early at step {last}" in note
    assert fitted(prepared, "gru", averaging="swa", steps=8)[1].notes == ()


def test_progress_is_told_to_the_end(prepared: Prepared):
    _, windows = prepared
    told = []
    network = models.build(models.default_config("lstm", windows.table.shape[1]), seed=0)
    training.fit(
        network,
        windows.select("train"),
        windows.select("valid"),
        FitConfig(seed=0, steps=5, validate_every=2),
        cap=CAP,
        progress=lambda done, total, _: told.append((done, total)),
    )
    assert told == [(2, 5), (4, 5), (5, 5)]


def test_nothing_to_validate_on_is_refused(prepared: Prepared):
    _, windows = prepared
    network = models.build(models.default_config("lstm", windows.table.shape[1]), seed=0)
    with pytest.raises(TooFewUnitsError, match="0 windows to validate on, at least 1 needed"):
        training.fit(
            network, windows.select("train"), windows.select("none"), FitConfig(seed=0), cap=CAP
        )


def spoilt(windows: Windows, unit: str, reading: float) -> Windows:
    """Channel 3 of the newest reading of ``unit`` is ``reading``."""
    table, of_unit = windows.table.copy(), windows.index["unit"] == unit
    table[int(windows.index.loc[of_unit, "last_row"].max()), 2] = reading
    return Windows(table, windows.index, windows.length)


def test_one_reading_of_a_validation_unit_that_is_no_number_is_refused(prepared: Prepared):
    """Else no validation is better than another, and the network comes back as it was."""
    _, windows = prepared
    valid = spoilt(windows, "u5", float("nan")).select("valid")
    network = models.build(models.default_config("gru", windows.table.shape[1]), seed=0)
    said = "among the validation windows channel 3 of 5 is NaN or infinite in 1 readings"
    with pytest.raises(TrainingDataError, match=said):
        training.fit(network, windows.select("train"), valid, FitConfig(seed=0, steps=1), cap=CAP)


def test_a_validation_label_that_is_not_known_is_refused_without_early_stopping_too(
    prepared: Prepared,
):
    _, windows = prepared
    valid = windows.select("valid")
    rul = valid.index["rul"].mask(valid.index["unit"] == "u1")
    valid = Windows(valid.table, valid.index.assign(rul=rul), valid.length)
    network = models.build(models.default_config("gru", windows.table.shape[1]), seed=0)
    config = FitConfig(seed=0, steps=1, early_stopping=False)
    with pytest.raises(TrainingDataError, match="windows the remaining life of u1 is not known"):
        training.fit(network, windows.select("train"), valid, config, cap=CAP)


def test_readings_that_are_no_numbers_hurt_only_where_they_are_looked_at(prepared: Prepared):
    """A test unit in the same table may have them."""
    _, windows = prepared
    broken = spoilt(windows, "u5", float("nan"))
    valid = broken.select("valid").only(broken.select("valid").index["unit"] == "u1")
    network = models.build(models.default_config("gru", windows.table.shape[1]), seed=0)
    train, config = broken.select("train"), FitConfig(seed=0, steps=1)
    assert training.fit(network, train, valid, config, cap=CAP).best_valid_rmse > 0


@pytest.mark.parametrize(("is_blind_at_first", "step"), [(False, 0), (True, 1)])
def test_answers_that_are_no_numbers_are_a_divergence_and_not_just_no_better(
    prepared: Prepared, is_blind_at_first: bool, step: int
):
    """A finite reading, so large that the state overflows as soon as a weight lets it in."""
    _, windows = prepared
    valid = spoilt(windows, "u5", 3e38).select("valid")
    network = models.build(models.default_config("gru", 5, hidden_size=12), seed=0)
    with torch.no_grad():
        network.input_layer.weight.mul_(0.0 if is_blind_at_first else 100.0)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    config = FitConfig(seed=0, steps=4, validate_every=1, learning_rate=10.0, schedule="constant")
    with pytest.raises(TrainingDivergedError, match="the validation RMSE is nan") as refused:
        training.fit(network, windows.select("train"), valid, config, cap=CAP)
    assert refused.value.step == step
    assert all(torch.equal(before[n], tensor) for n, tensor in network.state_dict().items())


def test_boosting_beats_the_constant_and_repeats_itself(prepared: Prepared):
    _, windows = prepared
    train, valid = windows.select("train"), windows.select("valid")
    first, again = (baselines.boosting(train, valid, cap=CAP, seed=3) for _ in range(2))
    truth = np.minimum(valid.rul(), CAP)
    assert np.array_equal(first, again)
    assert np.abs(first - truth).mean() < 0.5 * np.abs(truth - truth.mean()).mean()


def test_training_that_does_not_help_is_undone(prepared: Prepared):
    """The weights that a network came with are among those it may keep."""
    _, windows = prepared
    network, good = fitted(prepared, "gru")
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    ruinous = FitConfig(seed=1, steps=4, validate_every=1, learning_rate=10.0, clip_norm=1e6)
    result = training.fit(
        network, windows.select("train"), windows.select("valid"), ruinous, cap=CAP
    )
    assert result.best_step == 0
    assert result.best_valid_rmse == good.best_valid_rmse
    assert all(torch.equal(before[n], tensor) for n, tensor in network.state_dict().items())


def with_bounds(windows: Windows, unit: str, bound: float | None) -> Windows:
    """The labels of ``unit`` as lower bounds; with ``bound`` all the same one."""
    is_unit = windows.index["unit"] == unit
    rul = windows.index["rul"].mask(is_unit, bound) if bound is not None else windows.index["rul"]
    return Windows(windows.table, windows.index.assign(at_least=is_unit, rul=rul), windows.length)


def test_windows_from_before_lower_bounds_train_to_the_same_bit(prepared: Prepared):
    preparation, windows = prepared
    before = Windows(windows.table, windows.index.drop(columns="at_least"), windows.length)
    first, one = fitted((preparation, windows), "gru")
    second, other = fitted((preparation, before), "gru")
    assert one.history.equals(other.history)
    weights = second.state_dict()
    assert all(torch.equal(t, weights[name]) for name, t in first.state_dict().items())


def test_a_lower_bound_raises_what_is_predicted_too_low(prepared: Prepared):
    """A bound of 40 on all of u2's windows lifts its end; a bound of 0 on them teaches nothing."""
    preparation, windows = prepared
    last = windows.only((windows.index["unit"] == "u2") & (windows.index["rul"] < 5))
    said = {}
    for bound in (0.0, 40.0):
        network, _ = fitted((preparation, with_bounds(windows, "u2", bound)), "gru")
        said[bound] = training.predict(network, last, CAP).mean()
    assert said[40.0] > said[0.0] + 2


def test_boosting_and_the_constant_leave_lower_bounds_out(prepared: Prepared):
    _, windows = prepared
    train, valid = windows.select("train"), windows.select("valid")
    bounded, without = with_bounds(train, "u2", 999.0), train.only(train.index["unit"] != "u2")
    for rival in (
        lambda given: baselines.boosting(given, valid, cap=CAP, seed=0),
        lambda given: baselines.constant(given, valid, cap=CAP),
    ):
        assert np.array_equal(rival(bounded), rival(without))


def test_a_training_that_diverges_says_so_and_leaves_the_weights_as_they_were(prepared: Prepared):
    _, windows = prepared
    model = models.default_config("gru", windows.table.shape[1], hidden_size=6)
    network = models.build(model, seed=0)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    ruinous = FitConfig(
        seed=0, steps=20, validate_every=5, learning_rate=1e25, clip_norm=1e9, schedule="constant"
    )
    with pytest.raises(TrainingDivergedError) as refused:
        training.fit(network, windows.select("train"), windows.select("valid"), ruinous, cap=CAP)
    assert 1 <= refused.value.step <= 5
    assert "Lower the learning rate" in str(refused.value)
    assert "at a learning rate of 1e+25" in str(refused.value)
    assert all(torch.equal(before[n], tensor) for n, tensor in network.state_dict().items())


def test_a_network_that_would_keep_ruined_last_weights_diverged(prepared: Prepared):
    """Finite, but off by tens of label caps: nothing early stopping could have undone."""
    _, windows = prepared
    network = models.build(models.default_config("gru", windows.table.shape[1]), seed=0)
    ruinous = FitConfig(
        seed=0,
        steps=4,
        learning_rate=50.0,
        clip_norm=1e9,
        early_stopping=False,
        schedule="constant",
    )
    with pytest.raises(TrainingDivergedError, match="diverged at step"):
        training.fit(network, windows.select("train"), None, ruinous, cap=CAP)


def test_without_early_stopping_it_takes_all_steps_and_keeps_the_last(prepared: Prepared):
    _, windows = prepared
    network = models.build(models.default_config("gru", windows.table.shape[1]), seed=0)
    config = FitConfig(seed=0, steps=5, validate_every=2, early_stopping=False)
    result = training.fit(network, windows.select("train"), None, config, cap=CAP)
    assert result.history["step"].tolist() == [0, 2, 4, 5]
    assert result.history["valid_rmse"].isna().all()
    assert result.best_step == 5
    assert np.isnan(result.best_valid_rmse)


def test_early_stopping_without_anything_to_validate_on_is_refused(prepared: Prepared):
    _, windows = prepared
    network = models.build(models.default_config("gru", windows.table.shape[1]), seed=0)
    with pytest.raises(TrainingError, match="or set early_stopping=False"):
        training.fit(network, windows.select("train"), None, FitConfig(seed=0), cap=CAP)


@pytest.mark.parametrize(
    "options",
    [
        {"averaging": "ema"},
        {"averaging": "swa"},
        {"schedule": "plateau"},
        {"loss": "huber"},
        {"l1": 1e-5},
        {"augment": ("jitter", "mixup")},
    ],
    ids=lambda options: next(iter(options)) + "_" + str(next(iter(options.values()))),
)
def test_every_option_still_learns_and_repeats_itself(prepared: Prepared, options: dict):
    first, result = fitted(prepared, "gru", steps=40, **options)
    second, _ = fitted(prepared, "gru", steps=40, **options)
    weights = second.state_dict()
    assert all(torch.equal(t, weights[name]) for name, t in first.state_dict().items())
    assert result.best_valid_rmse < 0.8 * result.history["valid_rmse"].iloc[0]


def test_a_network_with_bins_and_a_far_output_learns_both(prepared: Prepared):
    _, windows = prepared
    config = models.ModelConfig(
        name="gru", input_size=windows.table.shape[1], hidden_size=12, bins=16, far=1.5
    )
    network = models.build(config, seed=0)
    settings = FitConfig(seed=0, steps=60, validate_every=20, loss="distribution")
    valid = windows.select("valid")
    result = training.fit(network, windows.select("train"), valid, settings, cap=CAP)
    assert result.best_valid_rmse < 10
    far = training.far_outputs(network, valid) * CAP
    wanted = np.minimum(valid.rul(), 1.5 * CAP)
    assert np.sqrt(np.mean((far - wanted) ** 2)) < 20


def test_gradients_are_noted_by_layer_at_each_validation(prepared: Prepared):
    _, result = fitted(prepared, "lstm", steps=20)
    assert result.gradients["step"].unique().tolist() == [10, 20]
    assert result.gradients["layer"].unique().tolist() == ["input_layer", "encoder.0", "head"]
    assert (result.gradients["norm"] > 0).all()


class Heard:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []
        self.results: list[training.FitResult] = []

    def validated(self, row) -> None:
        """A validation."""
        self.rows.append(dict(row))

    def finished(self, result: training.FitResult) -> None:
        """The end."""
        self.results.append(result)


def test_a_watch_hears_of_each_validation_and_of_the_end(prepared: Prepared):
    _, windows = prepared
    network, heard = models.build(models.default_config("gru", 5, hidden_size=4), seed=0), Heard()
    result = training.fit(
        network,
        windows.select("train"),
        windows.select("valid"),
        FitConfig(seed=0, steps=4, validate_every=2),
        cap=CAP,
        watch=heard,
    )
    assert [row["step"] for row in heard.rows] == [2, 4]
    assert heard.rows[0]["gradient/head"] > 0
    assert heard.results == [result]


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_cuda_is_refused_where_there_is_none(prepared: Prepared):
    _, windows = prepared
    network = models.build(models.default_config("gru", 5, hidden_size=4), seed=0)
    train, valid = windows.select("train"), windows.select("valid")
    with pytest.raises(DeviceError, match="Ask for 'auto' or 'cpu'"):
        training.fit(network, train, valid, FitConfig(seed=0, device="cuda"), cap=CAP)
    training.fit(network, train, valid, FitConfig(seed=0, steps=1, device="auto"), cap=CAP)
