"""Predictions over HTTP."""

import pytest

from rul_platform.inference.predictor import Predictor
from rul_platform.operation.asking import load
from rul_platform.storage.home import Home
from rul_platform_tests.operation.served import PRESS, table
from rul_platform_tests.service.running import Running, question

PREDICT = "/api/v1/rul/predict"


def champion(home: Home) -> Predictor:
    version = home.registry.champion(PRESS)
    assert version is not None
    return load(home, version)


@pytest.mark.parametrize("hours", [1, 2, 3, 8, 17, 40, 59])
def test_the_answer_is_the_one_of_the_command_line_and_of_the_evaluation(
    running: Running, hours: int
):
    """One reading or many, irregular in number: the same scaling, the same steps, the same windows."""
    from rul_platform.operation.answering import read

    with running.client("predict") as client:
        answer = client.post(PREDICT, json=question("m1", "m2", hours=hours))
    assert answer.status_code == 200, answer.text
    given = read(running.home, PRESS, {"table": table(hours, "m1", "m2")}).for_model
    expected = champion(running.home).predict(given)
    for told, own in zip(answer.json()["predictions"], expected, strict=True):
        assert told["unit"] == own.unit
        assert told["rul"] == pytest.approx(own.rul, abs=1e-4)
        assert told["interval"]["low"] == pytest.approx(own.rul_low, abs=1e-4)
        assert told["interval"]["high"] == pytest.approx(own.rul_high, abs=1e-4)
        assert told["warnings"] == list(own.warnings)
        assert told["advisory_only"] is True


def test_what_was_answered_is_in_the_log_with_its_readings(running: Running):
    with running.client() as client:
        (told,) = client.post(PREDICT, json=question("m7")).json()["predictions"]
        logged = client.get(f"/api/v1/rul/predictions/{told['id']}").json()
    assert (logged["unit"], logged["number"]) == ("m7", told["model"]["version"])
    assert logged["rul"] == told["rul"]
    landed = running.home.landing.readings(PRESS)
    assert len(landed[landed["unit"] == "m7"]) == 40
    assert logged["readings_sha256"] in [sha for _, sha in running.home.landing.sources(PRESS)]
