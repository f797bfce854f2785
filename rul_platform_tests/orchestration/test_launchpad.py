"""Options given as text."""

import pytest

from rul_platform.errors import OptionsError
from rul_platform.orchestration.assets.pretrained_checkpoint import PretrainedCheckpointConfig
from rul_platform.orchestration.finetuning_config import FinetunedModelConfig
from rul_platform.orchestration.launchpad import options

ASSET = "finetuned_model"


def test_text_becomes_what_a_run_takes():
    given = ["steps=30", "learning_rate = 1e-3", "epochs=none", "start=best"]
    assert options(FinetunedModelConfig, given, asset=ASSET) == {
        "steps": 30,
        "learning_rate": 1e-3,
        "epochs": None,
        "start": "best",
    }


def test_a_list_has_commas():
    given = ["subsets=FD001, FD002"]
    read = options(PretrainedCheckpointConfig, given, asset="pretrained_checkpoint")
    assert read == {"subsets": ["FD001", "FD002"]}


def test_nothing_given_is_nothing_chosen():
    assert options(FinetunedModelConfig, [], asset=ASSET) == {}


def test_every_problem_is_told_at_once():
    given = ["stepps=30", "seed=one", "pretrained_rate=3", "start=nowhere", "folds=2", "folds=3"]
    with pytest.raises(OptionsError) as refused:
        options(FinetunedModelConfig, given, asset=ASSET)
    said = str(refused.value)
    assert "Options of finetuned_model do not fit; nothing was started." in said
    assert "'stepps' is no option; did you mean 'steps'?" in said
    assert "folds is given 2 times, expected once" in said
    assert "seed is 'one', expected a valid integer" in said
    assert "pretrained_rate is '3', expected less than or equal to 1" in said
    assert "start is 'nowhere', expected 'best', 'pretrained' or 'champion'" in said
    assert len(refused.value.problems) == 5


def test_options_that_do_not_go_together_are_named_in_a_sentence():
    config, asset = PretrainedCheckpointConfig, "pretrained_checkpoint"
    with pytest.raises(OptionsError, match=r"\n  - bins is 0, expected 2 or more for the loss"):
        options(config, ["loss=distribution"], asset=asset)
    with pytest.raises(
        OptionsError, match=r"\n  - subsets is \['FD009'\], expected one or more of"
    ):
        options(config, ["subsets=FD009"], asset=asset)
    with pytest.raises(OptionsError, match=r"\n  - augment is \['flip'\], expected any of jitter"):
        options(config, ["augment=flip"], asset=asset)


def test_an_option_like_no_other_gets_the_whole_list():
    with pytest.raises(
        OptionsError, match=r"'zzz' is no option; there are approach, architecture, .* more"
    ):
        options(FinetunedModelConfig, ["zzz"], asset=ASSET)
