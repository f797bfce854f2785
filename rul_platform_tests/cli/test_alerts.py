"""What a person reads of alerts, and what cron gets from sending them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rul_platform.cli.main import rul
from rul_platform.client.webhooks import verify
from rul_platform.settings import Settings
from rul_platform.storage.alerts import AlertOutbox, NewAlert
from rul_platform.storage.home import Home
from rul_platform_tests.operation.servers import WebServer, serving

NOW = datetime(2026, 1, 2, 12, 30, tzinfo=UTC)
NEW = NewAlert(
    key="trigger:press:12",
    plant="press",
    kind="trigger",
    severity="warning",
    title="Retraining asked for",
    text="Look at it.",
)


@pytest.fixture
def outbox(tmp_path: Path) -> AlertOutbox:
    return Home(Settings.read({"RUL_HOME": str(tmp_path)})).alerts


@pytest.fixture
def web() -> Iterator[WebServer]:
    with serving(WebServer()) as server:
        yield server


def typed(home: Path, *words: str, **environ: str) -> Result:
    environ = {"RUL_HOME": str(home), "RUL_DATABASE_URL": ""} | environ
    return CliRunner().invoke(rul, ["alerts", *words], env=environ)


def test_before_there_is_any_the_list_says_so(tmp_path: Path):
    assert typed(tmp_path, "list").output == "No alert yet.\n"
    assert typed(tmp_path, "list", "--undelivered").output == "No undelivered alert.\n"


def test_the_list_tells_how_far_each_channel_has_come(tmp_path: Path, outbox: AlertOutbox):
    outbox.put(NEW, ["log", "slack", "smtp", "teams"], NOW)
    outbox.put(NEW, ["log"], NOW)
    alert_id = outbox.recent(1)[0].id
    outbox.sent(alert_id, "log", NOW)
    outbox.failed(alert_id, "slack", "the server answered 503", NOW)

    told = typed(tmp_path, "list").output

    assert told == (
        "2026-01-02 12:30  warning   Retraining asked for (raised 2 times)\n"
        "    Look at it.\n"
        "    log: sent, slack: failed, again at 12:31 UTC, the server answered 503, smtp: waiting, "
        "teams: waiting\n"
    )
    held = json.loads(typed(tmp_path, "list", "--json", "--undelivered").output)
    assert [(each["key"], each["repeats"]) for each in held] == [("trigger:press:12", 1)]
    assert held[0]["deliveries"][0]["sent_at"] == NOW.isoformat()


def test_sending_tells_what_arrived(tmp_path: Path, outbox: AlertOutbox, web: WebServer):
    outbox.put(NEW, ["log", "webhook"], NOW)

    done = typed(tmp_path, "send", RUL_ALERT_WEBHOOK=f"{web.url}/secret")

    assert (done.output, done.exit_code) == ("Sent: 2. Failed: 0.\n", 0)
    assert len(web.taken) == 1


def test_sending_that_failed_exits_with_one(tmp_path: Path, outbox: AlertOutbox, web: WebServer):
    web.status = 500
    outbox.put(NEW, ["webhook"], NOW)

    done = typed(tmp_path, "send", RUL_ALERT_WEBHOOK=f"{web.url}/secret")

    assert done.exit_code == 1
    assert done.output == (
        "Sent: 1. Failed: 1.\n"  # to the log, which has every alert
        "Error: a channel did not take what was due; `rul alerts list --undelivered` says why.\n"
    )


def test_a_test_goes_over_every_channel_at_once_and_a_receiver_believes_it(
    tmp_path: Path, web: WebServer
):
    secret = {"RUL_ALERT_WEBHOOK": web.url, "RUL_ALERT_WEBHOOK_SECRET": f"whsec_{'c2Vj' * 8}"}

    done = typed(tmp_path, "test", **secret)

    assert (done.output, done.exit_code) == ("log: sent\nwebhook: sent, signed\n", 0)
    ((body, headers),) = web.requests
    delivery = verify(body, headers, secret["RUL_ALERT_WEBHOOK_SECRET"])
    assert (delivery.alert["kind"], delivery.alert["severity"]) == ("test", "info")
    assert typed(tmp_path, "list").output == "No alert yet.\n"


def test_a_test_that_failed_exits_with_one(tmp_path: Path, web: WebServer):
    web.status = 401

    done = typed(tmp_path, "test", RUL_ALERT_WEBHOOK=f"{web.url}/secret")

    assert done.exit_code == 1
    assert done.output == (
        "log: sent\nwebhook: the server answered 401\n"
        "Error: a channel did not take the test; what goes wrong with it stands above.\n"
    )
