"""Training on a CUDA device: the same results within tolerance. Skipped where there is none."""

import numpy as np
import pytest
import torch

from rul_platform.core.architectures import ARCHITECTURES, architecture
from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.learning.fitting import training
from rul_platform.learning.fitting.rate_finder import find_rate
from rul_platform.learning.networks import models

CAP = 60.0
Prepared = tuple[Preparation, Windows]

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="no CUDA device here: torch.cuda.is_available() is False"
)


def trained(prepared: Prepared, name: str, **config: object) -> tuple[np.ndarray, float]:
    """Predictions of all windows after a short training without dropout, and its validation RMSE."""
    _, windows = prepared
    model = models.ModelConfig(
        name=architecture(name), input_size=windows.table.shape[1], hidden_size=16, dropout=0.0
    )
    network = models.build(model, seed=0)
    how = FitConfig(seed=0, **({"steps": 60, "validate_every": 20, "learning_rate": 2e-3} | config))
    done = training.fit(network, windows.select("train"), windows.select("valid"), how, cap=CAP)
    return training.predict(network.cpu(), windows, CAP), done.best_valid_rmse


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_cuda_and_processor_agree_within_a_hundredth_of_the_cap(prepared: Prepared, name: str):
    """Sums of many threads have another order: equal to the bit is not promised."""
    on_processor, _ = trained(prepared, name, device="cpu")
    on_cuda, _ = trained(prepared, name, device="cuda")
    assert np.abs(on_cuda - on_processor).max() < 0.01 * CAP


@pytest.mark.parametrize("more", [{"mixed_precision": True}, {"compiled": True}])
def test_mixed_precision_and_compilation_learn_as_well(prepared: Prepared, more: dict[str, bool]):
    """Their numbers differ in the third digit, so what they learned is compared, not each number."""
    _, on_processor = trained(prepared, "lstm", device="cpu")
    _, on_cuda = trained(prepared, "lstm", device="cuda", **more)
    assert on_cuda < 1.15 * on_processor


def test_auto_takes_the_device(prepared: Prepared):
    by_itself, _ = trained(prepared, "gru", device="auto")
    on_cuda, _ = trained(prepared, "gru", device="cuda")
    assert np.array_equal(by_itself, on_cuda)


def test_a_rate_test_runs_there_and_gives_the_network_back(prepared: Prepared):
    _, windows = prepared
    found = {}
    for device in ("cpu", "cuda"):
        network = models.build(models.default_config("gru", windows.table.shape[1]), seed=0)
        how = FitConfig(seed=0, device=device)
        found[device] = find_rate(network, windows.select("train"), how, cap=CAP, steps=5).table
        assert {weight.device.type for weight in network.state_dict().values()} == {"cpu"}
    assert np.allclose(found["cpu"]["loss"], found["cuda"]["loss"], rtol=1e-3)


def test_a_network_trained_there_is_scored_and_stored_on_the_processor(prepared: Prepared):
    _, windows = prepared
    network = models.build(models.default_config("lstm", windows.table.shape[1]), seed=0)
    how = FitConfig(seed=0, steps=2, validate_every=1, device="cuda")
    training.fit(network, windows.select("train"), windows.select("valid"), how, cap=CAP)
    assert {weight.device.type for weight in network.state_dict().values()} == {"cpu"}
