"""One cell of the k-shot study: everything is chosen before the test set is opened."""

from dataclasses import replace

import numpy as np
import pytest

from rul_platform.core import approaches as named
from rul_platform.core.fleet import Fleet
from rul_platform.core.recipe import FitConfig
from rul_platform.core.transfer_study import CHOSEN
from rul_platform.core.windows import Windows
from rul_platform.learning.networks import checkpoints
from rul_platform.learning.transfer.kshot import Source, one_cell, plant_config, pretrain
from rul_platform_tests.fleets import wearing_fleet
from rul_platform_tests.learning.plants import CAP, checkpoint, plant_windows

PREPARATION, SOURCE_WINDOWS = plant_windows(4, prefix="s", seed=1)
SOURCE = Source(
    checkpoint=checkpoint(PREPARATION.channels),
    windows=SOURCE_WINDOWS,
    sensors=PREPARATION.scaler.sensors,
    cap=CAP,
)
PLANT = wearing_fleet({f"u{n}": 40 + 5 * n for n in range(3)})
TEST = wearing_fleet({f"t{n}": 30 + 9 * n for n in range(6)}, seed=2)


def test_every_approach_and_the_choice_are_scored_on_every_test_unit():
    table = one_cell(PLANT, SOURCE, lambda: TEST, config=plant_config(seed=0, steps=4))
    by_name = table.set_index("approach")
    assert set(by_name.index) == {*named.FOR_FEW_UNITS, CHOSEN}
    assert np.isfinite(by_name["rmse_clipped"]).all()
    chosen = by_name.loc[CHOSEN]
    assert chosen["outcome"] in named.DEFAULT_WITH_SOURCE
    assert chosen["rmse_clipped"] == by_name.loc[chosen["outcome"], "rmse_clipped"]
    offered = [name for name in named.DEFAULT_WITH_SOURCE if name not in named.BLENDS]
    assert chosen["cpu_seconds"] == pytest.approx(by_name.loc[offered, "cpu_seconds"].sum())
    assert by_name.loc[named.FULL, "outcome"] == "measured only"


def test_another_test_set_changes_no_choice_and_no_figure_but_the_scores():
    asked = (named.ZERO_SHOT, named.BOOSTING, named.FULL)
    config = plant_config(seed=0, steps=4)
    one, other = (
        one_cell(PLANT, SOURCE, lambda fleet=fleet: fleet, config=config, approaches=asked)
        for fleet in (TEST, wearing_fleet({"t0": 21, "t1": 77}, seed=5))
    )
    assert one["outcome"].tolist() == other["outcome"].tolist()
    assert one["rmse_out_of_fold"].tolist() == other["rmse_out_of_fold"].tolist()
    assert one["rmse_clipped"].tolist() != other["rmse_clipped"].tolist()


def test_the_test_set_is_opened_once_and_after_the_last_training():
    order: list[str] = []

    def opened() -> Fleet:
        order.append("open")
        return TEST

    one_cell(
        PLANT,
        SOURCE,
        opened,
        config=plant_config(seed=0, steps=4),
        approaches=(named.FROM_SCRATCH, named.FULL),
        progress=lambda *_: order.append("train"),
    )
    assert order == ["train"] * 6 + ["open"]


def test_pretraining_gives_a_checkpoint_that_learned_from_the_source_alone():
    index = SOURCE_WINDOWS.index
    roles = np.where(index["unit"] == "s0", "valid", "train")
    windows = Windows(SOURCE_WINDOWS.table, index.assign(split=roles), SOURCE_WINDOWS.length)
    data = pretrain(windows, PREPARATION.channels, FitConfig(seed=0, steps=3), cap=CAP)
    again = pretrain(windows, PREPARATION.channels, FitConfig(seed=0, steps=3), cap=CAP)
    assert data == again
    found = checkpoints.load(data, source="here", architecture="lstm")
    assert found.channels == PREPARATION.channels


def test_an_approach_that_diverges_has_no_row():
    plain = plant_config(seed=0, steps=4)
    ruinous = replace(plain.fit, learning_rate=1e25, clip_norm=1e9, schedule="constant")
    table = one_cell(
        PLANT,
        SOURCE,
        lambda: TEST,
        config=replace(plain, fit=ruinous),
        approaches=(named.BOOSTING, named.FULL),
    )
    assert table["approach"].tolist() == [named.BOOSTING, CHOSEN]
