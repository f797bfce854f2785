"""What a network to start from can be called."""

import pytest

from rul_platform.core.parents import checked_name, config_of, seen_subsets
from rul_platform.errors import RecordError


@pytest.mark.parametrize(
    "name", ["lstm_cmapss", "models/pretrained/lstm_cmapss.pt", "../../etc/passwd", "a" * 200, "A"]
)
def test_a_name_may_look_like_a_path(name: str):
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "a" * 201, "a b", "a\n", "a\0", "a\nb", "é", "a\\b", "pretrained", "0" * 64, "a:b", "а"],  # noqa: RUF001
)
def test_other_names_are_refused(name: str):
    with pytest.raises(RecordError, match="The name of a checkpoint is "):
        checked_name(name)


@pytest.mark.parametrize("said", [["FD005"], ["nothing-of-these", "FD001"], [""]])
def test_what_it_has_seen_is_subsets_or_none_of_them(said: list[str]):
    with pytest.raises(RecordError, match="or nothing-of-these alone"):
        seen_subsets(said)


def test_a_card_of_before_tells_the_sizes_that_were_asked_for():
    card = {"training": {"hidden_size": 8, "seed": 1}, "window": 30, "cap": 125.0}
    assert config_of(card) == {"hidden_size": 8, "window": 30, "cap": 125.0}
    assert config_of({"config": {"channels": ["a"]}}) == {"channels": ["a"]}
