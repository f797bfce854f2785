"""A person can be told, erased and let go of; what was proven with their ratings stays proven."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

import pytest
from sqlalchemy.exc import DBAPIError

from rul_platform.core.commitments import merkle_root
from rul_platform.core.ledger import chain_problems
from rul_platform.core.policy import Configured, Policy
from rul_platform.errors import ConfigError, KeyFileError
from rul_platform.operation.privacy import Purged, erase, purge, report, too_old
from rul_platform.settings import Settings
from rul_platform.storage.feedback_rows import Claim, NewFeedback
from rul_platform.storage.home import Home
from rul_platform_tests.storage.rows import execute

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MAY = datetime(2026, 5, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
SYSTEM = "system"


def rate(home: Home, name: str, at: datetime = NOW, unit: str = "u1") -> str:
    """A rating's id."""
    version = home.registry.register("press", "c" * 64, now=at)
    prediction = home.predictions.record(
        plant="press", unit=unit, number=version.number, sha256=version.sha256, life=50.0, rul=30.0,
        rul_low=20.0, rul_high=40.0, now=at,
    )  # fmt: skip
    entry = NewFeedback(
        prediction_id=prediction, rating="negative", reason="too_late", created_at=at,
        person=home.people.of(name, at), salt=token_hex(16),
    )  # fmt: skip
    return home.feedback.add(entry).id


def bodies(home: Home, kind: str) -> list[dict]:
    return [json.loads(row.body) for row in home.ledger.rows() if row.kind == kind]


def claimed_by_a_retrain(home: Home) -> tuple[int, Claim]:
    """All ratings of the plant."""
    snapshot = home.snapshots.keep(Configured(Policy(), {}), NOW)
    asked = home.retrains.open(
        plant="press", trigger="feedback", watermark=1, snapshot=snapshot, cause={}, now=NOW
    )
    home.feedback.roll_up()
    return asked.id, home.feedback.claim("press", NOW - 400 * DAY, asked.id)


def test_a_report_holds_everything_of_one_person_over_all_keys(home: Home):
    old, new = rate(home, "Ann", MAY), rate(home, " Ann ", NOW)
    rate(home, "Ben", NOW, unit="u2")
    home.freezes.freeze("press", home.people.of("Ann", NOW), "audit", NOW)

    held = report(home, "Ann")

    assert [row.id for row in held.feedback] == [old, new]
    assert [(each.table, each.what, each.reason) for each in held.actions] == [
        ("ledger", "freeze", "audit"),
        ("plant_freeze", "freeze", "audit"),
    ]
    assert held.quarters == ("2026Q2", "2026Q4")
    assert report(home, "ann").feedback == ()


def test_erasing_takes_a_person_out_of_all_ratings_and_leaves_the_others(home: Home):
    ids = [rate(home, "Ann", MAY), rate(home, "Ann", NOW)]
    rate(home, "Ben", NOW, unit="u2")
    home.freezes.freeze("press", home.people.of("Ann", NOW), "audit", NOW)

    erased = erase(home, "Ann", SYSTEM, NOW)

    assert (erased.feedback, len(erased.kept)) == (2, 2)
    assert report(home, "Ann").feedback == ()
    assert len(report(home, "Ben").feedback) == 1
    kept = home.feedback.recent("press", 10)
    assert {row.id: (row.person, row.salt) for row in kept if row.id in ids} == dict.fromkeys(
        ids, (None, None)
    )


def test_the_ledger_says_what_was_erased_and_not_whose(home: Home):
    ids = [rate(home, "Ann", MAY), rate(home, "Ann", NOW)]
    pseudonyms = home.people.all_of("Ann")

    erase(home, "Ann", SYSTEM, NOW)

    root = merkle_root(row.commitment for row in home.feedback.recent("press", 9))
    assert bodies(home, "erasure") == [{"actor": SYSTEM, "feedback": 2, "root": root}]
    everything = "".join(row.body for row in home.ledger.rows())
    assert not any(each in everything for each in (*pseudonyms, *ids))
    assert chain_problems(home.ledger.rows()) == ()


def test_who_erases_themselves_is_not_named_by_it(home: Home):
    rate(home, "Ann", MAY)
    rate(home, "Ann", NOW)
    ann, officer = home.people.of("Ann", NOW), home.people.of("Officer", NOW)

    erase(home, "Ann", ann, NOW)
    rate(home, "Ben", NOW)
    erase(home, "Ben", officer, NOW)

    assert [body["actor"] for body in bodies(home, "erasure")] == ["self", officer]
    assert report(home, "Ann").actions == ()


def test_where_nothing_is_held_nothing_is_recorded(home: Home):
    rate(home, "Ben", NOW)

    assert erase(home, "Ann", SYSTEM, NOW).feedback == 0

    assert bodies(home, "erasure") == []


