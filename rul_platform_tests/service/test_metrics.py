"""What Prometheus is told: right, named by its conventions, cheap, and bounded."""

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from rul_platform.operation import watch_notes
from rul_platform.operation.alerting import raise_alert
from rul_platform.operation.watch_notes import WatchNote
from rul_platform.service.gauges import Gauges
from rul_platform.settings import Settings
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.home import Home
from rul_platform_tests.operation.served import PRESS
from rul_platform_tests.service.exposition import scraped, value, values
from rul_platform_tests.service.running import Running, question

API = "/api/v1/rul"


@pytest.fixture(autouse=True)
def fresh(running: Running) -> Iterator[None]:
    """Scrapes of these tests come faster than a cache of seconds allows."""
    gauges = running.parts.gauges
    gauges._cached_seconds, kept = 0.0, gauges._cached_seconds
    yield
    gauges._cached_seconds = kept


def test_requests_are_counted_by_template_and_never_by_what_was_written(running: Running):
    with running.client() as client:
        client.post(f"{API}/predict", json=question("m1", "m2"))
        client.get(f"{API}/predictions/{'0' * 32}")
        client.get("/no/such/page/alice@example.com")
        client.request("PROPFIND", "/live")
    families = scraped(running)
    counted = values(families, "rul_http_requests_total")
    assert counted[frozenset({"POST", f"{API}/predict", "200"})] >= 1
    assert counted[frozenset({"GET", API + "/predictions/{prediction}", "404"})] >= 1
    assert counted[frozenset({"GET", "unknown", "404"})] >= 1
    assert any("other" in labels for labels in counted)
    assert not re.search("alice|PROPFIND", str(families))
    took = {"method": "POST", "route": f"{API}/predict"}
    assert value(families, "rul_http_request_duration_seconds_count", took) >= 1


def test_answers_are_counted_by_version_with_their_lives(running: Running):
    before = scraped(running)
    with running.client() as client:
        told = client.post(f"{API}/predict", json=question("m1", "m2")).json()["predictions"]
    after = scraped(running)

    def grown(sample: str, **labels: str) -> float:
        return value(after, sample, labels) - (
            sum(values(before, sample).values()) and value(before, sample, labels)
        )

    version = str(told[0]["model"]["version"])
    assert grown("rul_answers_total", plant=PRESS, version=version, role="champion") == 2
    assert grown("rul_predicted_life_count", plant=PRESS) == 2
    total = grown("rul_predicted_life_sum", plant=PRESS)
    assert total == pytest.approx(sum(each["rul"] for each in told))
    assert grown("rul_question_units_sum") == 2


def test_no_unit_person_or_token_is_in_it(running: Running):
    with running.client() as client:
        told = client.post(f"{API}/predict", json=question("pump-of-carol")).json()["predictions"]
        body = {"prediction_id": told[0]["id"], "rating": "positive", "person": "carol"}
        client.post(f"{API}/feedback", json=body)
        text = client.get("/metrics").text
    assert "carol" not in text
    assert not any(token in text for token in running.tokens.values())


def test_ratings_and_satisfaction_are_those_of_the_tables(running: Running):
    with running.client() as client:
        told = client.post(f"{API}/predict", json=question("r1", "r2", "r3", "r4")).json()
        for at, each in enumerate(told["predictions"]):
            rating = "negative" if at == 0 else "positive"
            client.post(
                f"{API}/feedback",
                json={"prediction_id": each["id"], "rating": rating, "person": f"p{at}"},
            )
    families = scraped(running)
    of_plant = {"plant": PRESS}
    good, bad = (
        value(families, "rul_feedback_today", of_plant | {"rating": rating})
        for rating in ("positive", "negative")
    )
    assert bad == 1
    assert good >= 3
    assert value(families, "rul_satisfaction_ratio", of_plant) == pytest.approx(good / (good + bad))
    assert value(families, "rul_feedback_total", of_plant | {"rating": "negative"}) == 1
    running.home.feedback.roll_up()
    assert value(scraped(running), "rul_feedback_today", of_plant | {"rating": "negative"}) == 1


def test_models_and_what_runs_are_told(running: Running):
    families = scraped(running)
    assert value(families, "rul_wanted_version", {"plant": PRESS}) == 1
    assert value(families, "rul_served_version", {"plant": PRESS}) == 1
    assert value(families, "rul_models_loaded") == 1
    assert value(families, "rul_build_info") == 1
    assert value(families, "rul_tables_up") == 1
    assert value(families, "rul_store_up") == 1
    assert value(families, "rul_log_failing") == 0
    assert value(families, "process_resident_memory_bytes") > 0


def test_a_retrain_and_a_freeze_are_told_while_they_last(running: Running):
    home, of_plant = running.home, {"plant": PRESS}
    before = scraped(running)
    assert value(before, "rul_retrain_open", of_plant | {"state": "requested"}) == 0
    home.freezes.freeze(PRESS, "a" * 64, "overhaul", home.now())
    snapshot = home.snapshots.keep(home.configured(PRESS), home.now())
    asked = home.retrains.open(
        plant=PRESS, trigger="forced", watermark=None, snapshot=snapshot, cause={}, now=home.now()
    )
    during = scraped(running)
    assert value(during, "rul_retrain_open", of_plant | {"state": "requested"}) == 1
    assert value(during, "rul_frozen", of_plant) == 1
    told = value(during, "rul_retrain_requested_timestamp_seconds", of_plant)
    assert told == pytest.approx(asked.requested_at.timestamp(), abs=1e-3)
    home.freezes.lift(PRESS, "a" * 64, home.now())
    home.retrains.close(asked.id, state="cancelled", now=home.now())
    after = scraped(running)
    assert value(after, "rul_retrain_open", of_plant | {"state": "requested"}) == 0
    assert value(after, "rul_frozen", of_plant) == 0
    assert value(after, "rul_retrains_total", of_plant | {"state": "cancelled"}) == 1
    assert value(after, "rul_retrain_finished_timestamp_seconds", of_plant) >= told


