"""Where a network is trained."""

import ast
from pathlib import Path

import pytest
import torch

import rul_platform
from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.errors import DeviceError
from rul_platform.learning.fitting.devices import Place, place_of
from rul_platform.learning.fitting.full_history import fit_histories
from rul_platform.learning.fitting.rate_finder import find_rate
from rul_platform.learning.fitting.training import fit
from rul_platform.learning.networks.models import ModelConfig, build

CAP = 60.0
WITHOUT_CUDA = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")


def devices_written_down(folder: Path) -> list[str]:
    """Each call in ``folder`` that gives ``device`` as a plain word: file, line and word."""
    return [
        f"{path.relative_to(folder)}:{call.lineno}: {given.value.value}"
        for path in sorted(folder.rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        for given in call.keywords
        if given.arg == "device" and isinstance(given.value, ast.Constant)
    ]


def test_no_training_of_ours_chooses_a_device_that_nobody_asked_for():
    """It stays ``auto``, or is what a person chose."""
    assert devices_written_down(Path(rul_platform.__file__).parent) == []


def test_a_device_that_is_written_down_would_be_found(tmp_path: Path):
    (tmp_path / "one.py").write_text(
        "FitConfig(seed=0, device='cpu')\nreplace(fit, device=asked)\n"
    )
    assert devices_written_down(tmp_path) == ["one.py:1: cpu"]


def test_cuda_is_taken_wherever_there_is_one():
    assert FitConfig(seed=0).device == "auto"


@WITHOUT_CUDA
def test_without_cuda_auto_is_the_processor():
    assert place_of(FitConfig(seed=0)) == Place("cpu")
    assert place_of(FitConfig(seed=0, mixed_precision=True, compiled=True)) == Place("cpu")


@WITHOUT_CUDA
@pytest.mark.parametrize("entry", ["windows", "histories", "rate test"])
def test_every_training_asks_where_it_is_to_run(prepared: tuple[Preparation, Windows], entry: str):
    _, windows = prepared
    train, valid = windows.select("train"), windows.select("valid")
    config = FitConfig(seed=0, steps=1, batch_size=2, device="cuda")
    reads = "history" if entry == "histories" else "window"
    network = build(ModelConfig(name="lstm", input_size=5, hidden_size=4, reads=reads), seed=0)
    entries = {
        "windows": lambda: fit(network, train, valid, config, cap=CAP),
        "histories": lambda: fit_histories(network, train, config, cap=CAP, valid=valid),
        "rate test": lambda: find_rate(network, train, config, cap=CAP),
    }
    with pytest.raises(DeviceError):
        entries[entry]()
