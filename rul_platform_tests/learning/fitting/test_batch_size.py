"""The batch that fits: real refusals of memory, in a process that may take only so much."""

import subprocess
import sys
import textwrap

import pytest
import torch

from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows
from rul_platform.errors import BatchTooLargeError, TooFewUnitsError
from rul_platform.learning.fitting.batch_size import fitting_batch_size, free_memory
from rul_platform.learning.networks import models

Prepared = tuple[Preparation, Windows]


def network_for(windows: Windows) -> models.RulNetwork:
    return models.build(models.default_config("gru", windows.table.shape[1], hidden_size=8), seed=0)


def test_a_batch_that_fits_is_taken_and_changes_no_weight(prepared: Prepared):
    _, windows = prepared
    network = network_for(windows)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    found = fitting_batch_size(network, windows, 64)
    assert (found.wanted, found.size, found.refused) == (64, 64, ())
    assert found.sentence == "A batch of 64 windows fits."
    assert all(torch.equal(before[name], now) for name, now in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_more_windows_than_there_are_means_all_of_them(prepared: Prepared):
    _, windows = prepared
    assert fitting_batch_size(network_for(windows), windows, 10**9).size == len(windows)


def test_what_would_take_more_than_is_free_is_not_even_tried(prepared: Prepared):
    """256 windows of ten readings and eight hidden units keep more than 64 kB."""
    _, windows = prepared
    found = fitting_batch_size(network_for(windows), windows, 256, free_bytes=lambda: 64_000)
    assert 8 <= found.size < 256
    assert found.refused[0][0] == 256
    assert "A batch of 256 windows does not fit into memory (it takes about" in found.sentence
    assert f"{found.size} windows do, and were used" in found.sentence


LIMITED = """
    import resource
    import numpy as np, pandas as pd, torch
    from rul_platform.core.windows import Windows
    from rul_platform.errors import BatchTooLargeError
    from rul_platform.learning.fitting import batch_size
    from rul_platform.learning.networks import models

    torch.set_num_threads(1)
    rows, length = 4096, 64
    index = pd.DataFrame({"unit": "u", "life": range(rows), "rul": 1.0, "split": "train",
                          "first_row": range(rows), "last_row": range(length - 1, rows + length - 1)})
    windows = Windows(np.zeros((rows + length, 4), dtype=np.float32), index, length)
    network = models.build(models.default_config("tcn", 4, hidden_size=64), seed=0)
    batch_size.fitting_batch_size(network, windows, 1)  # what torch loads once, before the limit
    taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + {room},) * 2)
    try:
        found = batch_size.fitting_batch_size(network, windows, rows, free_bytes=lambda: None)
        print(found.size, found.refused[0][1])
    except BatchTooLargeError as error:
        print(error)
"""


def limited(room: int) -> str:
    code = textwrap.dedent(LIMITED).replace("{room}", str(room))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout


def test_a_batch_that_the_system_refuses_is_halved_until_it_fits():
    size, why = limited(800_000_000).split(maxsplit=1)
    assert 8 <= int(size) < 4096
    assert "memory" in why or "create a primitive" in why


def test_where_not_one_window_fits_it_says_so(prepared: Prepared):
    """A window of a million million readings."""
    _, windows = prepared
    huge = Windows(windows.table, windows.index, 10**12)
    with pytest.raises(BatchTooLargeError, match="Not even a batch of one window fits into memory"):
        fitting_batch_size(network_for(windows), huge, 4)


def test_another_error_is_no_lack_of_memory(prepared: Prepared):
    _, windows = prepared
    wrong = models.build(models.default_config("gru", 99, hidden_size=8), seed=0)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        fitting_batch_size(wrong, windows, 4)


def test_without_windows_there_is_no_batch(prepared: Prepared):
    _, windows = prepared
    with pytest.raises(TooFewUnitsError, match="batch size: 0 windows to train on"):
        fitting_batch_size(network_for(windows), windows.select("none"), 4)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not say")
def test_the_system_says_how_much_is_free():
    assert (free_memory() or 0) > 1_000_000
