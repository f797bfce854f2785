"""A deployed model answers."""

import subprocess
import sys

import numpy as np
import onnx
import pandas as pd
import pytest

from rul_platform.core.fleet import Fleet
from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.errors import CalibrationError, InferenceError, ReadingsError
from rul_platform.inference.predictor import Outputs, Predictor
from rul_platform.learning.fitting import training
from rul_platform.learning.networks import models
from rul_platform.learning.trained import packaging
from rul_platform.learning.trained.learned import NetworkModel
from rul_platform_tests.fleets import wearing_fleet
from rul_platform_tests.operation.served import calibrated


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """Of a model that was trained for a moment on six machines with two sensors."""
    lives = {f"u{unit}": 40 + 5 * unit for unit in range(6)}
    fleet = wearing_fleet(lives)
    roles = pd.Series({unit: "valid" if unit == "u5" else "train" for unit in lives})
    preparation = Preparation.fit(fleet, fleet.sensors, window=10, cap=50.0, life_unit="hours")
    windows = preparation.windows(fleet, roles)
    model = models.default_config("gru", len(preparation.channels), hidden_size=8)
    network = models.build(model, seed=0)
    training.fit(
        network,
        windows.select("train"),
        windows.select("valid"),
        FitConfig(seed=0, steps=60, validate_every=20),
        cap=50.0,
    )
    learned = NetworkModel(network, model, preparation.channels, preparation.window)
    interval = calibrated(learned, windows.select("valid"), cap=50.0)
    return packaging.package(learned, preparation, windows=windows, interval=interval, facts={})


@pytest.fixture(scope="module")
def predictor(files: dict[str, bytes]) -> Predictor:
    """Ready to answer."""
    return Predictor.from_files(files)


def history(rows: int = 30) -> pd.DataFrame:
    return wearing_fleet({"m": 60}).readings.head(rows)


def test_the_answer_is_the_one_of_the_evaluation(predictor: Predictor):
    """The same history gives the same number, whether it is scored or asked for."""
    fleet = wearing_fleet({"m": 60})
    scored = predictor.score(predictor.preparation.windows(fleet, "test"))
    for rows in (1, 5, 30, 60):
        (said,) = predictor.predict(history(rows))
        assert said.rul == pytest.approx(scored[rows - 1], abs=1e-4)
        assert said.life == float(rows)


def test_what_the_network_said_before_any_limit_is_told(predictor: Predictor):
    """Far outside of what it learned from, the answer stays within the limits; the raw one need not."""
    wild = history(40).assign(s0=lambda table: table["s0"] + 50.0, s1=-50.0)
    for table in (history(40), wild):
        (said,) = predictor.predict(table)
        assert said.rul == pytest.approx(min(max(said.raw_rul, 0.0), said.cap), abs=1e-4)
        assert said.cap == 50.0


def test_a_network_that_says_no_number_answers_nothing(predictor: Predictor):
    question = predictor.question(history())
    with pytest.raises(InferenceError, match="what it says is no finite number"):
        predictor.answers(question, Outputs(np.array([np.nan], dtype=np.float32)))


def test_bytes_that_are_no_network_are_refused(predictor: Predictor):
    with pytest.raises(InferenceError, match="The model could not answer: ONNX Runtime refuses it"):
        Predictor(b"no network", predictor.card)


def test_rul_falls_as_the_machine_wears(predictor: Predictor):
    (early,), (late,) = predictor.predict(history(10)), predictor.predict(history(58))
    assert late.rul < early.rul
    assert late.rul_low <= late.rul <= late.rul_high
    assert late.life_unit == "hours"


def test_the_order_of_the_rows_does_not_matter(predictor: Predictor):
    table = history()
    assert predictor.predict(table) == predictor.predict(table.iloc[::-1])


def test_one_reading_is_enough_and_is_warned_of(predictor: Predictor):
    (said,) = predictor.predict(history(1))
    assert said.warnings[0] == "short history: 1 reading, the model counts on 10"
    assert np.isfinite(said.rul)


