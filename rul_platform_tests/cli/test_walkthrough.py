"""What `rul demo` says of its own answers."""

import pytest

from rul_platform.cli.walkthrough import against
from rul_platform.inference.prediction import Prediction

SAID = Prediction("7", 300.0, 110.0, 90.0, 125.0, 110.0, None, 125.0, 0.9, "cycles", (), False)


@pytest.mark.parametrize(
    ("truth", "words"),
    [
        (90, "cycles more: inside the interval."),
        (157, "cycles more: inside the interval."),  # its upper end is the cap: that long or longer
        (89, "cycles more: outside of the interval, as 10 of 100 answers are expected to be."),
    ],
)
def test_an_answer_is_held_against_what_became_of_the_machine(truth: float, words: str):
    assert against(SAID, truth) == words
