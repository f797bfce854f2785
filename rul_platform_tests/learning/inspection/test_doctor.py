"""What the doctor finds in networks that were broken by hand."""

import numpy as np
import pytest
import torch

from rul_platform.core.findings import Finding
from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows
from rul_platform.learning.inspection.doctor import examine
from rul_platform.learning.trained.boosting import fit_boosting
from rul_platform.learning.trained.learned import MeanModel, NetworkModel
from rul_platform_tests.learning.by_hand import CHANNELS, Weighted, built, model_of, windows_of
from rul_platform_tests.learning.conftest import CAP

Prepared = tuple[Preparation, Windows]


def found(model: NetworkModel, windows: Windows) -> dict[str, Finding]:
    seen = examine(model, windows, CHANNELS, cap=CAP)
    return {finding.kind: finding for finding in seen.findings}


def test_every_weight_is_counted_with_shape_and_range():
    """An input layer of 5 x 4, and what comes after it."""
    network, model = built("gru")
    parts = examine(model, none(), CHANNELS, cap=CAP).parts.set_index("part")
    assert parts.loc["input_layer.weight", "shape"] == "4 x 5"
    assert parts.loc["input_layer.weight", "parameters"] == 20
    assert parts["parameters"].sum() == sum(each.numel() for each in network.parameters())
    weights = network.input_layer.weight.detach()
    assert parts.loc["input_layer.weight", "largest"] == pytest.approx(float(weights.max()))
    assert parts["is_finite"].all()


def none() -> Windows:
    return windows_of(np.zeros((0, 10, 5)))


def test_without_windows_only_the_weights_are_looked_at():
    _, model = built("lstm")
    assert list(found(model, none())) == ["sound"]


def test_a_weight_that_is_no_number_is_an_error_that_names_the_part(prepared: Prepared):
    network, model = built("tcn")
    with torch.no_grad():
        network.head.weight[0, 1] = torch.nan
    finding = found(model, prepared[1])["nan_weights"]
    assert finding.severity == "error"
    assert "in 1: head.weight" in finding.what
    assert "do not use this model" in finding.remedy


def test_filters_that_relu_always_cuts_are_dead(prepared: Prepared):
    """A bias of minus a million is below all that the windows can bring."""
    network, model = built("tcn")
    with torch.no_grad():
        for conv in network.encoder.convs:  # type: ignore[union-attr]
            conv.bias.fill_(100.0)
        network.encoder.convs[1].bias[:3] = -1e6  # type: ignore[index]
    finding = found(model, prepared[1])["dead_units"]
    assert finding.what == "3 of 4 units of 1: encoder.convs.1 are dead"
    assert finding.numbers == {"dead": 3, "units": 4}


def test_a_recurrent_unit_that_never_moves_is_dead(prepared: Prepared):
    """Without weights to it, a GRU's unit stays at its beginning: 0."""
    network, model = built("gru")
    layer = network.encoder.layers
    with torch.no_grad():
        for name in ("weight_ih_l1", "weight_hh_l1", "bias_ih_l1", "bias_hh_l1"):
            weights = getattr(layer, name)
            weights[2::4] = 0.0  # unit 2 of each of the three gates
    finding = found(model, prepared[1])["dead_units"]
    assert finding.what == "1 of 4 units of 1: encoder.layers are dead"


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_a_fresh_network_has_no_dead_units(name: str, prepared: Prepared):
    assert "dead_units" not in found(built(name)[1], prepared[1])


def test_a_model_that_says_the_same_of_all_is_told(prepared: Prepared):
    network, model = built("gru")
    with torch.no_grad():
        network.head.weight.zero_()
    finding = found(model, prepared[1])["constant_answer"]
    assert finding.severity == "error"
    assert (
        "between 0.50 and 0.50 of the cap" in finding.what
    )  # the bias that build() gives the head


def test_answers_are_compared_with_the_labels():
    """One input of 0, 1, 2, 3; labels from 0 to the cap."""
    features = np.arange(4.0).reshape(4, 1, 1)
    windows = windows_of(features, [0.0, 20.0, 40.0, CAP])
    narrow = examine(model_of(Weighted([[0.1]]), window=1, channels=1), windows, ("heat",), cap=CAP)
    wide = examine(model_of(Weighted([[0.5]]), window=1, channels=1), windows, ("heat",), cap=CAP)
    assert [each.kind for each in narrow.findings] == ["narrow_answers"]
    assert "between 0.00 and 0.30 of the cap, the labels span 1.00" in narrow.findings[0].what
    assert [each.kind for each in wide.findings] == ["answers_outside"]


def test_channels_that_change_nothing_and_channels_that_never_move_are_told_apart():
    """`flow` moves, but has no weight; `heat_dev` has one, but never moves."""
    features = np.zeros((4, 1, 3))
    features[:, 0, 0] = features[:, 0, 1] = [0.0, 0.3, 0.6, 0.9]
    model = model_of(Weighted([[1.0, 0.0, 1.0]]), window=1, channels=3)
    seen = examine(model, windows_of(features, [0, 20, 40, CAP]), CHANNELS[:3], cap=CAP)
    kinds = {each.kind: each.what for each in seen.findings}
    assert kinds == {
        "constant_channels": "heat_dev never move in these windows",
        "channels_without_influence": "flow change no answer",
    }
    assert seen.influence["largest_change"].tolist() == pytest.approx([0.45, 0.0, 0.0])


def test_trees_and_networks_of_one_model_are_both_looked_at(prepared: Prepared):
    _, windows = prepared
    _, network = built("gru")
    model = MeanModel((network, fit_boosting(windows, cap=CAP, seed=0)))
    seen = examine(model, windows, CHANNELS, cap=CAP)
    assert seen.parts["member"].max() == 2
    trees = seen.parts.iloc[-1]
    assert (trees["part"], trees["shape"]) == ("trees", "200 trees")
    assert seen.parameters == seen.to_json()["parameters"] > trees["parameters"]
