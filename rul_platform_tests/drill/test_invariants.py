"""Each invariant finds a breach that was planted: a check that never fails would prove nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from rul_platform.drill import tally
from rul_platform.drill.ground import (
    ANSWERS,
    AUDIT,
    CHAMPION,
    HALVES,
    LEDGER,
    LOST,
    TWICE,
    Ground,
)
from rul_platform.drill.invariants import MEANING, Watch
from rul_platform.drill.promises import ARTIFACT, FAR, KINDS, Promise
from rul_platform.drill.service import Service
from rul_platform.drill.tally import Tally, exit_code, to_json, to_text
from rul_platform.storage.database import writing
from rul_platform_tests.drill.conftest import PLANT, past_triggers


def broken(ground: Ground, *statements: str) -> None:
    """Somebody changes the tables, past the triggers that forbid it."""
    with writing(ground.home.engine) as connection:
        for statement in (*past_triggers(connection), *statements):
            connection.exec_driver_sql(statement)


def found(ground: Ground, watch: Watch | None = None) -> set[str]:
    """Names of invariants that do not hold."""
    watch = watch or Watch(ground)
    watch.after_fault()
    watch.after_scenario()
    return {each.invariant for each in ground.breaches}


def champions_file(ground: Ground) -> Path:
    champion = ground.home.registry.champion(PLANT)
    assert champion is not None
    entry = ground.home.store.artifact(champion.sha256).files["model.onnx"]
    return ground.home.store.root / entry.sha256[:2] / entry.sha256


def damaged(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1])


def test_nothing_is_found_where_nothing_is_broken(ground: Ground):
    assert found(ground) == set()
    assert exit_code(ground) == 0


def test_a_plant_without_a_champion_is_found(ground: Ground):
    broken(ground, "UPDATE model_version SET state = 'retired' WHERE state = 'champion'")
    assert CHAMPION in found(ground)


def test_two_champions_are_found(ground: Ground):
    broken(
        ground,
        "DROP INDEX uq_model_version_one_champion",
        "UPDATE model_version SET state = 'champion'",
    )
    assert CHAMPION in found(ground)


def test_a_changed_file_of_the_champion_is_found(ground: Ground):
    damaged(champions_file(ground))
    assert {CHAMPION, HALVES, AUDIT} <= found(ground)


def test_a_champion_that_nobody_signed_is_found(ground: Ground):
    broken(ground, "DELETE FROM provenance")
    assert CHAMPION in found(ground)


@pytest.mark.parametrize("kind", [each for each in KINDS if each != FAR])
def test_what_was_acknowledged_and_is_not_there_is_found(ground: Ground, kind: str):
    ground.take(Promise(kind, "a key", "0" * 64 if kind == ARTIFACT else "0" * 32))
    assert LOST in found(ground)


def test_another_answer_to_the_same_request_is_found(ground: Ground):
    ground.take(Promise("rating", "a key", "1" * 32))
    ground.take(Promise("rating", "a key", "2" * 32))
    assert TWICE in {each.invariant for each in ground.breaches}


def test_a_rating_that_is_counted_twice_is_found(ground: Ground):
    hour = "2026-03-01 00:00:00.000000"
    broken(ground, f"INSERT INTO feedback_hour VALUES ('p', '{hour}', 1, 1, 0, 0, 0, 1)")  # noqa: S608
    assert TWICE in found(ground)


def test_a_changed_row_of_the_ledger_is_found(ground: Ground):
    broken(ground, "UPDATE ledger SET body = '{}' WHERE seq = 2")
    assert {LEDGER, AUDIT} <= found(ground)


def test_a_ledger_that_lost_its_end_is_found(ground: Ground):
    watch = Watch(ground)
    watch.after_fault()
    broken(ground, "DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)")
    assert {LEDGER, AUDIT} <= found(ground, watch)


def test_half_a_file_in_the_store_is_found(ground: Ground):
    half = ground.home.store.root / "ab" / ("ab" * 32)
    half.parent.mkdir(exist_ok=True)
    half.write_bytes(b"half")
    assert HALVES in found(ground)


def test_a_stray_file_beside_artifacts_is_found(ground: Ground):
    (ground.home.store.root / "model.onnx.tmp").write_bytes(b"half")
    assert HALVES in found(ground)


def test_a_service_that_does_not_answer_is_found(ground: Ground, tmp_path: Path):
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        ground.service = Service(gone, port=9, log=tmp_path / "log")
    assert ANSWERS in found(ground)


def test_a_version_without_origin_is_found(ground: Ground):
    broken(ground, "DELETE FROM materialization_input", "DELETE FROM materialization")
    assert AUDIT in found(ground)


@pytest.mark.parametrize("name", MEANING)
def test_the_report_names_what_broke_and_after_what(tmp_path: Path, name: str):
    """Whatever found it: the exit code is 1."""
    ground = Ground.new(tmp_path / "home", None, {})
    ground.doing = "disk: full at some byte"
    ground.breach(name, "what was found")
    counted = Tally(1, "f" * 64, 1, "SQLite")
    text, told = to_text(counted, ground), to_json(counted, ground)
    assert f"BROKEN, {name}, after disk: full at some byte: what was found" in text
    assert told["holds"] is False
    assert told["invariants"][name]["breaches"] == [
        {"after": "disk: full at some byte", "what": "what was found"}
    ]
    assert exit_code(ground) == tally.BROKEN
