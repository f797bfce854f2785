"""Which approaches a training tries."""

from dataclasses import replace
from typing import Any

import pytest

from rul_platform.core.approaches import (
    APPROACHES,
    BLEND,
    BOOSTING,
    FROM_CHAMPION,
    FROM_SCRATCH,
    FULL,
    SCRATCH_BLEND,
    ZERO_SHOT,
)
from rul_platform.core.recipe import FitConfig
from rul_platform.core.terms import Terms
from rul_platform.errors import OptionsError
from rul_platform.learning.transfer.approaches import Setting, available, default_approaches
from rul_platform.learning.transfer.finetuning import FinetuneConfig
from rul_platform.orchestration.attempts import NOT_AS_IT_IS, NOT_FROM_CHAMPION, attempts
from rul_platform.orchestration.finetuning_config import (
    ApproachName,
    FinetunedModelConfig,
    StartName,
)
from rul_platform_tests.learning.conftest import CAP
from rul_platform_tests.learning.plants import plant_windows
from rul_platform_tests.learning.transfer.test_finetuning import parent

CHAMPION: dict[str, Any] = {"approach": FULL, "chosen_at": 10}


@pytest.fixture
def setting() -> Setting:
    """A plant that shares no channel with the pretrained network."""
    return Setting(
        checkpoint=parent(),
        channels=("heat", "age"),
        window=10,
        cap=CAP,
        config=FinetuneConfig(fit=FitConfig(seed=0, steps=3)),
    )


@pytest.fixture
def going_on(setting: Setting) -> Setting:
    """The same with networks of a champion."""
    return replace(setting, start={0: parent(), 1: parent()})


def test_every_approach_can_be_asked_for_by_name():
    asked = {name.approach for name in ApproachName} - {None}
    assert asked == set(APPROACHES)


def test_a_first_training_tries_what_is_worth_it(setting: Setting):
    found = attempts(FinetunedModelConfig(), setting, units=10, champion=None)
    assert found.names == default_approaches(setting)
    assert (found.from_champion, found.only, found.chosen_at) == ((), (), 10)


def test_all_of_them_where_that_is_asked_for(setting: Setting):
    config = FinetunedModelConfig(approach=ApproachName.best_of_all)
    found = attempts(config, setting, units=10, champion=CHAMPION)
    assert found.names == available(setting)


def test_a_retrain_keeps_the_champions_approach_and_compares_its_starts(going_on: Setting):
    config = FinetunedModelConfig(start=StartName.best)
    found = attempts(config, going_on, units=14, champion=CHAMPION)
    assert found.names == (FROM_SCRATCH, BOOSTING, FULL)
    assert found.from_champion == (FULL,)
    assert (found.only, found.chosen_at) == ((), 10)


def test_with_half_as_many_units_again_the_choice_is_made_anew(going_on: Setting):
    config = FinetunedModelConfig(start=StartName.best)
    found = attempts(config, going_on, units=15, champion=CHAMPION)
    assert found.names == default_approaches(going_on)
    assert found.from_champion == (FULL,)
    assert found.chosen_at == 15


def test_a_champion_from_before_there_were_approaches_settles_nothing(setting: Setting):
    config = FinetunedModelConfig(start=StartName.best)
    found = attempts(config, setting, units=9, champion={"architecture": "lstm"})
    assert found.names == default_approaches(setting)
    assert found.chosen_at == 9


def test_an_approach_or_a_start_that_is_asked_for_is_what_may_be_chosen(going_on: Setting):
    config = FinetunedModelConfig(approach=ApproachName.full_fine_tuning, start=StartName.best)
    found = attempts(config, going_on, units=10, champion=CHAMPION)
    assert found.only == (FULL, FULL + FROM_CHAMPION)
    config = FinetunedModelConfig(start=StartName.champion)
    found = attempts(config, going_on, units=10, champion=CHAMPION)
    assert found.only == (FULL + FROM_CHAMPION,)


def test_what_the_plant_lacks_cannot_be_asked_for(setting: Setting):
    config = FinetunedModelConfig(approach=ApproachName.blend)
    with pytest.raises(OptionsError, match="approach blend needs what this plant lacks: source"):
        attempts(config, setting, units=10, champion=None)


def of_other_terms(setting: Setting, **other: Any) -> Setting:
    """The same plant with all channels of the pretrained network, which learned otherwise."""
    learned_on = Terms(**{"cap": setting.cap, "life_unit": "hours"} | other)
    known = replace(setting.checkpoint, terms=learned_on)
    return replace(setting, checkpoint=known, channels=known.channels, life_unit="hours")


@pytest.mark.parametrize("other", [{"cap": 7.0}, {"life_unit": "cycles"}])
def test_a_network_whose_answers_are_in_other_units_is_not_tried_as_it_is(
    setting: Setting, other: dict[str, Any]
):
    alike, foreign = of_other_terms(setting), of_other_terms(setting, **other)
    tried = attempts(FinetunedModelConfig(), alike, units=10, champion=None)
    assert ZERO_SHOT in tried.names
    assert tried.remarks == {}
    tried = attempts(FinetunedModelConfig(), foreign, units=10, champion=None)
    assert set(tried.names) == set(default_approaches(alike)) - {ZERO_SHOT}
    assert tried.remarks == {NOT_AS_IT_IS: foreign.foreign_answers}
    asked = FinetunedModelConfig(approach=ApproachName.zero_shot)
    with pytest.raises(OptionsError, match=r"label cap and unit of life \(it learned "):
        attempts(asked, foreign, units=10, champion=None)


@pytest.mark.parametrize("approach", [FROM_SCRATCH, SCRATCH_BLEND, BOOSTING])
def test_what_begins_with_nothing_is_not_tried_twice(going_on: Setting, approach: str):
    """From the champion's networks it would be the very same training."""
    config = FinetunedModelConfig(start=StartName.best)
    found = attempts(config, going_on, units=12, champion=CHAMPION | {"approach": approach})
    assert found.from_champion == ()
    assert found.remarks == {
        NOT_FROM_CHAMPION: f"{approach} begins with nothing, whoever is in charge"
    }


def test_a_blend_with_a_network_goes_on_from_the_champion(going_on: Setting):
    _, source = plant_windows(2)
    with_source = replace(going_on, source=source)
    config = FinetunedModelConfig(start=StartName.best)
    found = attempts(config, with_source, units=12, champion=CHAMPION | {"approach": BLEND})
    assert (found.from_champion, found.remarks) == ((BLEND,), {})
