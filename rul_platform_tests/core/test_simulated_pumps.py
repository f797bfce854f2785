import pandas as pd

from rul_platform.core.simulated_pumps import PUMPS, SENSORS, STILL_AT_WORK, simulate_pumps


def test_the_same_seed_gives_the_same_fleet():
    for first, second in zip(simulate_pumps(3), simulate_pumps(3), strict=True):
        pd.testing.assert_frame_equal(first, second)


def test_twenty_pumps_failed_after_their_last_reading_and_four_are_at_work():
    readings, failures = simulate_pumps()
    last = readings.groupby("pump")["hours"].max()

    assert readings["pump"].nunique() == PUMPS
    assert len(failures) == PUMPS - STILL_AT_WORK
    gap = failures.set_index("pump")["hours"] - last.loc[failures["pump"]]
    assert gap.between(0, 6).all()


def test_both_duties_occur_in_every_life_and_every_sensor_moves_with_wear():
    readings, failures = simulate_pumps()
    lived = readings[readings["pump"].isin(failures["pump"])]

    assert (lived.groupby("pump")["duty"].nunique() == 2).all()
    light = lived[lived["duty"] == "light"].groupby("pump")
    for sensor, (_, _, full_wear, noise) in SENSORS.items():
        change = light[sensor].apply(lambda s: s.tail(5).mean() - s.head(5).mean())
        assert change.mean() / full_wear > 0.5, sensor
        assert abs(change.mean()) > noise
