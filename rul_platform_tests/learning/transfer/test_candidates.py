"""What is tried, and what becomes of it."""

from dataclasses import replace

import numpy as np
import pytest

from rul_platform.core.approaches import BOOSTING, FROM_CHAMPION, FROM_SCRATCH, FULL
from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.errors import TrainingError
from rul_platform.learning.networks.checkpoints import load
from rul_platform.learning.trained.boosting import READINGS
from rul_platform.learning.transfer.approaches import Setting
from rul_platform.learning.transfer.candidates import Candidate, best_candidate
from rul_platform.learning.transfer.finetuning import FinetuneConfig
from rul_platform_tests.learning.conftest import CAP
from rul_platform_tests.learning.plants import ruined
from rul_platform_tests.learning.transfer.test_finetuning import parent

FOLDS = {f"u{unit}": unit % 2 for unit in range(8)}
NAMES = (BOOSTING, FROM_SCRATCH, FULL)


@pytest.fixture
def setting(prepared: tuple[Preparation, Windows]) -> Setting:
    preparation, _ = prepared
    fit = FitConfig(seed=0, steps=6, batch_size=32)
    return Setting(
        checkpoint=parent(),
        channels=preparation.channels,
        window=preparation.window,
        cap=CAP,
        config=FinetuneConfig(fit=fit),
    )


def made(prepared: tuple[Preparation, Windows], setting: Setting, **more: object) -> Candidate:
    asked = {"names": NAMES, "seed": 0, "life_unit": "hours"} | more
    return best_candidate(prepared[1], FOLDS, setting, **asked)  # pyright: ignore[reportArgumentType]


def test_the_best_on_units_left_out_is_made_and_its_rivals_are_kept(
    prepared: tuple[Preparation, Windows], setting: Setting
):
    found = made(prepared, setting)
    assert found.choice.name in NAMES
    assert set(found.choice.table["approach"]) == set(NAMES)
    assert set(found.rivals) == {BOOSTING, FROM_SCRATCH}
    assert set(found.out_of_fold["unit"]) == set(FOLDS)
    assert np.isfinite(found.model.outputs(prepared[1].longer(READINGS))).all()
    assert not found.is_from_champion


def test_what_a_person_asks_for_is_made_and_the_reasons_say_what_else_would_have_been(
    prepared: tuple[Preparation, Windows], setting: Setting
):
    best = made(prepared, setting).choice.name
    other = next(name for name in (FULL, FROM_SCRATCH) if name != best)
    found = made(prepared, setting, only=(other,))
    assert found.approach == other
    assert f"{other} was asked for; by itself the platform would have chosen {best}." in (
        found.choice.reasons
    )
    outcome = found.choice.table.set_index("approach")["outcome"]
    assert outcome[other] == "asked for"
    assert outcome[best] == "the best, not asked for"


def test_the_champions_networks_go_on_with_the_fold_that_they_never_saw(
    prepared: tuple[Preparation, Windows], setting: Setting
):
    """With a rate of nearly nothing they stay what they were, each in its own place."""
    first = made(prepared, setting, names=(FROM_SCRATCH, FULL), only=(FULL,))
    start = {
        fold: load(data, source="member") for fold, data in enumerate(first.model.checkpoints())
    }
    still = replace(setting.config, fit=replace(setting.config.fit, learning_rate=1e-9))
    on = replace(setting, config=still, start=start)
    going = (FULL + FROM_CHAMPION,)
    second = made(prepared, on, names=(FROM_SCRATCH, BOOSTING), from_champion=(FULL,), only=going)
    assert second.is_from_champion
    assert second.approach == FULL
    before, after = (found.out_of_fold["predicted"].to_numpy() for found in (first, second))
    assert np.abs(before - after).max() < 0.01


def test_an_approach_that_diverged_is_told_and_the_others_are_chosen_from(
    prepared: tuple[Preparation, Windows], setting: Setting
):
    found = made(prepared, ruined(setting))
    assert set(found.diverged) == {FULL}
    assert found.approach in (BOOSTING, FROM_SCRATCH)
    assert set(found.rivals) == {BOOSTING, FROM_SCRATCH}
    asked = made(prepared, ruined(setting), only=(FULL, BOOSTING))
    assert asked.approach == BOOSTING


def test_where_all_that_may_be_chosen_diverged_there_is_no_candidate(
    prepared: tuple[Preparation, Windows], setting: Setting
):
    with pytest.raises(TrainingError, match=r"every training diverged: full fine-tuning in fold 0"):
        made(prepared, ruined(setting), only=(FULL,))