def test_after_an_erasure_the_root_of_a_retrain_is_still_proven(home: Home):
    """An erased row is told apart from an altered one, and an altered commitment changes the root."""
    gone, changed = rate(home, "Ann"), rate(home, "Ben", unit="u2")
    intact = rate(home, "Cid", unit="u3")
    retrain, claim = claimed_by_a_retrain(home)
    erase(home, "Ann", SYSTEM, NOW)

    rows = home.feedback.claimed(retrain)
    assert {row.id: row.standing for row in rows} == {
        gone: "erased",
        changed: "intact",
        intact: "intact",
    }
    assert (len(rows), merkle_root(row.commitment for row in rows)) == (claim.rows, claim.root)

    altered = [replace(row, rating="positive") if row.id == changed else row for row in rows]
    assert [row.id for row in altered if row.standing == "altered"] == [changed]
    forged = [replace(row, commitment="0" * 64) if row.id == gone else row for row in rows]
    assert merkle_root(row.commitment for row in forged) != claim.root


def test_what_is_too_old_is_let_go_with_the_key_of_its_quarter(home: Home):
    old = rate(home, "Ann", datetime(2026, 3, 30, tzinfo=UTC))
    rate(home, "Ann", MAY, unit="u2")
    young = rate(home, "Ann", NOW - 179 * DAY, unit="u3")
    before = NOW - 180 * DAY

    assert too_old(home, NOW) == Purged(before=before, feedback=2, keys=1)
    assert home.people.quarters() == ("2026Q1", "2026Q2")
    assert bodies(home, "purge") == []

    assert purge(home, NOW) == Purged(before=before, feedback=2, keys=1)

    assert home.people.quarters() == ("2026Q2",)
    assert [row.id for row in report(home, "Ann").feedback] == [young]
    assert {row.id for row in home.feedback.recent("press", 9)} >= {old}
    assert bodies(home, "purge") == [{"before": before.isoformat(), "feedback": 2, "keys": 1}]


def test_what_a_person_did_stays_and_nobody_can_tell_whose_it_was(home: Home):
    long_ago = datetime(2026, 1, 5, tzinfo=UTC)
    home.freezes.freeze("press", home.people.of("Ann", long_ago), "audit", long_ago)
    assert len(report(home, "Ann").actions) == 2

    purge(home, NOW)

    assert report(home, "Ann").actions == ()
    assert home.freezes.current("press") is not None
    assert chain_problems(home.ledger.rows()) == ()


def test_a_second_purge_does_and_records_nothing(home: Home):
    rate(home, "Ann", MAY)
    purge(home, NOW)

    assert purge(home, NOW) == Purged(before=NOW - 180 * DAY, feedback=0, keys=0)

    assert len(bodies(home, "purge")) == 1


def test_the_retention_time_is_a_setting(home: Home):
    rate(home, "Ann", NOW - 10 * DAY)
    home.settings = replace(home.settings, retrain_environ={"RETRAIN_RETENTION_DAYS": "7"})

    assert purge(home, NOW).feedback == 1

    home.settings = replace(home.settings, retrain_environ={"RETRAIN_RETENTION_DAYS": "long"})
    with pytest.raises(ConfigError, match="RETRAIN_RETENTION_DAYS"):
        purge(home, NOW)


def test_a_purge_that_cannot_be_recorded_forgets_nothing(home: Home):
    rate(home, "Ann", datetime(2026, 2, 1, tzinfo=UTC))
    execute(home.engine, "DROP TABLE ledger")

    with pytest.raises(DBAPIError, match="ledger"):
        purge(home, NOW)

    assert home.people.quarters() == ("2026Q1",)
    assert len(home.feedback.of_person(home.people.all_of("Ann"))) == 1


def test_the_keys_may_live_apart_from_the_database(tmp_path: Path):
    apart = Home(Settings.read({"RUL_HOME": str(tmp_path / "a"), "RUL_KEYS": str(tmp_path / "b")}))

    apart.people.of("Ann", NOW)

    assert [path.name for path in (tmp_path / "b").iterdir()] == ["pseudonyms-2026Q4.key"]
    assert not (tmp_path / "a").exists(), "who needs keys alone may have no home folder"


def test_keys_in_both_places_are_refused_since_some_would_be_missed(tmp_path: Path):
    """A person's rows under the other key would not be found when they ask to be forgotten."""
    Home(Settings.read({"RUL_HOME": str(tmp_path / "a")})).people.of("Ann", NOW)
    apart = Home(Settings.read({"RUL_HOME": str(tmp_path / "a"), "RUL_KEYS": str(tmp_path / "b")}))

    with pytest.raises(KeyFileError, match=rf"mv -T {tmp_path / 'a' / 'keys'} {tmp_path / 'b'}"):
        apart.people.of("Ann", NOW)

    assert not (tmp_path / "b").exists()
