"""A whole home under audit: untouched it holds, and whatever is changed behind its back is found."""

import json
from collections.abc import Callable

import pytest

from rul_platform.operation.answering import GivenReadings, answer_given
from rul_platform.operation.audit.verify import BROKEN, HOLDS, UNKNOWN, verify
from rul_platform.orchestration.step import current
from rul_platform.orchestration.stored_windows import plant_fleet
from rul_platform.storage.home import Home
from rul_platform_tests.orchestration.conftest import PUMPS, Works
from rul_platform_tests.storage.rows import execute


def champion_file(home: Home, name: str) -> str:
    return home.store.artifact(home.registry.champion(PUMPS).sha256).files[name].sha256


def flip(home: Home, sha256: str) -> None:
    """One bit of a stored file."""
    path = home.store.root / sha256[:2] / sha256
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def sql(table: str, statement: str, operation: str = "update") -> Callable[[Home], None]:
    """A statement past the trigger that would refuse it."""

    def run(home: Home) -> None:
        execute(home.engine, f"DROP TRIGGER IF EXISTS {table}_{operation}", statement)

    return run


def file_of(asset: str, name: str) -> Callable[[Home], None]:
    """One bit of a file of an asset's current artifact."""

    def run(home: Home) -> None:
        partition = "SIM" if asset == "raw_cmapss" else PUMPS
        flip(home, current(home, asset, partition).artifact.files[name].sha256)

    return run


def envelope(home: Home) -> None:
    (kept,) = home.provenance.of_version(PUMPS, 1)
    flip(home, home.store.artifact(kept.envelope).files["provenance.dsse.json"].sha256)


def gate_record(home: Home) -> None:
    """The gate's numbers made better, in the table and its verdict as it was."""
    gate = home.gates.history(PUMPS)[-1]
    record = json.loads(json.dumps(gate.record))
    record["evidence"]["candidate_rmse"] = record["evidence"]["constant_rmse"] * 2
    text = json.dumps(record).replace("'", "''")
    sql("gate", f"UPDATE gate SET record = '{text}'")(home)  # noqa: S608  our own text


DAMAGES: dict[str, tuple[Callable[[Home], None], str]] = {
    "model": (lambda home: flip(home, champion_file(home, "model.onnx")), "model.onnx"),
    "card": (lambda home: flip(home, champion_file(home, "card.json")), "card.json"),
    "manifest": (lambda home: flip(home, home.registry.champion(PUMPS).sha256), "manifest"),
    "windows": (file_of("plant_windows", "windows.parquet"), "windows.parquet"),
    "report": (file_of("evaluation_report", "report.html"), "report.html"),
    "raw data": (
        lambda home: flip(home, current(home, "raw_cmapss", "SIM").sha256), "raw_cmapss[SIM]",
    ),
    "envelope": (envelope, "provenance"),
    "public key": (
        lambda home: next(home.signing.folder.glob("*.pub.pem")).write_text("none"), ".pub.pem",
    ),
    "statement taken away": (
        sql("provenance", "DELETE FROM provenance", "delete"), "stands in the ledger, and in no table",
    ),
    "lineage cut": (
        sql(
            "materialization_input",
            "DELETE FROM materialization_input WHERE asset = 'plant_readings'",
            "delete",
        ),
        "lineage names it no more",
    ),
    "code version": (
        sql("materialization", "UPDATE materialization SET code_version = 'x'"),
        "another version of the code",
    ),
    "deployment moved": (
        sql("deployment", "UPDATE deployment SET since = '2020-01-01 00:00:00.000000'"),
        "the ledger knows nothing of it",
    ),
    "another champion": (
        sql("model_version", "UPDATE model_version SET state = 'retired'"), "version None answers",
    ),
    "said to be tidied away": (
        sql("model_version", "UPDATE model_version SET cleaned_at = '2026-01-01 00:00:00.000000'"),
        "it is said to be tidied away",
    ),
    "an unknown decision": (
        sql("deployment", "UPDATE deployment SET evidence = '{\"kind\":\"x\"}'"), "no such decision: x",
    ),
    "parameters": (
        sql("materialization", "UPDATE materialization SET parameters = '{}'"), "other parameters",
    ),
    "deployment taken away": (
        sql("deployment", "DELETE FROM deployment", "delete"), "the table does not",
    ),
    "evidence": (
        sql("deployment", "UPDATE deployment SET evidence = '{}'"), "its evidence is not what",
    ),
    "gate's verdict": (
        sql("gate", "UPDATE gate SET verdict = 'REJECT'"), "it is not what the ledger says",
    ),
    "gate's numbers": (gate_record, "its evidence under its settings gives REJECT"),
    "settings": (
        sql("config_snapshot", "UPDATE config_snapshot SET settings = '{}'"),
        "do not have the hash",
    ),
    "settings that are no JSON": (
        sql("config_snapshot", "UPDATE config_snapshot SET settings = '{'"), "cannot be read",
    ),
    "evidence that is no JSON": (
        sql("deployment", "UPDATE deployment SET evidence = '{'"), "cannot be read",
    ),
    "ledger row that is no JSON": (
        sql("ledger", "UPDATE ledger SET body = '{' WHERE kind = 'gate'"), "was changed",
    ),
    "time that is none": (
        sql("deployment", "UPDATE deployment SET since = 'yesterday'"), "cannot be read",
    ),
    "prediction": (
        sql("prediction", "UPDATE prediction SET created_at = '2020-01-01 00:00:00.000000'"),
        "which was not in charge",
    ),
    "ledger": (sql("ledger", "UPDATE ledger SET plant = 'x' WHERE seq = 1"), "row 1 was changed"),
}  # fmt: skip