def test_a_history_without_its_beginning_is_warned_of(predictor: Predictor):
    """Wear shows as drift from the beginning: without it a worn machine looks new."""
    (whole,) = predictor.predict(history(58))
    (cut,) = predictor.predict(history(58).tail(20))
    assert not [note for note in whole.warnings if "begin" in note]
    assert cut.warnings[0] == (
        "the history begins at 39 hours, training histories began by 1: without the beginning of its "
        "life the prediction can be far too optimistic; give all of it"
    )


@pytest.mark.parametrize("last", [20.0, 20.1, 20.9])
def test_a_whole_history_is_no_late_one_wherever_its_steps_fall(
    predictor: Predictor, files: dict[str, bytes], last: float
):
    """Steps lie backwards from the newest reading: the first of them ends up to one step after 0."""
    old = with_card(
        predictor, files, preparation=predictor.preparation.to_json() | {"first_life": 0.2}
    )
    table = history(21).assign(life=np.arange(21) - 20 + last)
    (whole,) = old.predict(table)
    (cut,) = old.predict(table.iloc[2:])
    assert not [note for note in whole.warnings if "begin" in note]
    assert [note for note in cut.warnings if "the history begins at" in note]


def test_a_sensor_that_stands_still_is_warned_of(predictor: Predictor):
    """Within the range that training saw, so that nothing else tells of it."""
    assert predictor.preparation.longest_still == (1, 1)
    table = history(40)
    stuck = table.assign(s1=table["s1"].where(table["life"] <= 30, 0.5))
    (said,) = predictor.predict(stuck)
    expected = "s1 has not moved for 10 readings, in training for at most 1: check the sensor"
    assert expected in said.warnings
    assert not said.is_strange
    for fine in (table, stuck.iloc[:-1]):
        assert not [w for w in predictor.predict(fine)[0].warnings if "moved" in w]


@pytest.mark.parametrize(
    ("longest", "warned"), [((9, 14), True), ((9, 15), False), ((9, 0), False)]
)
def test_a_sensor_that_often_stands_still_is_warned_of_later_or_never(
    predictor: Predictor, files: dict[str, bytes], longest: tuple[int, int], warned: bool
):
    card = predictor.preparation.to_json() | {"longest_still": longest}
    (said,) = with_card(predictor, files, preparation=card).predict(history(30).assign(s1=0.5))
    assert any("s1 has not moved for 30 readings" in note for note in said.warnings) == warned


def test_a_card_of_before_says_nothing_of_sensors_that_stand_still(
    predictor: Predictor, files: dict[str, bytes]
):
    card = {k: v for k, v in predictor.preparation.to_json().items() if k != "longest_still"}
    (said,) = with_card(predictor, files, preparation=card).predict(history(30).assign(s1=0.5))
    assert not [note for note in said.warnings if "moved" in note]


def test_each_unit_is_warned_by_its_own_beginning(predictor: Predictor):
    fleet = wearing_fleet({"b": 20, "a": 40})
    a, b = predictor.predict(fleet.readings[~fleet.readings["life"].isin([1.0, 2.0])])
    assert ["begins at 3" in said.warnings[0] for said in (a, b)] == [True, True]
    late = (fleet.readings["unit"] == "b") & (fleet.readings["life"] < 5)
    a, b = predictor.predict(fleet.readings[~late])
    assert [any("begins at 5" in note for note in said.warnings) for said in (a, b)] == [
        False,
        True,
    ]


def test_the_raw_output_is_in_caps_and_without_limits(predictor: Predictor):
    windows = predictor.preparation.windows(wearing_fleet({"m": 60}), "test")
    raw = predictor.raw(windows)
    assert raw.shape == (60,)
    assert np.array_equal(np.clip(raw.astype(float), 0, 1) * 50.0, predictor.score(windows))
    worn_out = predictor.preparation.windows(worn(), "test")
    assert not (0 <= predictor.raw(worn_out)[-1] <= 1)
    assert predictor.score(worn_out)[-1] in (0.0, 50.0)


