"""A model that works badly is taken out of service without being asked, and people are told."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from rul_platform.errors import InferenceError, MissingArtifactError, NoPredecessorError
from rul_platform.operation import deploying
from rul_platform.operation.answering import answer
from rul_platform.operation.guarding import check_health, guard
from rul_platform.operation.recalibrating import recalibrate
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion
from rul_platform_tests.operation.served import CAP_HOURS, NOW, PRESS, add_version, serve, table
from rul_platform_tests.operation.test_answering import break_file
from rul_platform_tests.operation.test_deploying import set_policy, states
from rul_platform_tests.operation.test_recalibrating import failed, named

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


def say_nonsense(
    home: Home, count: int = 40, *, of: ModelVersion | None = None, **changes: Any
) -> None:
    """Answers far outside what a remaining life can be."""
    of = of or champion(home)
    row: dict[str, Any] = {"life": 10.0, "rul": 0.0, "rul_low": 0.0, "rul_high": CAP_HOURS}
    row |= {"raw_rul": -CAP_HOURS, "now": LATER}
    for number in range(count):
        home.predictions.record(
            plant=PRESS,
            unit=f"m{number}",
            number=of.number,
            sha256=of.sha256,
            **(row | changes),
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


def test_a_store_that_is_away_for_a_while_costs_no_version(served: Home):
    served.now = lambda: LATER
    before = served.registry.versions(PRESS)
    away = served.store.root.with_name("away")
    served.store.root.rename(away)

    for _ in range(40):
        with pytest.raises(MissingArtifactError):
            answer(served, PRESS, {"now.csv": table()})
    assert guard(served, PRESS, LATER) is None
    with pytest.raises(NoPredecessorError, match="version 1 is absent: No artifact"):
        deploying.rollback(served, PRESS, actor="a" * 64, reason="?", now=LATER)
    with pytest.raises(NoPredecessorError, match="version 1 is absent: No artifact"):
        deploying.rollback(served, PRESS, to=1, actor="a" * 64, reason="?", now=LATER)

    assert served.registry.versions(PRESS) == before
    (alert,) = served.alerts.recent(9)
    assert alert.severity == "critical"
    assert alert.title == "press: the files of version 2, which is in charge, are not there"
    assert "Nothing was rolled back" in alert.text
    away.rename(served.store.root)
    assert guard(served, PRESS, LATER) is None
    assert check_health(served, PRESS, LATER) == ()
    assert deploying.rollback(served, PRESS, actor="a" * 64, reason="x", now=LATER).number == 1


def test_a_predecessor_that_is_away_is_passed_over(served: Home):
    add_version(served, seed=2)
    served.registry.deploy(PRESS, 3, expected_champion=2, evidence={}, now=DEPLOYED)
    artifact = served.store.artifact(served.registry.version(PRESS, 2).sha256)
    served.store.path(artifact, "model.onnx").unlink()
    say_nonsense(served)

    back = guard(served, PRESS, LATER)

    assert back is not None
    assert (back.number, list(back.evidence["absent"])) == (1, ["2"])
    assert states(served) == {1: "champion", 2: "retired", 3: "rolled_back"}


def test_broken_sensors_are_not_held_against_the_model(served: Home):
    say_nonsense(served, 35, is_strange=True)
    say_nonsense(served, 5, raw_rul=10.0)

    assert check_health(served, PRESS, LATER) == (
        "35 of 40 answers had readings far outside what the model learned from: check the sensors",
    )
    assert guard(served, PRESS, LATER) is None
    assert states(served) == {1: "retired", 2: "champion"}


def test_after_a_rollback_by_a_clock_that_is_right_again_the_guard_sees(served: Home):
    add_version(served, seed=2)
    ahead = LATER + timedelta(days=365)
    served.registry.deploy(PRESS, 3, expected_champion=2, evidence={}, now=ahead)
    back = deploying.rollback(served, PRESS, actor="a" * 64, reason="x", now=DEPLOYED)
    say_nonsense(served)

    assert (back.number, back.since) == (2, ahead)
    again = guard(served, PRESS, DEPLOYED + timedelta(hours=24))
    assert again is not None
    assert (again.number, again.since) == (1, ahead)


def get_another_interval(home: Home, *, now: datetime = LATER) -> None:
    """The champion is recalibrated, on machines that it had answered for before."""
    failed(home, *named(20), number=champion(home).number)
    recalibrate(home, PRESS, actor="a" * 64, reason="too narrow", now=now)


def test_a_recalibration_shields_no_model_that_answers_nonsense(served: Home):
    say_nonsense(served)
    get_another_interval(served)
    (breach,) = check_health(served, PRESS, LATER)

    back = guard(served, PRESS, LATER)

    assert breach.startswith("out of range: 40 of 40 answers")
    assert back is not None
    assert (back.number, back.evidence["of"], back.evidence["same_model"]) == (1, 3, [2])
    assert states(served) == {1: "champion", 2: "rolled_back", 3: "rolled_back"}
    (alert,) = [each for each in served.alerts.recent(9) if each.kind == "guard"]
    assert alert.title == "press: version 3 was rolled back to version 1"
    assert (
        "Version 3 will not serve again. Nor will version 2, which is the same model." in alert.text
    )


def test_what_a_model_says_with_either_interval_adds_up(served: Home):
    say_nonsense(served, 20)
    get_another_interval(served)
    assert guard(served, PRESS, LATER) is None
    say_nonsense(served, 20)

    back = guard(served, PRESS, LATER)

    assert back is not None
    assert back.number == 1


def test_the_former_interval_is_no_model_to_go_back_to(home: Home):
    serve(home)
    get_another_interval(home)
    say_nonsense(home)

    assert guard(home, PRESS, LATER) is None

    assert states(home) == {1: "retired", 2: "champion"}
    (alert,) = [each for each in home.alerts.recent(9) if each.kind == "guard"]
    assert alert.title == "press: version 2 works badly, and there is none to go back to"
    assert "version 1 is the same model" in alert.text


def test_a_person_goes_back_to_the_former_interval_and_the_guard_sees_the_same_model(served: Home):
    say_nonsense(served)
    get_another_interval(served)

    former = deploying.rollback(served, PRESS, actor="a" * 64, reason="too wide", now=LATER)
    assert former.number == 2
    assert states(served) == {1: "retired", 2: "champion", 3: "rolled_back"}

    back = guard(served, PRESS, LATER)
    assert back is not None
    assert back.number == 1


def test_damaged_files_of_a_recalibration_cost_the_recalibration_alone(served: Home):
    get_another_interval(served)
    break_file(served, champion(served), "card.json")

    back = guard(served, PRESS, LATER)

    assert back is not None
    assert back.number == 2
    assert states(served) == {1: "retired", 2: "champion", 3: "rolled_back"}


def test_after_a_rollback_the_guard_waits_for_a_recalibrated_model_too(served: Home):
    add_version(served, seed=2)
    served.registry.deploy(PRESS, 3, expected_champion=2, evidence={}, now=DEPLOYED)
    deploying.rollback(served, PRESS, actor="a" * 64, reason="x", now=LATER)
    get_another_interval(served, now=LATER + timedelta(hours=1))
    say_nonsense(served)

    assert guard(served, PRESS, LATER + timedelta(hours=23)) is None
    back = guard(served, PRESS, LATER + timedelta(hours=24))
    assert back is not None
    assert back.number == 1


@pytest.fixture
def challenged(served: Home) -> ModelVersion:
    """Version 3 beside version 2, and half of the units get its answers."""
    version = add_version(served, seed=2)
    served.registry.shadow(PRESS, 3, expected_champion=2, evidence={}, now=DEPLOYED)
    set_policy(served, shadow="true", ab_share="0.5")
    return version


def test_a_challenger_that_answers_nonsense_is_rejected_and_the_champion_stays(
    served: Home, challenged: ModelVersion
):
    say_nonsense(served, of=challenged, role="challenger")

    assert guard(served, PRESS, LATER) is None

    assert states(served) == {1: "retired", 2: "champion", 3: "rejected"}
    told = json.loads(served.ledger.of_plant(PRESS, ["shadow"])[-1].body)
    assert (told["number"], told["verdict"], told["champion"]) == (3, "reject", 2)
    assert told["reasons"][0].startswith("out of range: 40 of 40 answers")
    (alert,) = served.alerts.recent(9)
    assert alert.title == "press: version 3 answers no longer beside the champion"
    assert alert.text.startswith("out of range: 40 of 40 answers")
    assert guard(served, PRESS, LATER) is None
    assert len(served.ledger.of_plant(PRESS, ["shadow"])) == 2


def test_a_challenger_is_judged_only_by_enough_and_only_where_it_is_heard(
    served: Home, challenged: ModelVersion
):
    say_nonsense(served, 29, of=challenged, role="challenger")
    guard(served, PRESS, LATER)
    set_policy(served, shadow="true", ab_share="0")
    say_nonsense(served, of=challenged, role="challenger")
    guard(served, PRESS, LATER)

    assert states(served)[3] == "shadow"


@pytest.mark.usefixtures("challenged")
def test_a_damaged_challenger_is_quarantined(served: Home):
    break_file(served, served.registry.version(PRESS, 3), "card.json")

    assert guard(served, PRESS, LATER) is None

    assert states(served) == {1: "retired", 2: "champion", 3: "quarantined"}


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
