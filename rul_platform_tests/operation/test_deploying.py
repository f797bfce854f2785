"""What a person decides about models at work, and what outcomes decide."""

import errno
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from rul_platform.core.ledger import chain_problems
from rul_platform.errors import (
    ChampionChangedError,
    CorruptArtifactError,
    FrozenError,
    GateRefusedError,
    InferenceError,
    MissingArtifactError,
    NoPredecessorError,
    RecordError,
    VersionStateError,
)
from rul_platform.operation import deploying
from rul_platform.operation.answering import answer
from rul_platform.settings import Settings
from rul_platform.storage.database import writing
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion
from rul_platform.storage.operation_tables import OUTCOME
from rul_platform_tests.operation.served import (
    CAP_HOURS,
    NOW,
    PRESS,
    add_version,
    model_files,
    serve,
    table,
)
from rul_platform_tests.operation.test_answering import break_file
from rul_platform_tests.storage.at_once import in_threads

ANN = "a" * 64
LATER = NOW + timedelta(days=1)
BY_ANN: dict[str, Any] = {"actor": ANN, "reason": "seen", "now": LATER}


@pytest.fixture
def served(home: Home) -> Home:
    """Version 1 has served, 2 is in charge, 3 is a candidate."""
    serve(home)
    for seed in (1, 2):
        add_version(home, seed)
    home.registry.deploy(PRESS, 2, expected_champion=1, evidence={}, now=NOW)
    return home


def states(home: Home) -> dict[int, str]:
    return {version.number: version.state for version in home.registry.versions(PRESS)}


def version(home: Home, number: int) -> ModelVersion:
    return home.registry.version(PRESS, number)


def judge(home: Home, number: int, verdict: str, *, over: int | None = 2) -> int:
    evidence = {"champion_number": over, "champion_rmse": 20.0, "candidate_rmse": 15.0}
    judged = home.registry.version(PRESS, number)
    return home.gates.record(
        plant=PRESS,
        number=number,
        sha256=judged.sha256,
        verdict=verdict,
        record={"verdict": verdict, "reasons": ["12 units"], "evidence": evidence},
        report=judged.sha256,
        retrain_id=None,
        now=NOW,
    )


def set_policy(home: Home, **settings: object) -> None:
    environ = {f"RETRAIN_{name.upper()}": str(value) for name, value in settings.items()}
    home.settings = Settings.read(
        {
            "RUL_HOME": str(home.settings.home),
            "RUL_DATABASE_URL": home.settings.database_url or "",
            **environ,
        }
    )


def ask(home: Home, frame: Any = None):
    return answer(home, PRESS, {"now.csv": table() if frame is None else frame})


def test_after_a_rollback_another_version_answers(served: Home):
    (before,) = ask(served)

    back = deploying.rollback(served, PRESS, **BY_ANN)

    (after,) = ask(served)
    assert (before.number, after.number, back.number) == (2, 1, 1)
    assert after.prediction.rul != before.prediction.rul
    assert states(served) == {1: "champion", 2: "rolled_back", 3: "candidate"}
    (row,) = served.ledger.of_plant(PRESS, ["rollback"])
    assert json.loads(row.body)["reason"] == "seen"


def test_of_what_a_person_decides_everybody_hears_but_not_why_or_who(served: Home):
    by_ann = {**BY_ANN, "reason": "Bob's fault"}
    judge(served, 3, "HOLD")
    deploying.approve(served, PRESS, 3, **by_ann)
    deploying.freeze(served, PRESS, **by_ann)
    deploying.rollback(served, PRESS, **by_ann)
    deploying.unfreeze(served, PRESS, actor=ANN, now=LATER)
    add_version(served, 3)
    judge(served, 4, "REJECT")
    deploying.approve(served, PRESS, 4, force=True, **by_ann)

    alerts = served.alerts.recent(9)
    assert sorted((each.kind, each.severity, each.title) for each in alerts) == [
        ("approval", "info", "press: version 3 is in charge now"),
        ("forced", "warning", "press: version 4 is in charge now"),
        ("freeze", "info", "press is frozen"),
        ("rollback", "warning", "press: version 3 was rolled back to version 2"),
        ("unfreeze", "info", "press is not frozen any more"),
    ]
    told = " ".join(each.title + each.text for each in alerts)
    assert "Bob" not in told
    assert ANN not in told


