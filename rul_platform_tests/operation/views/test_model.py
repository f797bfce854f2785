"""What is shown of a plant's model."""

from datetime import timedelta
from typing import Any

import pytest

from rul_platform.core.gate_evidence import Evidence
from rul_platform.core.gate_statistics import Paired
from rul_platform.operation.views.model import ModelView, Transfer, model_view, report_page
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion
from rul_platform_tests.operation.served import CAP_HOURS, NOW, PRESS, add_version, serve

LATER = NOW + timedelta(days=3)


def evidence(version: ModelVersion) -> dict[str, Any]:
    """The candidate saves a tenth on 40 machines."""
    pair = Paired(name="all predictions", units=40, candidate=9.0, champion=10.0, low=0.4, high=1.6)
    return Evidence(
        candidate=version.sha256, champion="c" * 64, champion_number=1, evaluation_set="e" * 64,
        life_unit="hours", candidate_rmse=9.0, champion_rmse=10.0, constant_rmse=20.0,
        boosting_rmse=11.0, incomparable=None, champion_silent=None, lowest_output=0.0,
        highest_output=1.0, onnx_difference=0.0, units=40, comparison=(pair,),
    ).to_json()  # fmt: skip


def ruled(home: Home, version: ModelVersion, **report: bytes) -> int:
    """The gate promotes this version; its report has these files."""
    files = report or {"report.html": b"<!DOCTYPE html>report"}
    record = {"verdict": "PROMOTE", "reasons": ["better"], "evidence": evidence(version)}
    return home.gates.record(
        plant=version.plant, number=version.number, sha256=version.sha256, verdict="PROMOTE",
        record=record, report=home.store.write(files).sha256, retrain_id=None, now=LATER,
    )  # fmt: skip


def test_a_plant_that_nobody_trained_for_has_nothing_to_show(home: Home):
    nothing = (None, None, None, None, (), (), None, ())
    found = model_view(home, PRESS)
    assert shown(found) == nothing
    add_version(home, seed=0)
    assert model_view(home, PRESS).versions[0].state == "candidate"
    assert model_view(home, PRESS).since is None


def shown(found: ModelView) -> tuple[object, ...]:
    return (
        found.champion, found.since, found.card, found.challenger, found.versions,
        found.deployments, found.judged, found.promises,
    )  # fmt: skip


def test_the_champion_with_its_card(home: Home):
    version = serve(home)
    found = model_view(home, PRESS)
    assert found.champion is not None
    assert found.champion.sha256 == version.sha256
    assert found.since == NOW
    assert found.card is not None
    assert (found.card.cap, found.card.life_unit, found.card.calibrated_on) == (
        CAP_HOURS, "hours", 1,
    )  # fmt: skip
    assert found.card.transfer is None
    assert found.judged is None


def test_a_champion_whose_card_is_gone_is_shown_all_the_same(home: Home):
    version = serve(home)
    home.store.path(home.store.artifact(version.sha256), "card.json").unlink()
    found = model_view(home, PRESS)
    assert found.card is None
    assert found.champion == home.registry.champion(PRESS)


def test_what_the_gate_measured_and_who_approved(home: Home):
    version = serve(home)
    gate = ruled(home, version)
    home.gates.approve(gate, actor="a" * 64, reason="seen", now=LATER)
    judged = model_view(home, PRESS).judged
    assert judged is not None
    assert judged.approved_by == "a" * 64
    assert judged.verdict is not None
    assert judged.verdict.evidence.overall is not None
    assert judged.verdict.evidence.overall.saved == 1.0


def test_a_record_of_another_form_keeps_its_verdict(home: Home):
    version = serve(home)
    home.gates.record(
        plant=PRESS, number=1, sha256=version.sha256, verdict="HOLD", record={"reasons": []},
        report="b" * 64, retrain_id=None, now=LATER,
    )  # fmt: skip
    judged = model_view(home, PRESS).judged
    assert judged is not None
    assert (judged.verdict, judged.gate.verdict) == (None, "HOLD")


def test_times_in_charge_have_no_gap(home: Home):
    serve(home)
    made = add_version(home, seed=1)
    home.registry.deploy(
        PRESS, made.number, expected_champion=1, evidence={"kind": "forced"}, now=LATER
    )
    home.registry.rollback(PRESS, actor="system", reason="worse", now=LATER + timedelta(days=1))
    times = model_view(home, PRESS).deployments
    assert [each.kind for each in times] == ["promotion", "forced", "rollback"]
    assert [each.until for each in times[:-1]] == [each.since for each in times[1:]]
    assert model_view(home, PRESS).since == LATER + timedelta(days=1)


def test_wrong_settings_hide_the_settings_alone(home: Home):
    serve(home)
    (home.folder / "retrain.json").write_text('{"min_units": "many"}')
    found = model_view(home, PRESS)
    assert found.policy is None
    assert found.champion is not None


def test_the_report_is_the_one_that_the_gate_names(home: Home):
    version = serve(home)
    assert report_page(home, version) is None
    ruled(home, version, **{"scores.json": b"{}"})
    assert report_page(home, version) is None
    ruled(home, version)
    assert report_page(home, version) == b"<!DOCTYPE html>report"


@pytest.mark.parametrize(
    ("benefit", "low", "high", "needs"),
    [
        ("undecided", 0.75, 5.04, True),
        ("undecided", -5.04, -0.75, True),
        ("undecided", -1.0, 2.0, False),
        ("undecided", None, None, False),
        ("helps", -5.04, -0.75, False),
    ],
)
def test_undecided_needs_a_reason_where_the_interval_alone_would_decide(
    benefit: Any, low: float | None, high: float | None, needs: bool
):
    found = Transfer(
        benefit=benefit,
        pretrained="zero-shot",
        scratch="boosting",
        difference=3.11,
        low=low,
        high=high,
    )
    assert found.needs_a_reason is needs
