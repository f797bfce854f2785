"""Training on whole histories."""

import subprocess
import sys
import textwrap
from typing import Any

import numpy as np
import pytest
import torch

from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.errors import NetworkError, TrainingDataError, TrainingError
from rul_platform.learning.fitting.full_history import Histories, fit_histories
from rul_platform.learning.networks.models import ModelConfig, RulNetwork, build
from rul_platform.learning.networks.scoring import validation_rmse
from rul_platform_tests.learning.fitting.test_batches import windows_of

CAP = 60.0
Prepared = tuple[Preparation, Windows]


def network_for(windows: Windows, **options: float | str) -> RulNetwork:
    sizes = {"name": "lstm", "hidden_size": 12, "reads": "history", "dropout": 0.0}
    return build(ModelConfig(**(sizes | options), input_size=windows.table.shape[1]), seed=0)  # pyright: ignore[reportArgumentType]


def settings(steps: int, **config: Any) -> FitConfig:
    chosen: dict[str, Any] = {"batch_size": 3, "learning_rate": 0.02} | config
    return FitConfig(seed=0, steps=steps, **chosen)


def test_short_units_are_filled_up_on_the_right_and_the_filling_counts_nothing():
    """Units of 2 and 4 readings: rows 0 to 1, and 2 to 5."""
    batch = Histories.of(windows_of({"a": 2, "b": 4}, 3), cap=CAP).batch(np.array([0, 1]))
    assert batch.x_BWF[..., 0].tolist() == [[0, 1, 0, 0], [2, 3, 4, 5]]
    assert batch.weight_B is not None
    assert batch.weight_B.tolist() == [[1, 1, 0, 0], [1, 1, 1, 1]]
    assert (batch.y_B * CAP).round().tolist() == [[1, 0, 0, 0], [3, 2, 1, 0]]


def test_readings_without_a_window_have_no_label():
    windows = windows_of({"a": 4}, 3)
    some = windows.only(np.array([True, False, True, True]))
    weight = Histories.of(some, cap=CAP).batch(np.array([0])).weight_B
    assert weight is not None
    assert weight.tolist() == [[1, 0, 1, 1]]


def test_every_unit_is_in_one_batch_of_an_epoch_and_meets_others_in_the_next():
    lives = {f"u{at}": 10 * (at + 1) for at in range(8)}
    histories = Histories.of(windows_of(lives, 3), cap=CAP)
    batches = list(histories.batches(FitConfig(seed=0, steps=8, batch_size=2)))
    met = [tuple(sorted(b.weight_B.sum(dim=1).tolist())) for b in batches]
    assert (
        sorted(sum(met[:4], ())) == sorted(sum(met[4:], ())) == sorted(map(float, lives.values()))
    )
    assert set(met[:4]) != set(met[4:])
    assert all(b.x_BWF.shape[1] == max(two) for b, two in zip(batches, met, strict=True))


def test_it_learns_what_other_units_do(prepared: Prepared):
    """Windows as long as the longest life: to be validated on whole histories."""
    _, windows = prepared
    train, valid = windows.select("train"), windows.select("valid")
    network = network_for(windows)
    before = validation_rmse(network.eval(), valid, CAP)
    result = fit_histories(network, train, settings(40, early_stopping=False), cap=CAP)
    assert result.best_step == 40
    assert result.history["train_loss"].iloc[-1] < 0.03
    assert validation_rmse(network.eval(), valid, CAP) < 0.7 * before


def test_the_far_output_learns_too_and_early_stopping_works(prepared: Prepared):
    _, windows = prepared
    train, valid = windows.select("train"), windows.select("valid")
    network = network_for(windows, far=1.5)
    result = fit_histories(
        network, train, settings(20, validate_every=5, patience=2), cap=CAP, valid=valid
    )
    assert result.best_valid_rmse == result.history["valid_rmse"].min()
    with torch.no_grad():
        assert network.far(torch.from_numpy(valid.features()[:1])).shape == (1,)