@pytest.mark.parametrize("reason", ["", " \t"])
def test_without_a_reason_nothing_is_decided(served: Home, reason: str):
    judge(served, 3, "HOLD")
    blank = {**BY_ANN, "reason": reason}
    for decide in (
        lambda: deploying.approve(served, PRESS, 3, **blank),
        lambda: deploying.rollback(served, PRESS, **blank),
        lambda: deploying.freeze(served, PRESS, **blank),
    ):
        with pytest.raises(RecordError, match="The reason is empty"):
            decide()

    assert states(served) == {1: "retired", 2: "champion", 3: "candidate"}
    assert served.freezes.current(PRESS) is None
    assert len(served.alerts.recent(9)) == 0


def test_a_damaged_predecessor_is_quarantined_and_the_one_before_is_taken(served: Home):
    served.registry.deploy(PRESS, 3, expected_champion=2, evidence={}, now=NOW)
    break_file(served, version(served, 2), next(iter(model_files(0))))

    back = deploying.rollback(served, PRESS, **BY_ANN)

    assert back.number == 1
    assert list(back.evidence["quarantined"]) == ["2"]
    assert states(served) == {1: "champion", 2: "quarantined", 3: "rolled_back"}
    assert "registered as" in version(served, 2).note
    assert ask(served)[0].number == 1


@pytest.mark.parametrize("to", [None, 1])
def test_without_a_whole_predecessor_the_champion_stays(served: Home, to: int | None):
    break_file(served, version(served, 1), "model.onnx")

    with pytest.raises((NoPredecessorError, VersionStateError), match="version 1 is quarantined"):
        deploying.rollback(served, PRESS, to=to, **BY_ANN)

    assert states(served) == {1: "quarantined", 2: "champion", 3: "candidate"}
    assert ask(served)[0].number == 2


def test_a_candidate_is_not_judged_by_a_rollback(served: Home):
    break_file(served, version(served, 3), "model.onnx")

    with pytest.raises(VersionStateError, match="version 3 is candidate"):
        deploying.rollback(served, PRESS, to=3, **BY_ANN)

    assert states(served)[3] == "candidate"


def test_what_happens_together_with_a_rollback_can_stop_it(served: Home):
    def fail(_: object) -> None:
        raise OSError(errno.EIO, "the alert was lost")

    with pytest.raises(OSError, match="the alert was lost"):
        deploying.rollback(served, PRESS, together_with=fail, **BY_ANN)

    assert states(served) == {1: "retired", 2: "champion", 3: "candidate"}
    assert served.ledger.of_plant(PRESS, ["rollback"]) == ()


def test_a_held_candidate_is_approved(served: Home):
    gate = judge(served, 3, "HOLD")

    made = deploying.approve(served, PRESS, 3, **BY_ANN)

    assert (made.number, made.kind, made.evidence["gate"]) == (3, "approval", gate)
    assert ask(served)[0].number == 3
    approval = served.gates.approval(gate)
    assert approval is not None
    assert (approval.actor, approval.reason) == (ANN, "seen")
    kinds = [row.kind for row in served.ledger.of_plant(PRESS)]
    assert kinds[-3:] == ["gate", "approval", "deployment"]


def test_a_rejected_candidate_needs_force_and_the_ledger_says_who_and_why(served: Home):
    judge(served, 3, "REJECT", over=1)
    served.registry.reject(PRESS, 3, "worse")

    with pytest.raises(GateRefusedError) as refused:
        deploying.approve(served, PRESS, 3, **BY_ANN)
    made = deploying.approve(served, PRESS, 3, force=True, **BY_ANN)

    assert str(refused.value) == (
        "press version 3 is not deployed: 12 units; only --force overrules this. The champion stays in "
        "charge."
    )
    assert (made.number, made.kind) == (3, "forced")
    (row,) = served.ledger.of_plant(PRESS, ["forced"])
    told = json.loads(row.body)
    assert (told["number"], told["over"], told["actor"], told["reason"]) == (3, 2, ANN, "seen")
    assert served.ledger.of_plant(PRESS, ["approval"]) == ()


