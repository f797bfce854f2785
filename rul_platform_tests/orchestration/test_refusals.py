"""What an asset refuses, and that nothing else is harmed by it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from rul_platform.errors import (
    CheckFailedError,
    CheckpointError,
    CorruptArtifactError,
    GateRefusedError,
    LeakError,
    LineageError,
    NotMaterializedError,
    OptionsError,
    OrphanedRunError,
    TooFewUnitsError,
)
from rul_platform.orchestration.code_location import build_defs
from rul_platform.orchestration.pipeline import Stage
from rul_platform.orchestration.step import Step, current
from rul_platform_tests.orchestration.conftest import (
    BRIEFLY,
    HARDLY,
    JUDGEMENT,
    PRETRAINING,
    PUMP_DATA,
    PUMPS,
    TUNING,
    Works,
    copy_of,
)

UNTRAINED = Stage(
    ("finetuned_model",),
    PUMPS,
    {"finetuned_model": {**HARDLY, "learning_rate": 1e-6, "seed": 5}},
)
EVALUATION = replace(JUDGEMENT, assets=("evaluation_report",))


@pytest.fixture(scope="module")
def rejected_home(finished_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which a worse candidate was judged."""
    with copy_of(finished_home, tmp_path_factory.mktemp("rejected")) as works:
        works.run(UNTRAINED)
        with pytest.raises(CheckFailedError, match=r"promotion_gate|beats_the_constant"):
            works.run(JUDGEMENT)
    return works.home.folder


@pytest.fixture
def rejected(rejected_home: Path, tmp_path: Path) -> Iterator[Works]:
    """A copy of it."""
    with copy_of(rejected_home, tmp_path) as works:
        yield works


