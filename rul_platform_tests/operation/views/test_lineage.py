"""From a version down to raw data, and what the ledger says."""

from rul_platform.operation.provenance import ensure_signed
from rul_platform.operation.signing import make_first
from rul_platform.operation.views.lineage import (
    AnchorState,
    anchor_state,
    ledger_entries,
    lineage_of,
    signature_of,
)
from rul_platform.storage.home import Home
from rul_platform.storage.lineage import Input
from rul_platform_tests.operation.served import NOW, PRESS, add_version, serve

RAW, READINGS, WINDOWS = "1" * 64, "2" * 64, "3" * 64


def made(home: Home, asset: str, sha256: str, *inputs: tuple[str, str], partition: str = PRESS):
    home.lineage.record(
        asset=asset, partition=partition, sha256=sha256, run_id="run-1", code_version="c1",
        parameters={}, environment={}, now=NOW,
        inputs=[Input(name, PRESS, read) for name, read in inputs],
    )  # fmt: skip


def test_every_step_lies_deeper_than_what_was_made_from_it(home: Home):
    version = add_version(home, seed=0)
    made(home, "plant_readings", READINGS, ("plant_source", RAW))
    made(home, "plant_windows", WINDOWS, ("plant_readings", READINGS))
    made(
        home, "finetuned_model", version.sha256,
        ("plant_windows", WINDOWS), ("plant_readings", READINGS),
    )  # fmt: skip
    steps = lineage_of(home, version)
    assert [(each.asset, each.depth) for each in steps] == [
        ("finetuned_model", 0), ("plant_windows", 1), ("plant_readings", 2), ("plant_source", 3),
    ]  # fmt: skip
    by_key = {each.key: each for each in steps}
    assert [by_key[key].asset for key in steps[0].read] == ["plant_windows", "plant_readings"]
    assert [each.is_outside for each in steps] == [False, False, False, True]
    assert (steps[0].run_id, steps[0].code_version) == ("run-1", "c1")


def test_what_was_read_twice_is_one_step(home: Home):
    version = add_version(home, seed=0)
    made(home, "plant_readings", READINGS, ("plant_source", RAW), ("plant_source", RAW))
    made(home, "finetuned_model", version.sha256, ("plant_readings", READINGS))
    assert [each.asset for each in lineage_of(home, version)] == [
        "finetuned_model", "plant_readings", "plant_source",
    ]  # fmt: skip


def test_a_version_that_no_asset_made_has_no_lineage(home: Home):
    assert lineage_of(home, add_version(home, seed=0)) == ()


def test_a_signature_holds_until_the_key_is_unknown(home: Home):
    version = add_version(home, seed=0)
    assert not signature_of(home, version).is_signed
    make_first(home, now=NOW)
    ensure_signed(home, version, now=NOW)
    found = signature_of(home, version)
    assert found.holds
    assert found.signed_at == NOW
    (public,) = home.signing.folder.glob("*.pub*")
    public.unlink()
    found = signature_of(home, version)
    assert found.is_signed
    assert not found.holds
    assert found.problem


def test_an_empty_ledger_has_no_anchor(home: Home):
    assert anchor_state(home) == AnchorState(newest=0)


def test_the_newest_anchor_covers_the_last_row(home: Home):
    serve(home)
    found = anchor_state(home)
    assert found.is_whole
    assert found.newest == found.seq
    (public,) = home.signing.folder.glob("*.pub*")
    public.unlink()
    assert not anchor_state(home).is_whole
    assert "not known here" in anchor_state(home).problem


def test_rows_of_a_plant_newest_first_and_page_by_page(home: Home):
    serve(home)
    home.freezes.freeze(PRESS, "a" * 64, "overhaul", NOW)
    serve(home, name="mill")
    found = ledger_entries(home, PRESS, limit=10)
    assert [each.kind for each in found] == ["freeze", "deployment"]
    assert found[0].body["reason"] == "overhaul"
    assert found[0].is_signed
    assert ledger_entries(home, PRESS, limit=1) == found[:1]
    assert ledger_entries(home, PRESS, limit=1, before=found[0].seq) == found[1:]
