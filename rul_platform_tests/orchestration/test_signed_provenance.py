"""What a version was made from, signed when the gate has answered."""

import json

from rul_platform.core.statement import MANIFEST
from rul_platform.operation.provenance import ANCHOR, DAGSTER, GATE, ensure_signed, opened
from rul_platform.operation.source_state import source_state
from rul_platform_tests.orchestration.conftest import PUMPS, Works


def test_a_version_is_signed_with_all_it_was_made_from(finished: Works):
    home = finished.home
    version = home.registry.champion(PUMPS)
    (kept,) = home.provenance.of_version(PUMPS, version.number)
    found = opened(home, kept)

    artifact = home.store.artifact(version.sha256)
    assert found.subjects.pop(MANIFEST) == version.sha256
    assert found.subjects == {name: entry.sha256 for name, entry in artifact.files.items()}

    names = {each.name for each in found.dependencies}
    assert {
        f"plant_windows[{PUMPS}]", f"plant_readings[{PUMPS}]", "pretrained_checkpoint[gru]",
        "cmapss_windows[SIM]", "raw_cmapss[SIM]", "installed packages",
    } <= names  # fmt: skip
    assert any(each.facts.get("from") == "outside" for each in found.dependencies)
    if source_state().commit:
        assert {"source code", "lock file"} <= names
    assert found.given["packages"]["torch"].startswith("2.")
    assert found.given["retrain"] is None
    card = json.loads(home.store.read(artifact, "card.json"))
    assert found.given["seed"] == card["training"]["seed"]
    assert found.chosen["parameters"]["approach"] == "full_fine_tuning"


def test_the_gate_the_ledger_and_dagster_are_named_beside_it(finished: Works):
    home = finished.home
    version = home.registry.champion(PUMPS)
    (kept,) = home.provenance.of_version(PUMPS, version.number)
    found = opened(home, kept)

    gate = home.gates.latest(PUMPS, version.number)
    assert found.byproduct(GATE)["digest"] == {"sha256": gate.report}
    anchor = found.byproduct(ANCHOR)["annotations"]
    rows = {row.seq: row.hash for row in home.ledger.all()}
    assert rows[anchor["seq"]] == anchor["hash"]
    told = [e["annotations"] for e in found.byproducts if e["name"] == DAGSTER]
    assert {each["asset"] for each in told} == {
        "finetuned_model", "plant_windows", "plant_readings", "pretrained_checkpoint",
        "cmapss_windows", "raw_cmapss",
    }  # fmt: skip
    assert {each["data_version"] for each in told if each["asset"] == "finetuned_model"} == {
        version.sha256
    }
    assert all(each["code_version"] for each in told)


def test_the_ledger_says_what_was_signed_and_a_signed_version_is_not_signed_again(finished: Works):
    home = finished.home
    version = home.registry.champion(PUMPS)
    (kept,) = home.provenance.of_version(PUMPS, version.number)
    (row,) = home.ledger.of_plant(PUMPS, ["version"])
    body = json.loads(row.body)
    assert (body["sha256"], body["envelope"]) == (version.sha256, kept.envelope)
    ensure_signed(home, version, now=home.now())
    assert home.provenance.of_version(PUMPS, version.number) == (kept,)
