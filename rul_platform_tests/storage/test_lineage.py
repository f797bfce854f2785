"""What was made from what, answered from rows that never change."""

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from rul_platform.errors import RecordError
from rul_platform.storage.database import connect, writing
from rul_platform.storage.lineage import Input, LineageStore, Materialization
from rul_platform_tests.storage.at_once import in_threads

NOW = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)


def sha(name: str) -> str:
    """A hash to tell by eye: ``1111…``."""
    return name * 64


@pytest.fixture
def lineage(engine: sa.Engine) -> LineageStore:
    return LineageStore(engine)


def record(
    lineage: LineageStore, asset: str, made: str, *read: Input, **other: Any
) -> Materialization:
    values: dict[str, Any] = {
        "partition": "press",
        "run_id": "run-1",
        "code_version": "c0de",
        "parameters": {"window": 30},
        "environment": {"python": "3.11"},
        "now": NOW,
    }
    return lineage.record(asset=asset, sha256=sha(made), inputs=read, **(values | other))


def of(made: Materialization) -> Input:
    return Input(made.asset, made.partition, made.sha256)


def test_what_was_recorded_is_read_back(lineage: LineageStore):
    read = (Input("plant_source", "press", sha("0")), Input("prices", "2026", sha("1")))
    parameters = {
        "window": 30,
        "rate": 0.001,
        "names": ["a", "é"],
        "nested": {"none": None, "yes": True},
    }

    made = record(lineage, "plant_windows", "2", *read, parameters=parameters)

    assert lineage.current("plant_windows", "press") == made
    assert made == Materialization(
        id=made.id,
        asset="plant_windows",
        partition="press",
        sha256=sha("2"),
        run_id="run-1",
        code_version="c0de",
        parameters=parameters,
        environment={"python": "3.11"},
        inputs=read,
        created_at=NOW,
    )


def test_times_come_back_in_utc_whatever_zone_they_went_in(lineage: LineageStore):
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))

    made = record(lineage, "raw_cmapss", "1", now=elsewhere)

    assert made.created_at == NOW
    assert made.created_at.tzinfo == UTC
    assert made.created_at.isoformat() == "2026-03-01T12:30:00.123456+00:00"


def test_the_current_one_is_the_one_registered_last_not_the_one_with_the_latest_clock(
    lineage: LineageStore,
):
    record(lineage, "plant_windows", "1", now=NOW)
    last = record(lineage, "plant_windows", "2", now=NOW - timedelta(days=1))

    assert lineage.current("plant_windows", "press") == last


def test_nothing_made_yet_is_none(lineage: LineageStore):
    record(lineage, "plant_windows", "1")

    assert lineage.current("plant_windows", "mill") is None
    assert lineage.current("raw_cmapss", "press") is None
    assert lineage.history("plant_windows", "mill") == ()


def test_history_is_everything_of_one_partition_oldest_first(lineage: LineageStore):
    first = record(lineage, "plant_windows", "1", Input("plant_source", "press", sha("a")))
    record(lineage, "plant_windows", "9", partition="mill")
    second = record(lineage, "plant_windows", "2", Input("plant_source", "press", sha("b")))
    again = record(lineage, "plant_windows", "1")

    assert lineage.history("plant_windows", "press") == (first, second, again)


def test_partitions_are_listed_once_in_alphabetical_order(lineage: LineageStore):
    for name in ("press", "Mill", "press", "a"):
        record(lineage, "plant_windows", "1", partition=name)

    assert lineage.partitions("plant_windows") == ("Mill", "a", "press")
    assert lineage.partitions("raw_cmapss") == ()


def test_bytes_are_found_by_their_hash(lineage: LineageStore):
    first = record(lineage, "plant_windows", "1")
    record(lineage, "plant_windows", "2")
    other = record(lineage, "plant_windows", "1", partition="mill")

    assert lineage.by_sha256(sha("1")) == (first, other)
    assert lineage.by_sha256(sha("f")) == ()


def test_from_a_model_down_to_the_raw_bytes(lineage: LineageStore):
    nasa, source = Input("nasa", "FD001", sha("a")), Input("plant_source", "press", sha("b"))
    raw = record(lineage, "raw_cmapss", "1", nasa, partition="FD001")
    unused = record(lineage, "raw_cmapss", "2", partition="FD002")
    readings = record(lineage, "plant_readings", "3", source)
    encoder = record(lineage, "pretrained_checkpoint", "4", of(raw), partition="lstm")
    windows = record(lineage, "plant_windows", "5", of(readings))
    model = record(lineage, "finetuned_model", "6", of(encoder), of(windows), of(raw))

    found = lineage.ancestors(model.sha256)

    assert found == (model, windows, encoder, readings, raw)
    assert unused not in found
    assert lineage.ancestors(raw.sha256) == (raw,)
    assert lineage.ancestors(sha("b")) == ()  # from outside


def test_what_happened_later_changes_no_answer(lineage: LineageStore):
    """An input is the registration that was there when it was read, not a later one of equal bytes."""
    raw = record(lineage, "raw_cmapss", "1", run_id="before")
    windows = record(lineage, "cmapss_windows", "2", of(raw))
    record(lineage, "raw_cmapss", "1", run_id="after")

    assert lineage.ancestors(windows.sha256) == (windows, raw)