@pytest.mark.parametrize("verdict", ["HOLD", "PROMOTE"])
def test_force_passes_over_a_comparison_with_a_former_champion(served: Home, verdict: str):
    judge(served, 3, verdict, over=1)

    made = deploying.approve(served, PRESS, 3, force=True, **BY_ANN)

    assert (made.number, made.kind) == (3, "forced")
    (row,) = served.ledger.of_plant(PRESS, ["forced"])
    assert json.loads(row.body)["over"] == 2
    assert served.ledger.of_plant(PRESS, ["approval"]) == ()


def test_force_that_is_not_needed_is_an_approval(served: Home):
    judge(served, 3, "HOLD")

    assert deploying.approve(served, PRESS, 3, force=True, **BY_ANN).kind == "approval"


@pytest.mark.parametrize(("force", "verdict"), [(False, "HOLD"), (True, "REJECT")])
def test_no_word_of_a_person_passes_over_a_changed_file(served: Home, force: bool, verdict: str):
    judge(served, 3, verdict)
    break_file(served, version(served, 3), "model.onnx")

    with pytest.raises(CorruptArtifactError, match="the bytes hash to"):
        deploying.approve(served, PRESS, 3, force=force, **BY_ANN)

    assert states(served)[2] == "champion"
    assert served.ledger.of_plant(PRESS, ["approval", "forced"]) == ()


def test_nor_over_a_network_that_does_not_run(served: Home):
    made = served.store.write({"model.onnx": b"none", "card.json": b"{}"})
    broken = served.registry.register(PRESS, made.sha256, now=NOW)
    judge(served, broken.number, "REJECT")

    with pytest.raises(InferenceError, match="ONNX Runtime refuses it"):
        deploying.approve(served, PRESS, broken.number, force=True, **BY_ANN)


def test_what_cannot_be_approved(served: Home):
    with pytest.raises(GateRefusedError, match="the gate has not judged it: rul evaluate press"):
        deploying.approve(served, PRESS, 3, force=True, **BY_ANN)
    with pytest.raises(VersionStateError, match="version 2 is in charge already; what is approved"):
        deploying.approve(served, PRESS, 2, **BY_ANN)
    judge(served, 3, "HOLD", over=1)
    with pytest.raises(ChampionChangedError) as refused:
        deploying.approve(served, PRESS, 3, **BY_ANN)
    assert str(refused.value) == (
        "press: the gate compared with champion 1, but 2 is in charge now. `rul evaluate press` "
        "compares the newest candidate with it; --force puts version 3 in charge without a comparison."
    )
    judge(served, 3, "HOLD")
    deploying.freeze(served, PRESS, actor=ANN, reason="audit", now=NOW)
    with pytest.raises(FrozenError, match=f"frozen since {NOW.isoformat()[:19]}"):
        deploying.approve(served, PRESS, 3, **BY_ANN)

    assert states(served) == {1: "retired", 2: "champion", 3: "candidate"}
    assert served.ledger.of_plant(PRESS, ["approval", "forced"]) == ()
    deploying.unfreeze(served, PRESS, actor=ANN, now=LATER)
    assert deploying.approve(served, PRESS, 3, **BY_ANN).number == 3


def end(home: Home, units: Mapping[str, float]) -> None:
    with writing(home.engine) as connection:
        for unit, life in units.items():
            row = {"id": uuid4().hex, "plant": PRESS, "unit": unit, "kind": "failed", "life": life}
            connection.execute(OUTCOME.insert().values(**row, observed_at=NOW, recorded_at=NOW))


def log_both(home: Home, units: int, *, champion: float, challenger: float) -> None:
    """What both said when 20 hours were left, as errors; all units have failed since."""
    for number in range(units):
        row = {"plant": PRESS, "unit": f"m{number}", "life": 30.0, "now": NOW}
        row |= {"rul_low": 0.0, "rul_high": CAP_HOURS}
        first, second = home.registry.champion(PRESS), home.registry.challenger(PRESS)
        assert first is not None
        assert second is not None
        given = home.predictions.record(
            **row, number=first.number, sha256=first.sha256, rul=20.0 + champion
        )
        home.predictions.record(
            **row,
            number=second.number,
            sha256=second.sha256,
            rul=20.0 + challenger,
            role="shadow",
            beside=given,
        )
    end(home, {f"m{number}": 50.0 for number in range(units)})