def worn() -> Fleet:
    """A machine far beyond anything in training."""
    fleet = wearing_fleet({"m": 60})
    for sensor in fleet.sensors:
        fleet.readings[sensor] *= 50
    return fleet


def test_units_named_by_numbers_are_answered_under_their_name(predictor: Predictor):
    (said,) = predictor.predict(history().assign(unit=7))
    assert said.unit == "7"


def test_a_sensor_in_another_unit_is_warned_of(predictor: Predictor):
    (said,) = predictor.predict(history().assign(s1=lambda table: table["s1"] * 1000 + 500))
    assert any(
        note.startswith("s1 far outside what the model learned from") for note in said.warnings
    )
    (usual,) = predictor.predict(history())
    assert not any("far outside" in note for note in usual.warnings)


def test_any_level_can_be_asked_for(predictor: Predictor):
    """The card names 90 %; a higher level never gives a narrower interval."""
    said = [predictor.predict(history(40), level)[0] for level in (None, 0.5, 0.8, 0.99)]
    assert [each.level for each in said] == [0.9, 0.5, 0.8, 0.99]
    usual, half, most, all_but = said
    assert all_but.rul_low <= usual.rul_low <= most.rul_low <= half.rul_low <= usual.rul
    assert usual.rul <= half.rul_high <= most.rul_high <= usual.rul_high <= all_but.rul_high
    with pytest.raises(CalibrationError, match=r"Level 1 cannot be served"):
        predictor.predict(history(40), 1.0)


def with_card(predictor: Predictor, files: dict[str, bytes], **card: object) -> Predictor:
    return Predictor(files["model.onnx"], {**predictor.card, **card})


def test_a_card_of_before_still_serves(predictor: Predictor, files: dict[str, bytes]):
    """It has one width for all predictions, at one level."""
    interval = {"level": 0.9, "half_width": 7.0, "units": 4}
    old = with_card(predictor, files, interval=interval)
    (said,) = old.predict(history(40))
    assert said.rul_low == max(said.rul - 7.0, 0.0)
    assert said.rul_high == min(said.rul + 7.0, 50.0)
    with pytest.raises(CalibrationError, match="calibrated for 90% only"):
        old.predict(history(40), 0.8)


def test_a_history_is_short_for_what_the_model_needs(predictor: Predictor, files: dict[str, bytes]):
    """A model may read long histories and still need few readings."""
    patient = with_card(predictor, files, short_below=3)
    (said,), (warned,) = patient.predict(history(3)), patient.predict(history(2))
    assert not [note for note in said.warnings if "short" in note]
    assert warned.warnings[0] == "short history: 2 readings, the model counts on 3"


def test_without_a_far_head_there_is_no_far_life(predictor: Predictor):
    question = predictor.question(history(5))
    (near,) = predictor.answers(question, Outputs(np.array([1.2], dtype=np.float32)))
    assert near.far_rul is None
    assert near.warnings[-1] == "no sign of wear yet: read it as at least 50"


@pytest.mark.parametrize(
    ("rul", "far", "told"),
    [
        (1.0, 1.6, "no sign of wear yet: read it as at least 50; the far head says about 80"),
        (1.0, 0.9, "no sign of wear yet: read it as at least 50"),
    ],
)
def test_what_the_far_head_says_is_told_where_there_is_no_sign_of_wear(
    predictor: Predictor, rul: float, far: float, told: str
):
    outputs = Outputs(*(np.array([value], dtype=np.float32) for value in (rul, far)))
    (said,) = predictor.answers(predictor.question(history(12)), outputs)
    assert said.far_rul == pytest.approx(50 * far)
    assert said.warnings[-1] == told