@pytest.fixture
def answered(finished: Works) -> Home:
    """The finished home after some predictions."""
    fleet = plant_fleet(current(finished.home, "plant_windows", PUMPS))
    seen = fleet.take(["pump-01"]).readings.iloc[:40]
    answer_given(finished.home, PUMPS, GivenReadings(seen))
    return finished.home


def test_untouched_it_holds(answered: Home):
    found = verify(answered)
    assert found.problems == ()
    assert found.exit_code == HOLDS
    looked_at = found.looked_at
    assert (looked_at["versions"], looked_at["deployments"], looked_at["gates"]) == (1, 1, 1)
    assert looked_at["predictions"] >= 1
    assert looked_at["artifacts"] >= 8


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_was_changed_is_found(answered: Home, damage: str):
    change, expected = DAMAGES[damage]
    change(answered)
    found = verify(answered)
    assert found.exit_code == BROKEN, damage
    assert expected in "\n".join(problem.sentence for problem in found.problems)


def judge_again(home: Home, **changed: object) -> None:
    """Another answer of the gate, REJECT on evidence that speaks for PROMOTE, noted as any other."""
    last = home.gates.history(PUMPS)[-1]
    record = {**last.record, **changed}
    home.gates.record(
        plant=PUMPS,
        number=last.number,
        sha256=last.sha256,
        verdict="REJECT",
        record={name: value for name, value in record.items() if value is not None},
        report="f" * 64,
        retrain_id=None,
        now=home.now(),
    )


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"rule": "0" * 16}, "it said REJECT by rule 0000000000000000; today's, "),
        ({"rule": None}, "it said REJECT by a rule that it does not name; today's, "),
        ({"evidence": {"candidate": "a" * 64}}, "missing"),
        ({"settings": "b" * 64}, "settings"),
    ],
)
def test_an_answer_by_another_rule_is_not_called_broken(
    answered: Home, changed: dict[str, object], told: str
):
    judge_again(answered, **changed)
    found = verify(answered)
    assert found.exit_code == UNKNOWN, found.problems
    (problem,) = found.problems
    assert problem.what.startswith("not decidable by today's rule: ")
    assert told in problem.what


def test_an_answer_that_its_own_rule_does_not_give_is_broken(answered: Home):
    judge_again(answered)
    found = verify(answered)
    assert found.exit_code == BROKEN
    assert "its evidence under its settings gives" in found.problems[0].what


def test_another_rule_that_says_the_same_is_no_problem(answered: Home):
    last = answered.gates.history(PUMPS)[-1]
    answered.gates.record(
        plant=PUMPS, number=last.number, sha256=last.sha256, verdict=last.verdict,
        record={**last.record, "rule": "0" * 16}, report="f" * 64, retrain_id=None, now=answered.now(),
    )  # fmt: skip
    assert verify(answered).problems == ()


def test_a_rule_that_is_named_afterwards_is_found(answered: Home):
    """Whoever changes the numbers may say that another rule judged them: the ledger knows better."""
    record = json.dumps({**answered.gates.history(PUMPS)[-1].record, "rule": "0" * 16})
    sql("gate", f"UPDATE gate SET record = '{record}'")(answered)  # noqa: S608  our own text
    assert "it is not what the ledger says" in verify(answered).problems[0].what


def test_all_that_is_wrong_is_told_not_the_first(answered: Home):
    for damage in ("model", "evidence", "prediction", "ledger"):
        DAMAGES[damage][0](answered)
    found = verify(answered)
    parts = {problem.part for problem in found.problems}
    assert {"versions", "deployments", "predictions", "ledger"} <= parts


def test_where_the_key_is_elsewhere_rows_may_be_unsigned_and_that_is_said(answered: Home):
    (answered.signing.folder / "signing.key").unlink()
    answered.ledger.append("purge", body={"feedback": 0}, now=answered.now())
    found = verify(answered)
    assert found.exit_code == UNKNOWN
    (problem,) = found.problems
    assert "signed by no known key" in problem.what


def test_what_was_tidied_away_with_the_ledger_s_knowledge_is_not_missing(answered: Home):
    """A version that a clean-up removed, though the champion went on from it."""
    now, registry = answered.now(), answered.registry
    old = registry.register(PUMPS, answered.store.write({"card.json": b"{}"}).sha256, now=now)
    answered.lineage.record(
        asset="finetuned_model", partition=PUMPS, sha256=old.sha256, run_id="r", code_version="c",
        parameters={}, environment={}, now=now,
        inputs=answered.lineage.current("finetuned_model", PUMPS).inputs,
    )  # fmt: skip
    registry.reject(PUMPS, old.number, "worse")
    registry.mark_cleaned(PUMPS, old.number, now=now)
    gone = [{"number": old.number, "sha256": old.sha256}]
    answered.ledger.append("cleanup", plant=PUMPS, body={"versions": gone}, now=now)
    answered.store.remove(old.sha256)
    assert verify(answered).problems == ()
