"""A model that works badly is taken out of service without being asked, and people are told."""

import json
from datetime import timedelta

import pytest

from rul_platform.errors import InferenceError
from rul_platform.operation.answering import answer
from rul_platform.operation.guarding import check_health, guard
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion
from rul_platform_tests.operation.served import CAP_HOURS, NOW, PRESS, add_version, serve, table
from rul_platform_tests.operation.test_answering import break_file
from rul_platform_tests.operation.test_deploying import set_policy, states

DEPLOYED = NOW + timedelta(hours=1)
LATER = NOW + timedelta(days=1)


@pytest.fixture
def served(home: Home) -> Home:
    """Version 1 has served, 2 is in charge."""
    serve(home)
    add_version(home, seed=1)
    home.registry.deploy(PRESS, 2, expected_champion=1, evidence={}, now=DEPLOYED)
    return home


def champion(home: Home) -> ModelVersion:
    found = home.registry.champion(PRESS)
    assert found is not None
    return found


def say_nonsense(home: Home, count: int = 40) -> None:
    """Answers far outside what a remaining life can be."""
    for number in range(count):
        home.predictions.record(
            plant=PRESS,
            unit=f"m{number}",
            number=champion(home).number,
            sha256=champion(home).sha256,
            life=10.0,
            rul=0.0,
            rul_low=0.0,
            rul_high=CAP_HOURS,
            raw_rul=-CAP_HOURS,
            now=LATER,
        )


def test_a_model_that_works_is_left_alone(served: Home):
    served.now = lambda: LATER
    for _ in range(4):
        answer(served, PRESS, {"now.csv": table(40, *(f"m{n}" for n in range(10)))})

    assert check_health(served, PRESS, LATER) == ()
    assert guard(served, PRESS, LATER) is None
    assert states(served) == {1: "retired", 2: "champion"}
    assert served.alerts.recent(9) == ()


def test_a_model_that_answers_nonsense_is_rolled_back_and_people_are_told(served: Home):
    say_nonsense(served)
    (breach,) = check_health(served, PRESS, LATER)

    back = guard(served, PRESS, LATER)

    assert breach.startswith("out of range: 40 of 40 answers")
    assert back is not None
    assert (champion(served).number, back.number, back.kind) == (1, 1, "rollback")
    assert states(served) == {1: "champion", 2: "rolled_back"}
    assert (back.evidence["actor"], back.evidence["reason"]) == ("system", breach)
    (row,) = served.ledger.of_plant(PRESS, ["rollback"])
    assert json.loads(row.body)["actor"] == "system"
    (alert,) = served.alerts.recent(9)
    assert alert.severity == "critical"
    assert alert.title == "press: version 2 was rolled back to version 1"
    assert alert.text.startswith(breach)


def test_what_the_model_before_did_is_not_held_against_this_one(served: Home):
    say_nonsense(served)
    guard(served, PRESS, LATER)

    assert check_health(served, PRESS, LATER) == ()


def test_after_a_rollback_the_guard_waits(served: Home):
    add_version(served, seed=2)
    served.registry.deploy(PRESS, 3, expected_champion=2, evidence={}, now=DEPLOYED)
    say_nonsense(served)
    assert guard(served, PRESS, LATER) is not None
    say_nonsense(served)

    assert guard(served, PRESS, LATER + timedelta(hours=23)) is None
    assert champion(served).number == 2
    back = guard(served, PRESS, LATER + timedelta(hours=24))
    assert back is not None
    assert back.number == 1


def test_without_a_version_to_go_back_to_people_are_told_once(served: Home):
    say_nonsense(served)
    break_file(served, served.registry.version(PRESS, 1), "model.onnx")

    assert guard(served, PRESS, LATER) is None
    assert guard(served, PRESS, LATER) is None

    assert states(served) == {1: "quarantined", 2: "champion"}
    (alert,) = served.alerts.recent(9)
    assert alert.title == "press: version 2 works badly, and there is none to go back to"
    assert "version 1 is quarantined" in alert.text
    assert (alert.severity, alert.repeats) == ("critical", 1)


def test_damaged_files_are_a_breach(served: Home):
    break_file(served, champion(served), "card.json")

    (breach,) = check_health(served, PRESS, LATER)

    assert breach.startswith("files: ")
    assert "the bytes hash to" in breach
    back = guard(served, PRESS, LATER)
    assert back is not None
    assert back.number == 1


def test_failures_of_the_model_are_counted(served: Home):
    served.now = lambda: LATER
    made = served.store.write({"model.onnx": b"none", "card.json": card_of(served)})
    bad = served.registry.register(PRESS, made.sha256, now=NOW)
    served.registry.deploy(PRESS, bad.number, expected_champion=2, evidence={}, now=LATER)
    for _ in range(30):
        with pytest.raises(InferenceError):
            answer(served, PRESS, {"now.csv": table()})

    back = guard(served, PRESS, LATER)

    assert back is not None
    assert back.evidence["reason"].startswith("failed: 30 of 30 predictions")
    assert answer(served, PRESS, {"now.csv": table()})[0].number == 2


def card_of(home: Home) -> bytes:
    return home.store.read(home.store.artifact(champion(home).sha256), "card.json")


def test_a_policy_without_a_guard(served: Home):
    set_policy(served, guard="false")
    say_nonsense(served)

    assert guard(served, PRESS, LATER) is None
    assert champion(served).number == 2


def test_a_plant_without_a_model(home: Home):
    assert check_health(home, PRESS, NOW) == ()
    assert guard(home, PRESS, NOW) is None


def test_a_frozen_plant_is_guarded(served: Home):
    served.freezes.freeze(PRESS, "a" * 64, "overhaul", NOW)
    say_nonsense(served)

    back = guard(served, PRESS, LATER)

    assert back is not None
    assert champion(served).number == 1
