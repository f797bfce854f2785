"""A round of sending: a dead channel costs one attempt, and never holds up the others."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rul_platform.core.backoff import LONGEST_WAIT
from rul_platform.operation.alerting import Delivered, deliver, raise_alert
from rul_platform.storage.alerts import MAX_ATTEMPTS, NewAlert
from rul_platform.storage.home import Home
from rul_platform_tests.operation.servers import WebServer, serving
from rul_platform_tests.storage.at_once import in_threads

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NEW = NewAlert(
    key="drift:press",
    plant="press",
    kind="drift",
    severity="warning",
    title="Sensor t moved",
    text="Look at it.",
)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with serving(WebServer()) as server:
        yield server


@pytest.fixture
def wired(home: Home, web: WebServer) -> Home:
    """With a webhook beside the log."""
    home.settings = replace(home.settings, alert_webhook=f"{web.url}/secret")
    return home


def raised(home: Home, *keys: str) -> None:
    for key in keys:
        raise_alert(home, replace(NEW, key=key), NOW)


def test_each_channel_of_the_settings_gets_an_alert_once(
    wired: Home, web: WebServer, caplog: pytest.LogCaptureFixture
):
    assert raise_alert(wired, NEW, NOW)
    assert not raise_alert(wired, NEW, NOW)

    with caplog.at_level(logging.INFO, logger="rul_platform.alerts"):
        assert deliver(wired, NOW) == Delivered(sent=2, failed=0)
        assert deliver(wired, NOW + DAY) == Delivered(sent=0, failed=0)

    assert [body["key"] for _, body in web.taken] == ["drift:press"]
    assert caplog.messages == ["press: Sensor t moved. Look at it."]
    assert {d.state for d in wired.alerts.recent(1)[0].deliveries} == {"sent"}


def test_a_dead_channel_costs_one_attempt_a_round_and_holds_up_no_other(
    wired: Home, web: WebServer
):
    web.status = 503
    raised(wired, "a", "b", "c")

    assert deliver(wired, NOW) == Delivered(sent=3, failed=1)

    assert len(web.taken) == 1
    errors = [d.error for a in wired.alerts.recent(3) for d in a.deliveries if d.error]
    assert errors == ["the server answered 503"]


def test_once_the_channel_is_back_everything_arrives(wired: Home, web: WebServer):
    web.status = 503
    raised(wired, "a", "b")
    deliver(wired, NOW)
    web.taken.clear()
    web.status = 200

    assert deliver(wired, NOW + timedelta(seconds=30)) == Delivered(sent=1, failed=0)
    assert deliver(wired, NOW + timedelta(minutes=2)) == Delivered(sent=1, failed=0)

    assert sorted(body["key"] for _, body in web.taken) == ["a", "b"]


def test_a_channel_that_never_comes_back_is_given_up_with_its_last_error(
    wired: Home, web: WebServer
):
    web.status = 410
    raised(wired, "a")
    for round_ in range(MAX_ATTEMPTS + 2):
        deliver(wired, NOW + round_ * 2 * LONGEST_WAIT)

    (delivery,) = (d for d in wired.alerts.recent(1)[0].deliveries if d.channel == "webhook")
    assert (delivery.state, delivery.attempts) == ("given_up", MAX_ATTEMPTS)
    assert delivery.error == "the server answered 410"
    assert len(web.taken) == MAX_ATTEMPTS


def test_who_raises_an_alert_needs_no_secret_of_the_channels(home: Home, web: WebServer):
    """As the service does, and the code server sends it."""
    raised(home, "a")
    home.settings = replace(home.settings, alert_webhook=f"{web.url}/secret")

    assert deliver(home, NOW) == Delivered(sent=2, failed=0)

    assert [body["key"] for _, body in web.taken] == ["a"]


def test_a_channel_gets_nothing_of_what_others_have_begun_with(home: Home, web: WebServer):
    raised(home, "a")
    deliver(home, NOW)
    home.settings = replace(home.settings, alert_webhook=f"{web.url}/secret")

    assert deliver(home, NOW + DAY) == Delivered(sent=0, failed=0)

    assert not web.taken


def test_a_channel_that_left_the_settings_is_told(wired: Home):
    raised(wired, "a")
    wired.settings = replace(wired.settings, alert_webhook=None)

    assert deliver(wired, NOW) == Delivered(sent=1, failed=1)

    assert "not in the settings any more" in str(wired.alerts.recent(1))


def test_no_secret_is_kept_of_a_channel_that_is_not_there(home: Home, web: WebServer):
    home.settings = replace(
        home.settings, alert_slack="https://127.0.0.1:9/secret", alert_webhook=f"{web.url}/secret"
    )
    raised(home, "a")

    assert deliver(home, NOW) == Delivered(sent=2, failed=1)

    assert "no connection" in str(home.alerts.recent(1))
    assert "secret" not in str(home.alerts.recent(1))


def test_several_senders_at_once_send_each_delivery_once(wired: Home, web: WebServer):
    raised(wired, *"abcdef")

    rounds = in_threads(lambda _: deliver(wired, NOW), 4)

    assert sum(each.sent for each in rounds) == 12
    assert sorted(body["key"] for _, body in web.taken) == list("abcdef")


def test_a_round_ends_at_its_limit(wired: Home):
    raised(wired, "a", "b")

    assert deliver(wired, NOW, limit=3) == Delivered(sent=3, failed=0)
    assert deliver(wired, NOW) == Delivered(sent=1, failed=0)
