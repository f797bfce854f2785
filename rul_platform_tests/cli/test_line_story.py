"""A short week on the simulated line, with a small model that is in charge already."""

from datetime import timedelta

import numpy as np
import pytest

from rul_platform.cli.line_story import LineStory, SimulatedClock, Week, free_name
from rul_platform.cli.stages import Work
from rul_platform.core.simulated_line import Line
from rul_platform_tests.orchestration.at_work import NOW
from rul_platform_tests.orchestration.conftest import (  # noqa: F401  fixtures
    PUMPS,
    Works,
    finished,
    finished_home,
)


def test_a_clock_stands_still_until_it_is_moved():
    clock = SimulatedClock(NOW)
    assert clock() == clock() == NOW
    clock.move(36.0)
    assert clock() == NOW + timedelta(days=1.5)


def test_a_week_without_ratings_shows_no_share():
    assert Week().satisfaction == "-"
    assert Week(positive=3, negative=1).satisfaction == "75%"


@pytest.mark.long
def test_a_week_is_answered_rated_reported_and_watched(
    finished: Works,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
):
    clock = SimulatedClock(NOW)
    finished.home.now = clock
    work = Work(finished.home, finished.pipeline, finished.instance)
    line = Line.simulate(positions=8, days=14, harsh_from_day=0, seed=3)
    story = LineStory(work, clock, PUMPS, line, 2, 580.0, np.random.default_rng(0))

    story.play()

    answers = finished.home.predictions.answered(PUMPS)
    assert {a.unit for a in answers} == story.seen <= {p.name for p in line.pumps}
    assert len(finished.home.feedback.recent(PUMPS, 100)) > 3
    assert story.unrated  # the last answers, of which nobody knows yet
    assert finished.home.retrains.history(PUMPS) == ()
    assert clock() == NOW + timedelta(days=13)
    assert "8 pumps at work" in capsys.readouterr().out
    assert free_name(work, PUMPS) == f"{PUMPS}_2"
    assert free_name(work, "line") == "line"
