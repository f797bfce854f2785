"""What a repetition of a step would have to match."""

import subprocess
import sys

import pytest

from rul_platform.orchestration.provenance import IF_INSTALLED, RECORDED_PACKAGES, environment


def test_every_package_that_decides_bytes_is_recorded():
    found = environment()
    assert {"onnx", "onnxruntime", "skl2onnx", "torch", "scikit-learn"} <= set(RECORDED_PACKAGES)
    assert all(found[name] for name in RECORDED_PACKAGES)
    assert "optuna" in IF_INSTALLED


def test_the_device_is_told_without_loading_torch_for_it():
    code = (
        "import sys; from rul_platform.orchestration.provenance import environment; "
        "print(environment()['cuda_device'], 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["none", "False"]


def test_a_step_that_trained_tells_the_device_by_name():
    torch = pytest.importorskip("torch")
    has_cuda = torch.cuda.is_available()
    expected = torch.cuda.get_device_name() if has_cuda else "none"
    assert environment()["cuda_device"] == expected