def challenge(home: Home) -> None:
    judge(home, 3, "PROMOTE")
    home.registry.shadow(PRESS, 3, expected_champion=2, evidence={}, now=NOW)


def test_a_challenger_that_is_not_worse_is_confirmed(served: Home):
    assert deploying.settle_shadow(served, PRESS, LATER) is None
    challenge(served)
    waiting = deploying.settle_shadow(served, PRESS, LATER)
    log_both(served, 10, champion=9.0, challenger=3.0)

    verdict = deploying.settle_shadow(served, PRESS, LATER)

    assert waiting is not None
    assert verdict is not None
    assert (waiting.verdict, verdict.verdict) == ("wait", "confirm")
    assert ask(served)[0].number == 3
    made = served.registry.deployments(PRESS)[-1]
    assert made.kind == "confirmed"
    assert made.evidence["shadow"]["numbers"]["units"] == 10
    told = [json.loads(row.body) for row in served.ledger.of_plant(PRESS, ["shadow"])]
    assert [each["verdict"] for each in told] == ["begin", "confirm"]
    assert chain_problems(served.ledger.rows()) == ()
    (alert,) = served.alerts.recent(9)
    assert (alert.severity, alert.title) == ("info", "press: version 3 is in charge now")
    assert "not worse" in alert.text


@pytest.mark.parametrize(("error", "ends"), [(3.0, "champion"), (15.0, "rejected")])
def test_of_ticks_at_once_one_settles_it(served: Home, error: float, ends: str):
    challenge(served)
    log_both(served, 10, champion=9.0, challenger=error)

    told = in_threads(lambda _: deploying.settle_shadow(served, PRESS, LATER), 4)

    assert [each for each in told if isinstance(each, Exception)] == []
    assert sum(each is not None for each in told) == 1
    assert states(served)[3] == ends
    assert len(served.ledger.of_plant(PRESS, ["shadow"])) == 2
    assert len(served.alerts.recent(9)) == 1


def test_a_challenger_whose_files_are_not_there_waits(served: Home):
    challenge(served)
    log_both(served, 10, champion=9.0, challenger=3.0)
    artifact = served.store.artifact(version(served, 3).sha256)
    served.store.path(artifact, "model.onnx").unlink()

    verdict = deploying.settle_shadow(served, PRESS, LATER)

    assert verdict is not None
    assert verdict.verdict == "wait"
    assert "No artifact" in verdict.reasons[0]
    assert states(served)[3] == "shadow"


def test_a_challenger_that_is_worse_is_rejected(served: Home):
    challenge(served)
    log_both(served, 10, champion=3.0, challenger=9.0)

    verdict = deploying.settle_shadow(served, PRESS, LATER)

    assert verdict is not None
    assert verdict.verdict == "reject"
    assert states(served) == {1: "retired", 2: "champion", 3: "rejected"}
    assert "worse with 95 % confidence" in version(served, 3).note
    (alert,) = served.alerts.recent(9)
    assert alert.title == "press: version 3 answers no longer beside the champion"
    assert (alert.severity, alert.text) == ("info", version(served, 3).note)


def test_a_damaged_challenger_is_quarantined_though_it_would_win(served: Home):
    challenge(served)
    log_both(served, 10, champion=9.0, challenger=3.0)
    break_file(served, version(served, 3), "model.onnx")

    verdict = deploying.settle_shadow(served, PRESS, LATER)

    assert verdict is not None
    assert verdict.verdict == "reject"
    assert states(served) == {1: "retired", 2: "champion", 3: "quarantined"}


def test_a_frozen_plants_challenger_waits(served: Home):
    challenge(served)
    log_both(served, 10, champion=9.0, challenger=3.0)
    deploying.freeze(served, PRESS, actor=ANN, reason="audit", now=NOW)

    assert deploying.settle_shadow(served, PRESS, LATER) is None
    assert states(served)[3] == "shadow"