def test_an_input_is_followed_by_its_hash_not_to_the_current_one(lineage: LineageStore):
    old = record(lineage, "raw_cmapss", "1")
    new = record(lineage, "raw_cmapss", "2")
    windows = record(lineage, "cmapss_windows", "3", of(old))

    assert lineage.ancestors(windows.sha256) == (windows, old)
    assert new not in lineage.ancestors(windows.sha256)


def test_an_asset_may_read_its_own_former_artifact(lineage: LineageStore):
    """A model trained on from the champion, and then the very same bytes again."""
    first = record(lineage, "finetuned_model", "1")
    second = record(lineage, "finetuned_model", "2", of(first))
    third = record(lineage, "finetuned_model", "1", of(second))

    assert lineage.ancestors(sha("1")) == (third, second, first)


def test_equal_bytes_of_several_partitions_are_all_followed(lineage: LineageStore):
    read = [record(lineage, "plant_readings", name, partition=name) for name in "12"]
    made = [
        record(lineage, "plant_windows", "3", of(each), partition=each.partition) for each in read
    ]

    assert lineage.ancestors(sha("3")) == (*reversed(made), *reversed(read))


@pytest.mark.parametrize(
    "wrong", ["", "a" * 63, "A" * 64, "g" * 64, "a" * 64 + "\n", "'; DROP TABLE x"]
)
def test_a_hash_that_is_none_is_refused(lineage: LineageStore, wrong: str):
    expected = f"A sha256 is {wrong!r}, but must be 64 lower-case hex digits. Nothing was recorded."
    for refused in (
        lambda: lineage.record(**row(sha256=wrong)),
        lambda: lineage.record(**row(inputs=[Input("raw", "FD001", wrong)])),
        lambda: lineage.by_sha256(wrong),
        lambda: lineage.ancestors(wrong),
    ):
        with pytest.raises(RecordError) as error:
            refused()
        assert str(error.value) == expected
    assert lineage.history("plant_windows", "press") == ()


def row(**other: Any) -> dict[str, Any]:
    names = {"asset": "plant_windows", "partition": "press", "sha256": sha("1"), "inputs": ()}
    made = {
        "run_id": "run-1",
        "code_version": "c0de",
        "parameters": {},
        "environment": {},
        "now": NOW,
    }
    return names | made | other


@pytest.mark.parametrize("value", [math.nan, math.inf, {1, 2}, NOW])
def test_a_parameter_that_is_not_json_is_refused(lineage: LineageStore, value: object):
    with pytest.raises(RecordError) as refused:
        lineage.record(**row(parameters={"rate": value}))

    assert "A recorded object is not JSON (" in str(refused.value)
    assert "but must be made of text, finite numbers" in str(refused.value)
    assert lineage.history("plant_windows", "press") == ()


def test_a_time_without_a_zone_is_refused(lineage: LineageStore):
    with pytest.raises(RecordError) as refused:
        lineage.record(**row(now=NOW.replace(tzinfo=None)))

    assert str(refused.value) == (
        "A moment is 2026-03-01T12:30:00.123456 without a time zone, but must be aware of its zone, as "
        "datetime.now(UTC) is. Nothing was recorded."
    )


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
def test_registrations_wait_for_their_turn(engine: sa.Engine, database_url: str):
    """Else PostgreSQL could commit a lower id later, and "registered last" would change its mind."""
    impatient = connect(f"{database_url}&options=-clock_timeout%3D20")  # milliseconds
    with writing(engine) as connection:
        connection.execute(
            sa.text("LOCK TABLE materialization IN ROW EXCLUSIVE MODE")
        )  # as any writer
        with pytest.raises(OperationalError, match="lock timeout"):
            LineageStore(impatient).record(**row())
    impatient.dispose()


def test_eight_records_at_once_are_all_kept_with_their_own_inputs(lineage: LineageStore):
    def write(number: int) -> Materialization:
        return record(lineage, "plant_windows", "1", *[Input("raw", str(number), sha("2"))] * 3)

    made = in_threads(write, 8)

    history = lineage.history("plant_windows", "press")
    assert sorted(made, key=lambda each: each.id) == list(history)
    assert {each.inputs[0].partition for each in history} == set("01234567")
    assert all(len(set(each.inputs)) == 1 and len(each.inputs) == 3 for each in history)


def test_what_one_run_made_is_found_whatever_others_made_meanwhile(lineage: LineageStore):
    record(lineage, "finetuned_model", "1", run_id="ours")
    again = record(lineage, "finetuned_model", "2", run_id="ours")
    record(lineage, "finetuned_model", "3", run_id="theirs")
    record(lineage, "finetuned_model", "4", run_id="ours", partition="pump")

    assert lineage.made_in("ours", "finetuned_model", "press") == again
    assert lineage.made_in("ours", "evaluation_report", "press") is None
    assert lineage.made_in("nobody's", "finetuned_model", "press") is None


def test_what_one_run_made_of_a_partition_is_told_in_order(lineage: LineageStore):
    first, second = (record(lineage, asset, "1") for asset in ("plant_readings", "plant_windows"))
    record(lineage, "plant_windows", "2", partition="mill")
    record(lineage, "plant_windows", "3", run_id="run-2")

    assert lineage.made_for("run-1", "press") == (first, second)
    assert lineage.made_for("run-3", "press") == ()