def test_the_same_seed_gives_the_same_weights(prepared: Prepared):
    _, windows = prepared
    found = []
    for _ in range(2):
        network = network_for(windows)
        fit_histories(network, windows.select("train"), settings(3, early_stopping=False), cap=CAP)
        found.append(network.state_dict())
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])


def test_the_result_tells_which_batch_fitted(prepared: Prepared):
    _, windows = prepared
    train, config = windows.select("train"), settings(1, early_stopping=False)
    result = fit_histories(network_for(windows), train, config, cap=CAP)
    assert result.batch is not None
    assert result.batch.sentence == "A batch of 3 histories fits."


def test_histories_that_would_take_more_than_is_free_are_not_even_tried():
    """The longest count: the room of five short histories is not that of one long one."""
    lives = {"long": 200, **{f"u{at}": 10 for at in range(7)}}
    histories, network = Histories.of(windows_of(lives, 3), cap=CAP), network_for(windows_of(lives))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    plenty = histories.fitting(network, settings(1, batch_size=99), free_bytes=lambda: 10**9)
    assert (plenty.wanted, plenty.size, plenty.refused) == (8, 8, ())
    scarce = histories.fitting(network, settings(1, batch_size=8), free_bytes=lambda: 500_000)
    assert scarce.size < 8
    assert "A batch of 8 histories does not fit into memory (it takes about" in scarce.sentence
    assert f"{scarce.size} histories do, and were used" in scarce.sentence
    assert all(torch.equal(before[name], now) for name, now in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


LIMITED = """
    import resource
    import torch
    from rul_platform.core.recipe import FitConfig
    from rul_platform.learning.fitting.full_history import Histories
    from rul_platform.learning.networks.models import ModelConfig, build
    from rul_platform_tests.learning.fitting.test_batches import windows_of

    torch.set_num_threads(1)
    histories = Histories.of(windows_of({f"u{at}": 100 for at in range(512)}, 3), cap=60.0)
    network = build(ModelConfig(name="lstm", input_size=1, hidden_size=128, reads="history"), seed=0)
    histories.fitting(network, FitConfig(seed=0, batch_size=1))  # what torch loads once
    taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + 400_000_000,) * 2)
    wanted = FitConfig(seed=0, batch_size=512)
    found = histories.fitting(network, wanted, free_bytes=lambda: None)
    print(found.size, found.sentence)
"""


def test_histories_that_the_system_refuses_are_halved_until_they_fit():
    """In a process that may take only so much."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LIMITED)],
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    size, said = done.stdout.split(maxsplit=1)
    assert 1 <= int(size) < 512
    assert said.startswith("A batch of 512 histories does not fit into memory (")


def test_a_network_that_reads_windows_is_refused(prepared: Prepared):
    _, windows = prepared
    with pytest.raises(NetworkError, match="whole histories need a network with reads='history'"):
        fit_histories(network_for(windows, reads="window"), windows, settings(1), cap=CAP)


def test_augmentations_are_refused(prepared: Prepared):
    _, windows = prepared
    config = settings(1, augment=("jitter", "mixup"))
    with pytest.raises(TrainingError, match=r"augment asks for jitter, mixup, which alter windows"):
        fit_histories(network_for(windows), windows, config, cap=CAP)


def test_validation_units_that_are_no_numbers_are_refused(prepared: Prepared):
    _, windows = prepared
    valid = windows.select("valid")
    table = windows.table.copy()
    table[int(valid.index["last_row"].max()), 2] = np.inf
    valid = Windows(table, valid.index, valid.length)
    with pytest.raises(TrainingDataError, match="among the validation windows channel 3 of 5"):
        fit_histories(
            network_for(windows), windows.select("train"), settings(1), cap=CAP, valid=valid
        )


def test_features_that_are_no_numbers_are_refused(prepared: Prepared):
    _, windows = prepared
    table = windows.table.copy()
    table[5, 2] = np.nan
    spoilt = Windows(table, windows.index, windows.length)
    with pytest.raises(TrainingDataError, match="channel 3 of 5 is NaN or infinite in 1 readings"):
        fit_histories(network_for(windows), spoilt, settings(1), cap=CAP)