def test_drift_is_told_from_the_note_of_who_looked(running: Running):
    home = running.home
    assert not values(scraped(running), "rul_drift_score")
    note = WatchNote(
        at=home.now(), number=1, drift_score=1.5, has_drifted=True, coverage=0.88
    )  # fmt: skip
    watch_notes.keep(home, PRESS, note)
    families = scraped(running)
    assert value(families, "rul_drift_score", {"plant": PRESS}) == 1.5
    assert value(families, "rul_drift_found", {"plant": PRESS}) == 1
    assert value(families, "rul_interval_coverage_ratio", {"plant": PRESS}) == 0.88
    watch_notes.keep(home, PRESS, replace(note, drift_score=None, coverage=None))
    assert not values(scraped(running), "rul_drift_score")
    home.watch_file(PRESS).write_text("[]")
    assert not values(scraped(running), "rul_drift_found")
    shutil.rmtree(home.watch_file(PRESS).parent)


def test_the_outbox_tells_what_waits_and_for_how_long(running: Running):
    home = running.home
    assert value(scraped(running), "rul_alerts_oldest_age_seconds") == 0
    alert = NewAlert(
        key="k", plant=PRESS, kind="test", severity="info", title="A title", text="A text"
    )
    raise_alert(home, alert, home.now() - timedelta(hours=2))
    families = scraped(running)
    assert value(families, "rul_alerts_waiting") >= 1
    assert value(families, "rul_alerts_given_up") == 0
    assert value(families, "rul_alerts_oldest_age_seconds") >= 7200


def test_names_follow_the_conventions(running: Running):
    """What `promtool check metrics` looks for, and what it does not: labels, and doubled families."""
    families = scraped(running)
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    for family in families:
        assert re.fullmatch(r"(rul|process)_[a-z0-9_]+", family.name), family.name
        assert family.documentation, family.name
        assert not re.search(r"milli|micro|minutes|hours|_ms\b|_kb\b", family.name), family.name
        assert not family.name.endswith(("_count", "_sum", "_bucket", "_gauge", "_counter"))
        assert family.type != "untyped"
        for sample in family.samples:
            is_total = sample.name.endswith("_total")
            assert is_total == (family.type == "counter"), sample.name
            assert set(sample.labels) <= {
                "plant", "version", "role", "rating", "state", "method", "route", "status", "le",
                "python", "onnxruntime",
            }  # fmt: skip
        if family.name.endswith("_timestamp_seconds"):
            assert family.type == "gauge"
        if "seconds" in family.name:
            assert family.name.endswith("_seconds")


@contextmanager
def statements(engine: sa.Engine) -> Iterator[list[str]]:
    """The SQL that this thread sends while the block runs."""
    sent, mine = list[str](), threading.get_ident()

    def note(*given: object) -> None:
        if threading.get_ident() == mine:
            sent.append(str(given[2]))

    sa.event.listen(engine, "before_cursor_execute", note)
    yield sent
    sa.event.remove(engine, "before_cursor_execute", note)


def test_many_plants_are_asked_about_at_once_and_not_with_each_scrape(running: Running):
    home = running.home
    shutil.rmtree(home.plants, ignore_errors=True)
    home.plants.mkdir()
    counts = []
    for plants in (0, 300):
        for n in range(plants):
            (home.plants / f"p{n}.toml").touch()
        gauges = Gauges(home, running.parts.slots, running.parts.log)
        with statements(home.engine) as sent:
            first = gauges.text()
        with statements(home.engine) as again:
            assert gauges.text() == first
        counts.append(len([each for each in sent if each.startswith("SELECT")]))
        assert not again
        assert first.count(b"rul_frozen{") == plants + 1
    shutil.rmtree(home.plants)
    assert counts[0] == counts[1] <= 10


def test_figures_grow_old_and_are_made_anew(running: Running):
    now = [0.0]
    gauges = Gauges(
        running.home, running.parts.slots, running.parts.log, clock=lambda: now[0]
    )  # fmt: skip
    gauges.text()
    with statements(running.home.engine) as sent:
        now[0] = 4.9
        gauges.text()
        assert not sent
        now[0] = 5.1
        gauges.text()
        assert sent


def test_without_tables_the_process_still_tells_its_own(tmp_path: Path, running: Running):
    home = Home(Settings.read({"RUL_HOME": str(tmp_path)}))
    home.engine.dispose()
    with home.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE delivery"))
    text = Gauges(home, running.parts.slots, running.parts.log).text().decode()
    home.engine.dispose()
    assert "rul_tables_up 0.0" in text
    assert "rul_models_loaded 1.0" in text
    assert "rul_alerts_waiting" not in text


def test_only_those_with_a_token_to_read_may_scrape(running: Running):
    for scope, status in ((None, 401), ("predict", 403), ("read", 200)):
        with running.client(scope) as client:
            assert client.get("/metrics").status_code == status
