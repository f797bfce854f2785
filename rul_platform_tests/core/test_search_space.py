"""Search spaces: read, refused with every problem, spread into a grid."""

import json

import pytest

from rul_platform.core.search_space import DEFAULT_SPACE, DEFAULT_TUNING_SPACE, parse_space
from rul_platform.errors import SearchSpaceError


def test_a_space_is_ranges_and_choices():
    space = parse_space(
        """
        learning_rate = { low = 0.001, high = 0.1, log = true }
        hidden_size = [32, 64]
        loss = ["mse", "huber"]
        """,
        source="space.toml",
    )
    assert space.names == ("learning_rate", "hidden_size", "loss")
    assert space.dimensions[0].points() == (0.001, 0.01, 0.1)
    assert space.dimensions[0].holds(0.02)
    assert not space.dimensions[0].holds(0.2)
    assert len(space.grid()) == 3 * 2 * 2
    assert space.grid()[1] == {"learning_rate": 0.001, "hidden_size": 32, "loss": "huber"}


@pytest.mark.parametrize("space", [DEFAULT_SPACE, DEFAULT_TUNING_SPACE])
def test_the_default_spaces_are_what_a_person_could_write(space):
    written = json.dumps(space.to_json())
    assert parse_space(written, source="default", is_json=True) == space


def test_a_whole_number_has_whole_points():
    space = parse_space("num_layers = { low = 1, high = 2 }", source="space.toml")
    assert space.dimensions[0].points() == (1, 2)


def test_every_problem_of_a_space_is_told_at_once():
    with pytest.raises(SearchSpaceError) as refused:
        parse_space(
            """
            learning_rat = [0.1]
            learning_rate = { low = 0.1, high = 0.01 }
            weight_decay = { low = 0.0, high = 0.1, log = true }
            dropout = [0.1, 1.5]
            hidden_size = [32.5]
            num_layers = 2
            batch_size = []
            loss = ["mae"]
            schedule = { low = 1, high = 2, step = 1 }
            """,
            source="space.toml",
        )
    said = str(refused.value)
    assert "space.toml: 10 problems; nothing was tried." in said
    for words in (
        "learning_rat: there is no such number; did you mean 'learning_rate'?",
        "learning_rate.low is 0.1, but must be below high, 0.01",
        "weight_decay.low is 0.0, but must be above 0 where log is true",
        "dropout is 1.5, but must be a number from 0 to 0.9",
        "hidden_size is 32.5, but must be a whole number from 1 to 1024",
        "num_layers is 2, but must be a list of choices, or low and high",
        "batch_size has no choice; give at least one",
        "loss is 'mae', but must be one of mse, huber",
        "schedule.step: only low, high and log are known",
        "schedule is a word: give a list of one_cycle, cosine",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("text", "is_json", "words"),
    [
        ("a = ", False, "no TOML"),
        ("{", True, "no JSON"),
        ("", False, "it names nothing to search"),
        ("[1]", True, "it names nothing to search"),
    ],
)
def test_what_is_no_space_at_all_is_refused(text: str, is_json: bool, words: str):
    with pytest.raises(SearchSpaceError, match=words):
        parse_space(text, source="space", is_json=is_json)