def test_what_nobody_needs_is_removed_and_all_else_stays(served: Home):
    set_policy(served, keep_versions=1)
    for seed in (3, 4):
        add_version(served, seed)
    for number, over in ((3, 2), (4, 3)):
        served.registry.deploy(PRESS, number, expected_champion=over, evidence={}, now=NOW)
    learned_from = served.store.artifact(version(served, 4).sha256)

    assert deploying.clean_up(served, PRESS, LATER) == (1, 2)

    with pytest.raises(MissingArtifactError):
        served.store.artifact(version(served, 1).sha256)
    assert version(served, 1).cleaned_at == LATER
    assert [served.store.verify(version(served, n).sha256) for n in (3, 4, 5)] == [(), (), ()]
    assert served.store.read(learned_from, "card.json")
    assert ask(served)[0].number == 4
    assert deploying.clean_up(served, PRESS, LATER) == ()
    (row,) = served.ledger.of_plant(PRESS, ["cleanup"])
    assert [each["number"] for each in json.loads(row.body)["versions"]] == [1, 2]
    assert deploying.rollback(served, PRESS, **BY_ANN).number == 3
    assert states(served) == {
        1: "retired", 2: "retired", 3: "champion", 4: "rolled_back", 5: "candidate",
    }  # fmt: skip


def test_nothing_is_removed_while_a_retraining_is_open(served: Home):
    snapshot = served.snapshots.keep(served.configured(PRESS), NOW)
    served.retrains.open(
        plant=PRESS, trigger="forced", watermark=None, snapshot=snapshot, cause={}, now=NOW
    )
    served.registry.reject(PRESS, 3, "worse")

    assert deploying.clean_up(served, PRESS, LATER) == ()
    assert served.store.verify(version(served, 3).sha256) == ()


def test_a_removal_that_was_cut_off_is_finished_by_the_next(served: Home):
    served.registry.mark_cleaned(PRESS, 1, now=NOW)
    assert served.store.verify(version(served, 1).sha256) == ()

    deploying.clean_up(served, PRESS, LATER)

    assert served.store.verify(version(served, 1).sha256) != ()


def test_a_version_has_files_again_only_if_they_are_there(served: Home):
    set_policy(served, keep_versions=1)
    served.registry.deploy(PRESS, 3, expected_champion=2, evidence={}, now=NOW)
    assert deploying.clean_up(served, PRESS, LATER) == (1,)
    sha256 = version(served, 1).sha256

    with pytest.raises(MissingArtifactError):
        served.registry.register(PRESS, sha256, now=LATER)
    assert version(served, 1).cleaned_at == LATER

    assert add_version(served, seed=0).sha256 == sha256
    assert version(served, 1).cleaned_at is None
    assert served.store.verify(sha256) == ()


def test_what_another_plant_holds_too_is_not_removed(served: Home):
    set_policy(served, keep_versions=1)
    shared = version(served, 1).sha256
    served.registry.register("mill", shared, now=NOW)
    served.registry.deploy(PRESS, 3, expected_champion=2, evidence={}, now=NOW)

    assert deploying.clean_up(served, PRESS, LATER) == (1,)

    assert served.store.verify(shared) == ()


def test_what_was_promised_and_what_came_of_it(served: Home):
    judge(served, 3, "HOLD")
    log_given(served, number=2, unit="m1", error=8.0, now=NOW)
    deploying.approve(served, PRESS, 3, **BY_ANN)

    first, second = deploying.claimed_and_delivered(served, PRESS)
    assert (first.number, first.over, first.claimed, first.delivered) == (2, 1, None, None)
    assert (second.claimed, second.delivered, second.units) == (0.25, None, 0)

    log_given(served, number=3, unit="m2", error=6.0, now=LATER)
    log_given(served, number=3, unit="m3", error=6.0, now=LATER)
    end(served, {f"m{number}": 50.0 for number in (1, 2, 3)})

    (_, second) = deploying.claimed_and_delivered(served, PRESS)
    assert (second.units_before, second.rmse_before, second.units) == (1, 8.0, 2)
    assert second.rmse == pytest.approx(6.0)
    assert second.delivered == pytest.approx(0.25)
    deploying.rollback(served, PRESS, **BY_ANN)
    assert len(deploying.claimed_and_delivered(served, PRESS)) == 2


def log_given(home: Home, *, number: int, unit: str, error: float, now: Any) -> None:
    home.predictions.record(
        plant=PRESS,
        unit=unit,
        number=number,
        sha256=version(home, number).sha256,
        life=30.0,
        rul=20.0 + error,
        rul_low=0.0,
        rul_high=CAP_HOURS,
        now=now,
    )