def test_the_far_output_of_a_graph_is_read(predictor: Predictor, files: dict[str, bytes]):
    """A graph whose second output repeats the first: what it says is the first, without the limit."""
    graph = onnx.load_from_string(files["model.onnx"])
    graph.graph.node.append(onnx.helper.make_node("Identity", ["rul"], ["far"]))
    far = onnx.helper.make_tensor_value_info("far", onnx.TensorProto.FLOAT, ["B"])
    graph.graph.output.append(far)
    (said,) = Predictor(graph.SerializeToString(), predictor.card).predict(history(40))
    assert said.far_rul == pytest.approx(max(said.raw_rul, 0.0))
    with pytest.raises(InferenceError, match="no finite number"):
        predictor.answers(
            predictor.question(history()),
            Outputs(np.array([0.5], dtype=np.float32), np.array([np.nan], dtype=np.float32)),
        )


def test_several_units_are_answered_apart(predictor: Predictor):
    fleet = wearing_fleet({"b": 20, "a": 40})
    alone = [predictor.predict(fleet.take([unit]).readings)[0] for unit in ("a", "b")]
    assert predictor.predict(fleet.readings) == alone


def test_a_machine_with_one_condition_need_not_name_it(predictor: Predictor):
    table = history()
    assert predictor.predict(table.drop(columns="condition")) == predictor.predict(table)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns=["s0", "life"]), "column life, s0 missing"),
        (lambda t: t.head(0), "no row"),
        (lambda t: t.assign(s1=np.nan), "s1 is nan in row 1, a number is expected"),
        (lambda t: t.assign(s1="high"), "s1 is 'high' in row 1, a number is expected"),
        (lambda t: t.assign(s0=1e300), "s0 is 1e.300 in row 1, at most 1e.15 is expected"),
        (lambda t: t.assign(s0=np.inf), "s0 is inf in row 1"),
        (lambda t: t.assign(life=3.0), "unit m has two readings at life 3.0"),
        (lambda t: t.assign(unit=1, life=3.0), "unit 1 has two readings at life 3.0"),
        (
            lambda t: t.assign(unit=[1, "1"] * 15),
            r"readings: unit 1 is a number in some rows and text in others, write it alike in all\.$",
        ),
        (
            lambda t: t.assign(unit=[1] * 15 + ["1"] * 15, life=[*range(15)] * 2),
            r"readings: unit 1 is a number in some rows and text in others, write it alike in all\.$",
        ),
        (lambda t: t.assign(unit=["m", None] * 15), "unit is missing in row 2, a name is expected"),
        (lambda t: t.assign(unit=np.nan), "unit is missing in row 1, a name is expected"),
        (
            lambda t: t.assign(unit=["m"] * 29 + [" "]),
            "unit is missing in row 30, a name is expected",
        ),
        (lambda t: t.assign(condition=None), "condition is missing in row 1, a name is expected"),
        (lambda t: t.assign(life=t["life"] - 2), "life is -1.0 in row 1, 0 or more is expected"),
        (lambda t: t.assign(s0=True), "s0 is True in row 1, a number is expected"),
        (
            lambda t: t.assign(life=[*range(29), True]),
            "life is True in row 30, a number is expected",
        ),
        (
            lambda t: t.assign(s0="high", life=-1.0),
            "life is -1.0 in row 1, .* s0 is 'high' in row 1, .* unit m has two readings at life -1",
        ),
        (lambda t: t.assign(condition="9"), "Operating condition 9 was not seen in training"),
    ],
)
def test_readings_that_cannot_be_used_are_refused(predictor: Predictor, change, message: str):
    with pytest.raises(ReadingsError, match=message):
        predictor.predict(change(history()))


def test_no_torch_and_no_dagster_are_needed_to_answer():
    """The service must stay small: what it imports is looked at in a process of its own."""
    code = (
        "import sys; import rul_platform.inference.predictor; "
        "print([m for m in ('torch', 'dagster', 'sklearn', 'sqlalchemy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
