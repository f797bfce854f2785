"""What becomes of a judged candidate: in charge, beside the champion, or waiting for a person."""

import json
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import dagster as dg
import pytest

from rul_platform.core.canonical import canonical_json
from rul_platform.core.ledger import chain_problems
from rul_platform.errors import FrozenError, RetrainStateError
from rul_platform.operation import deploying
from rul_platform.orchestration.code_location import build_defs
from rul_platform.orchestration.sensors.endings import tell
from rul_platform.orchestration.step import ATTEMPT_TAG, RETRAIN_TAG, current
from rul_platform_tests.orchestration.at_work import told
from rul_platform_tests.orchestration.conftest import JUDGEMENT, PUMPS, Works

ANN = "a" * 64
APPROVE = "rul approve simulated_pumps 2 --reason TEXT"
DEPLOY = replace(JUDGEMENT, assets=("deployed_model",))


@pytest.fixture
def promoted(finished: Works) -> Works:
    """Version 2 has other bytes than the champion, and an evaluation that promotes it, made by hand."""
    home, now = finished.home, finished.home.now()
    model = current(home, "finetuned_model", PUMPS)
    judged = current(home, "evaluation_report", PUMPS)
    files = {name: model.read(name) for name in model.artifact.files}
    card = json.loads(files["card.json"]) | {"made": "by hand"}
    candidate = home.store.write(files | {"card.json": canonical_json(card)})
    home.registry.register(PUMPS, candidate.sha256, now=now)
    record = json.loads(judged.read("gate.json"))
    record["evidence"] |= {
        "candidate": candidate.sha256,
        "champion": model.sha256,
        "champion_number": 1,
        "champion_rmse": 1.25 * record["evidence"]["candidate_rmse"],
    }
    note(finished, home.store.write({"gate.json": canonical_json(record)}).sha256, run_id="by hand")
    return finished


def note(works: Works, report: str, *, run_id: str) -> None:
    """The lineage's row of an evaluation."""
    works.home.lineage.record(
        asset="evaluation_report",
        partition=PUMPS,
        sha256=report,
        run_id=run_id,
        code_version="",
        parameters={},
        environment={},
        inputs=(),
        now=works.home.now(),
    )


def set_policy(works: Works, **settings: object) -> None:
    (works.home.settings.home / "retrain.json").write_text(json.dumps(settings))


def states(works: Works) -> list[str]:
    return [version.state for version in works.home.registry.versions(PUMPS)]


def ask_for_a_retrain(works: Works) -> tuple[int, Callable[[], object]]:
    """An open retrain whose run has made the evaluation, and what goes on with its deployment."""
    home = works.home
    kept = home.snapshots.keep(home.configured(PUMPS), home.now())
    retrain = home.retrains.open(
        plant=PUMPS, trigger="forced", watermark=None, snapshot=kept, cause={}, now=home.now()
    )
    run_id = str(uuid4())
    note(works, current(home, "evaluation_report", PUMPS).sha256, run_id=run_id)
    tags = {RETRAIN_TAG: str(retrain.id), ATTEMPT_TAG: "1"}
    job = build_defs(home, executor=dg.in_process_executor).resolve_implicit_global_asset_job_def()
    return retrain.id, lambda: job.execute_in_process(
        asset_selection=[dg.AssetKey("deployed_model")],
        partition_key=PUMPS,
        instance=works.instance,
        run_id=run_id,
        tags=tags,
    )


def judge(works: Works, verdict: str, retrain: int | None = None) -> int:
    """The gate's answer, on the evaluation that there is."""
    judged = current(works.home, "evaluation_report", PUMPS)
    version = works.home.registry.version(PUMPS, 2)
    return works.home.gates.record(
        plant=PUMPS,
        number=2,
        sha256=version.sha256,
        verdict=verdict,
        record=json.loads(judged.read("gate.json")),
        report=judged.sha256,
        retrain_id=retrain,
        now=works.home.now(),
    )


def test_a_promoted_candidate_is_deployed_and_its_retrain_ends_with_it(promoted: Works):
    retrain, deploy = ask_for_a_retrain(promoted)

    deploy()

    assert states(promoted) == ["retired", "champion"]
    ended = promoted.home.retrains.get(retrain)
    assert (ended.state, ended.verdict) == ("deployed", "PROMOTE")
    made = promoted.home.registry.deployments(PUMPS)[-1]
    assert made.kind == "promotion"
    assert made.evidence["report"] == current(promoted.home, "evaluation_report", PUMPS).sha256
    shown = told(promoted, "deployed_model")
    assert (shown["decision"], shown["version_in_charge"]) == ("deployed", 2)
    rows = promoted.home.ledger.rows()
    assert [row.kind for row in rows[-2:]] == ["retrain_closed", "deployment"]
    assert chain_problems(rows) == ()