@pytest.fixture(scope="module")
def promoted_home(better_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a better candidate, judged by threshold: six test units would hold every one."""
    with copy_of(better_home, tmp_path_factory.mktemp("promoted")) as works:
        (works.home.settings.home / "retrain.json").write_text('{"gate": "threshold"}')
        works.run(EVALUATION)
    return works.home.folder


@pytest.fixture
def promoted(promoted_home: Path, tmp_path: Path) -> Iterator[Works]:
    """A copy of it."""
    with copy_of(promoted_home, tmp_path) as works:
        yield works


def test_a_distribution_cannot_be_learned_from_a_network_without_bins(finished: Works):
    """Before anything is trained, and with the way to such a network."""
    config = {**TUNING.config["finetuned_model"], "loss": "distribution"}
    with pytest.raises(
        OptionsError, match=r"answers with one number.*`rul pretrain gru --set bins=32"
    ):
        finished.run(replace(TUNING, config={"finetuned_model": config}))


def edit_plant(works: Works, old: str, new: str) -> None:
    path = works.home.plant_file(PUMPS)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_worse_candidate_is_rejected_and_the_champion_stays(rejected: Works):
    states = {v.number: v.state for v in rejected.home.registry.versions(PUMPS)}
    assert states == {1: "champion", 2: "rejected"}
    note = rejected.home.registry.version(PUMPS, 2).note
    assert note is not None
    assert "above the champion's" in note


def test_the_deploying_asset_asks_the_gate_itself(rejected: Works):
    """A blocking check blocks only within one run; deploying in a run of its own changes nothing."""
    with pytest.raises(GateRefusedError, match="version 2 is not deployed"):
        rejected.run(replace(JUDGEMENT, assets=("deployed_model",)))
    champion = rejected.home.registry.champion(PUMPS)
    assert champion is not None
    assert champion.number == 1


def test_a_rejected_candidate_is_not_judged_over_and_over(rejected: Works):
    assert rejected.pipeline.is_current(JUDGEMENT)


def test_a_rejected_candidate_that_is_judged_again_and_held_is_a_candidate(
    better_home: Path, tmp_path: Path
):
    with copy_of(better_home, tmp_path) as works:
        registry = works.home.registry
        made = current(works.home, "finetuned_model", PUMPS).sha256
        number = registry.register(PUMPS, made, now=datetime.now(UTC)).number
        registry.reject(PUMPS, number, "judged by other settings")

        works.run(EVALUATION)

        again = registry.version(PUMPS, number)
        assert (again.state, again.note or "") == ("candidate", "")


def test_a_verdict_about_another_champion_deploys_nothing(promoted: Works):
    """Between gate and deployment somebody else was faster."""
    home = promoted.home
    verdict = json.loads(current(home, "evaluation_report", PUMPS).read("gate.json"))
    assert verdict["verdict"] == "PROMOTE"
    third = home.registry.register(PUMPS, "f" * 64, now=datetime.now(UTC))
    home.registry.deploy(
        PUMPS, third.number, expected_champion=1, evidence={}, now=datetime.now(UTC)
    )
    with pytest.raises(Exception, match="compared with champion 1, but 3 is in charge now"):
        promoted.run(replace(JUDGEMENT, assets=("deployed_model",)))


def test_a_checkpoint_that_saw_the_plants_own_machines_is_refused(finished: Works):
    edit_plant(finished, "[split]", '[transfer]\nheld_out = ["SIM"]\n\n[split]')
    finished.run(PUMP_DATA)
    with pytest.raises(LeakError, match="pretrained on SIM, which plant simulated_pumps holds out"):
        finished.run(TUNING)


def test_a_champion_that_was_taught_by_a_test_unit_is_not_compared(finished: Works):
    """Only by force: the split keeps every unit's role by itself."""
    files = current(finished.home, "plant_windows", PUMPS)
    roles = json.loads(files.read("splits.json"))
    taught = next(unit for unit, role in roles.items() if role == "train")
    edit_plant(finished, "test = 0.3", f'test = ["{taught}"]')
    with pytest.raises(LeakError, match=f"{taught} served for training before"):
        finished.run(PUMP_DATA)


def test_an_upstream_that_was_never_made_is_named(empty: Works):
    with pytest.raises(
        NotMaterializedError, match=r"cmapss_windows\[SIM\] has not been materialised"
    ):
        empty.run(PRETRAINING)


def test_windows_that_were_cut_differently_are_not_trained_on_together(finished: Works):
    home = finished.home
    made = home.lineage.current("cmapss_windows", "SIM")
    assert made is not None
    files = current(home, "cmapss_windows", "SIM")
    other = {name: files.read(name) for name in files.artifact.files}
    other["preparation.json"] = other["preparation.json"].replace(b'"window":30', b'"window":20')
    values = {"run_id": "r", "code_version": "c", "parameters": {}, "environment": {}}
    home.lineage.record(
        asset="cmapss_windows",
        partition="FD001",
        sha256=home.store.write(other).sha256,
        inputs=(),
        now=datetime.now(UTC),
        **values,
    )
    config = {"pretrained_checkpoint": {"subsets": ["SIM", "FD001"], "steps": 1}}
    with pytest.raises(LineageError, match="SIM: window 30, cap 125; FD001: window 20, cap 125"):
        finished.run(Stage(("pretrained_checkpoint",), "gru", config))


def test_a_checkpoint_of_another_architecture_is_refused(finished: Works):
    """Somebody registers the GRU's files as the LSTM's."""
    home = finished.home
    made = home.lineage.current("pretrained_checkpoint", "gru")
    assert made is not None
    home.lineage.record(
        asset="pretrained_checkpoint",
        partition="lstm",
        sha256=made.sha256,
        run_id="r",
        code_version="c",
        parameters={},
        environment={},
        inputs=(),
        now=datetime.now(UTC),
    )
    with pytest.raises(CheckpointError, match="model_name: found 'gru', expected 'lstm'"):
        finished.run(
            Stage(("finetuned_model",), PUMPS, {"finetuned_model": {"steps": 3, "folds": 2}})
        )


def test_a_changed_file_in_the_store_is_never_used(finished: Works):
    home = finished.home
    artifact = home.store.artifact(current(home, "pretrained_checkpoint", "gru").sha256)
    path = home.store.path(artifact, "checkpoint.pt")
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    again = {"finetuned_model": {"steps": 5, **BRIEFLY}}
    with pytest.raises(CorruptArtifactError, match=r"the bytes hash to .* registered as"):
        finished.run(Stage(("finetuned_model",), PUMPS, again))
    assert [v.number for v in home.registry.versions(PUMPS)] == [1]


def test_a_plant_with_too_few_failures_is_refused_and_keeps_its_former_data(finished: Works):
    before = current(finished.home, "plant_readings", PUMPS).sha256
    failures = finished.home.plants / PUMPS / "failures.csv"
    failures.write_text("".join(failures.read_text().splitlines(keepends=True)[:3]))
    with pytest.raises(TooFewUnitsError, match="2 units that ran to failure, at least 3 needed"):
        finished.run(PUMP_DATA)
    assert current(finished.home, "plant_readings", PUMPS).sha256 == before


def test_a_step_of_a_run_that_is_over_publishes_nothing(finished: Works):
    """A killed run can leave its step alive."""
    job = build_defs(finished.home).resolve_implicit_global_asset_job_def()
    run = finished.instance.create_run_for_job(job, status=dg.DagsterRunStatus.CANCELED)

    orphan = SimpleNamespace(
        run=run, instance=finished.instance, asset_key=dg.AssetKey("raw_cmapss")
    )
    blobs = set((finished.home.settings.home / "store").rglob("*"))
    step = Step(orphan, finished.home)  # pyright: ignore[reportArgumentType]
    with pytest.raises(OrphanedRunError, match=f"Run {run.run_id} is over"):
        step.publish({"a": b"new bytes"}, parameters={}, metadata={})
    assert set((finished.home.settings.home / "store").rglob("*")) == blobs


@pytest.mark.parametrize(
    ("old", "new", "section"),
    [
        ("[failure]\n", "[resample]\nstep = 20.0\n\n[failure]\n", "resample"),
        ('current_a = "current_a"\n', "", "sensors"),
    ],
)
def test_a_champion_that_reads_the_plant_differently_is_not_compared(
    finished: Works, old: str, new: str, section: str
):
    """Scored on the candidate's rows it would look worse than it is."""
    edit_plant(finished, old, new)
    finished.run(PUMP_DATA, TUNING)
    with pytest.raises(CheckFailedError, match="promotion_gate"):
        finished.run(JUDGEMENT)
    note = finished.home.registry.version(PUMPS, 2).note
    assert note is not None
    assert f"[{section}] of the plant file changed" in note
    champion = finished.home.registry.champion(PUMPS)
    assert champion is not None
    assert champion.number == 1


def test_a_damaged_candidate_is_not_deployed(promoted: Works):
    """Its file changed between the gate and the deployment."""
    home = promoted.home
    artifact = home.store.artifact(current(home, "finetuned_model", PUMPS).sha256)
    path = home.store.path(artifact, "model.onnx")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(CorruptArtifactError):
        promoted.run(replace(JUDGEMENT, assets=("deployed_model",)))
    champion = home.registry.champion(PUMPS)
    assert champion is not None
    assert champion.number == 1
