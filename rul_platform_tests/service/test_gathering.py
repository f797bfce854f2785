"""Questions that come at the same moment are answered together, and each as if it were alone."""

import asyncio
from typing import Any

import pytest

from rul_platform.errors import CalibrationError, ReadingsError
from rul_platform.operation.answers import Answer
from rul_platform.operation.serving.given_units import GivenUnit
from rul_platform.service.gathering import Gathering
from rul_platform_tests.operation.served import PRESS
from rul_platform_tests.service.running import Running, question

Asked = list[tuple[list[GivenUnit], float | None]]


def given(*units: str, hours: int = 40) -> list[GivenUnit]:
    asked = question(*units, hours=hours)["units"]
    return [GivenUnit(each["unit"], each["readings"]) for each in asked]


def told(answers: tuple[Answer, ...]) -> list[tuple[Any, ...]]:
    said = [each.prediction for each in answers]
    return [(p.unit, p.life, p.rul, p.rul_low, p.rul_high, p.level, *p.warnings) for p in said]


def at_once(running: Running, asked: Asked) -> list[Any]:
    gathering = Gathering(running.parts.predicting, running.home.now)

    async def ask() -> list[Any]:
        each = (gathering.answer(PRESS, units, level) for units, level in asked)
        return await asyncio.gather(*each, return_exceptions=True)

    return asyncio.run(ask())


def alone(running: Running, units: list[GivenUnit], level: float | None) -> list[tuple[Any, ...]]:
    answers = running.parts.predicting.answer(PRESS, units, level=level, now=running.home.now())
    return told(answers)


def test_each_is_answered_as_if_alone(running: Running):
    """One machine twice with other readings, several in one question, another level."""
    asked: Asked = [
        (given("a", hours=30), None),
        (given("b", "c"), None),
        (given("a", hours=7), None),
        (given("a", hours=30), 0.8),
        (given("c", hours=1), None),
    ]
    for answers, (units, level) in zip(at_once(running, asked), asked, strict=True):
        for one, other in zip(told(answers), alone(running, units, level), strict=True):
            assert one[1:5] == pytest.approx(other[1:5], abs=1e-4)
            assert (one[0], *one[5:]) == (other[0], *other[5:])


def test_each_is_logged_with_its_own_readings_and_the_network_is_asked_once(running: Running):
    asked: Asked = [(given("a", hours=30), None), (given("a", hours=7), None)]
    (long,), (short,) = at_once(running, asked)
    assert running.parts.log.flush(30)
    one, other = (running.home.predictions.get(each.id) for each in (long, short))
    assert (one.life, other.life) == (30.0, 7.0)
    assert one.readings_sha256 != other.readings_sha256
    assert one.inference_ms == other.inference_ms  # its time is shared


def test_a_mistake_is_its_own(running: Running):
    wrong = GivenUnit("m", {"hours": [1.0], "Vibration": [0.3], "Heta": [60.0]})
    asked: Asked = [(given("a"), None), ([wrong], None), (given("b"), 0.999), (given("c"), None)]
    first, refused, unreachable, last = at_once(running, asked)
    assert isinstance(refused, ReadingsError)
    assert "'Heta'" in str(refused)
    assert isinstance(unreachable, CalibrationError)
    assert told(first)[0][0] == "a"
    assert told(last)[0][0] == "c"
