import numpy as np
import pandas as pd

from rul_platform.core.simulated_line import DAY_HOURS, PAST_PUMPS, Line, opinion, past_pumps
from rul_platform.core.simulated_pumps import HARSH_FACTOR, HARSH_TEMPERATURE_C


def line(**changed: float) -> Line:
    wanted = {"positions": 6, "days": 90, "harsh_from_day": 30, "seed": 1} | changed
    return Line.simulate(**wanted)  # pyright: ignore[reportArgumentType]


def test_every_position_is_filled_at_every_hour():
    pumps = line()
    for day in range(90):
        at_work = {p.name.rsplit("-", 1)[0] for p in pumps.at_work(day * DAY_HOURS)}
        assert len(at_work) == 6


def test_nobody_sees_what_is_measured_later():
    pumps, hour = line(), 500.0
    for pump in pumps.at_work(hour):
        seen = pump.until(hour)
        assert 0 < len(seen) < len(pump.readings) or pump.ends - hour <= 6
        assert seen["hours"].max() <= hour - pump.begins


def test_a_failure_is_told_once_and_then_another_pump_works():
    pumps = line()
    days = range(90)
    told = [p.name for day in days for p in pumps.failed(day * DAY_HOURS, (day + 1) * DAY_HOURS)]
    assert len(told) == len(set(told)) > 10
    assert not set(told) & {p.name for p in pumps.at_work(90 * DAY_HOURS)}


def test_in_harsh_liquid_pumps_run_hotter_and_die_sooner():
    usual, harsh = line(harsh_from_day=1e6, days=400), line(harsh_from_day=-1e6, days=400)

    def median_life(of: Line) -> float:
        return float(np.median([p.failed_at for p in of.pumps if p.begins >= 0]))

    def mean_heat(of: Line) -> float:
        return float(np.mean([p.readings["temperature_c"].mean() for p in of.pumps]))

    assert 0.8 < median_life(usual) / median_life(harsh) / HARSH_FACTOR < 1.25
    assert abs(mean_heat(harsh) - mean_heat(usual) - HARSH_TEMPERATURE_C) < 1


def test_the_past_never_saw_harsh_liquid_and_everybody_failed():
    readings, failures = past_pumps(seed=2)
    assert readings["pump"].nunique() == len(failures) == PAST_PUMPS
    assert set(readings.columns) == set(line().readings(100.0).columns)
    pd.testing.assert_frame_equal(past_pumps(seed=2)[0], readings)


def test_an_operator_accepts_three_days_or_thirty_per_cent():
    random = np.random.default_rng(0)

    def said(predicted: float, truth: float) -> set[tuple[str, str | None]]:
        votes = [opinion(predicted, truth, cap=580, random=random) for _ in range(200)]
        return {vote for vote in votes if votes.count(vote) > 100}

    assert said(100, 40) == {("positive", None)}
    assert said(150, 40) == {("negative", "too_late")}
    assert said(300, 500) == {("negative", "too_early")}
    assert said(570, 2000) == {("positive", None)}