def test_what_cannot_end_its_retrain_is_not_deployed(promoted: Works):
    """It was cancelled while its run went on."""
    retrain, deploy = ask_for_a_retrain(promoted)
    promoted.home.retrains.close(retrain, "cancelled", now=promoted.home.now())
    before = current(promoted.home, "deployed_model", PUMPS)

    with pytest.raises(RetrainStateError, match="cancelled"):
        deploy()

    assert states(promoted) == ["champion", "candidate"]
    assert current(promoted.home, "deployed_model", PUMPS) == before


def test_with_a_shadow_policy_it_answers_beside_the_champion_first(promoted: Works):
    set_policy(promoted, shadow=True)
    retrain, deploy = ask_for_a_retrain(promoted)

    deploy()

    assert states(promoted) == ["champion", "shadow"]
    assert len(promoted.home.registry.deployments(PUMPS)) == 1
    assert promoted.home.retrains.get(retrain).state == "shadowed"
    shown = told(promoted, "deployed_model")
    assert (shown["decision"], shown["version_in_charge"]) == ("shadowing", 1)


def test_where_a_person_must_approve_the_run_ends_and_nothing_is_deployed(promoted: Works):
    set_policy(promoted, approval="always")
    retrain, deploy = ask_for_a_retrain(promoted)

    deploy()

    assert states(promoted) == ["champion", "candidate"]
    assert promoted.home.retrains.get(retrain).state == "held"
    shown = told(promoted, "deployed_model")
    assert (shown["decision"], shown["version_in_charge"]) == ("held", 1)
    assert str(shown["reasons"]).endswith(f"waits for a person: {APPROVE}")
    record = json.loads(current(promoted.home, "deployed_model", PUMPS).read("deployment.json"))
    assert (record["decision"], record["number"]) == ("held", 2)

    judge(promoted, "PROMOTE")
    now = promoted.home.now()
    deploying.approve(promoted.home, PUMPS, 2, actor=ANN, reason="seen", now=now)
    promoted.run(DEPLOY)

    assert states(promoted) == ["retired", "champion"]
    assert len(promoted.home.registry.deployments(PUMPS)) == 2
    assert told(promoted, "deployed_model")["decision"] == "in charge"


def test_an_approval_counts_for_the_evaluation_that_was_approved(promoted: Works):
    set_policy(promoted, approval="always")
    gate = judge(promoted, "HOLD")
    promoted.home.gates.approve(gate, actor=ANN, reason="seen", now=promoted.home.now())

    promoted.run(DEPLOY)

    assert states(promoted) == ["retired", "champion"]
    assert promoted.home.registry.deployments(PUMPS)[-1].kind == "approval"


def test_a_frozen_plant_gets_no_new_model(promoted: Works):
    promoted.home.freezes.freeze(PUMPS, ANN, "overhaul", promoted.home.now())

    with pytest.raises(FrozenError, match="overhaul"):
        promoted.run(DEPLOY)

    assert states(promoted) == ["champion", "candidate"]


def test_what_a_retrain_made_while_its_plant_was_frozen_is_held_and_can_be_approved(
    promoted: Works,
):
    home = promoted.home
    retrain, deploy = ask_for_a_retrain(promoted)
    home.freezes.freeze(PUMPS, ANN, "overhaul", home.now())

    deploy()

    assert states(promoted) == ["champion", "candidate"]
    ended = home.retrains.get(retrain)
    assert (ended.state, ended.verdict) == ("held", "PROMOTE")
    way = f"simulated_pumps is frozen; after `rul freeze simulated_pumps --lift`: {APPROVE}"
    assert str(told(promoted, "deployed_model")["reasons"]).endswith(f"waits for a person: {way}")
    judge(promoted, "PROMOTE", retrain=retrain)
    tell(home, ended, home.now())
    assert home.alerts.recent(1)[0].text.endswith(f"waits for a person: {way}.")

    home.freezes.lift(PUMPS, ANN, home.now())
    deploying.approve(home, PUMPS, 2, actor=ANN, reason="seen", now=home.now())
    assert states(promoted) == ["retired", "champion"]


def test_a_rollback_in_the_graph_asks_for_the_version_before(promoted: Works):
    promoted.run(DEPLOY)
    now = promoted.home.now()

    back = deploying.rollback(promoted.home, PUMPS, actor=ANN, reason="jumps", now=now)

    assert back.number == 1
    assert states(promoted) == ["champion", "rolled_back"]
    (promise,) = deploying.claimed_and_delivered(promoted.home, PUMPS)
    assert promise.claimed == pytest.approx(0.2)
    with pytest.raises(Exception, match="simulated_pumps version 2 is rolled_back"):
        promoted.run(DEPLOY)
