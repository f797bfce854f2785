"""Each channel sends what its service takes, and tells a failure without any secret."""

import base64
import email
import email.policy
import logging
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from rul_platform.client.webhooks import verify
from rul_platform.errors import ChannelError
from rul_platform.operation.channels import as_teams_message, channels, to_mail
from rul_platform.settings import MailServer, Settings
from rul_platform.storage.alerts import Alert
from rul_platform_tests.operation.servers import MailBox, WebServer, serving

APPRISE_WARNS = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
AT = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
SECRETS = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0")
ALERT = Alert(
    id=1,
    key="trigger:press:12",
    plant="press",
    kind="trigger",
    severity="warning",
    title="Retraining\nasked for",
    text="63 % of 120 ratings are positive & <70 %> are asked for. Prüfen!",
    created_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
    repeats=0,
    deliveries=(),
)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with serving(WebServer()) as server:
        yield server


@pytest.fixture
def mail_box() -> Iterator[MailBox]:
    with serving(MailBox()) as server:
        yield server


def send(name: str, alert: Alert = ALERT, **environ: str) -> None:
    """Over the channel that these settings name."""
    channels(Settings.read(environ))[name](alert, AT)


def failure(name: str, **environ: str) -> str:
    """What is kept and shown of one."""
    with pytest.raises(ChannelError) as refused:
        send(name, **environ)
    assert "secret" not in str(refused.value)
    cause = refused.value
    assert cause.__suppress_context__ or cause.__context__ is None
    return str(refused.value)


def test_without_settings_the_log_is_the_only_channel(caplog: pytest.LogCaptureFixture):
    assert list(channels(Settings.read({}))) == ["log"]

    with caplog.at_level(logging.INFO, logger="rul_platform.alerts"):
        send("log")
        send("log", replace(ALERT, severity="info", plant="", text="Well."))

    assert caplog.record_tuples == [
        (
            "rul_platform.alerts",
            logging.WARNING,
            "press: Retraining asked for. 63 % of 120 ratings are positive & <70 %> are asked for. "
            "Prüfen!",
        ),
        ("rul_platform.alerts", logging.INFO, "Retraining asked for. Well."),
    ]


def test_a_webhook_gets_every_field(web: WebServer):
    send("webhook", RUL_ALERT_WEBHOOK=f"{web.url}/hook?sig=secret")

    assert web.taken == [
        (
            "/hook?sig=secret",
            {
                "key": "trigger:press:12",
                "plant": "press",
                "kind": "trigger",
                "severity": "warning",
                "title": ALERT.title,
                "text": ALERT.text,
                "created_at": "2026-11-21T12:00:00+00:00",
            },
        )
    ]


def test_a_webhook_without_a_secret_tells_the_id_and_the_moment_alone(web: WebServer):
    send("webhook", RUL_ALERT_WEBHOOK=web.url)

    _, headers = web.requests[0]
    assert headers["webhook-timestamp"] == str(int(AT.timestamp()))
    assert headers["webhook-id"].startswith("msg_")
    assert "webhook-signature" not in headers


def test_each_attempt_has_the_id_of_its_alert_and_a_moment_of_its_own(web: WebServer):
    hook = channels(Settings.read({"RUL_ALERT_WEBHOOK": web.url}))["webhook"]
    elsewhere = replace(ALERT, created_at=AT)  # another installation's first retrain

    for alert, at in ((ALERT, AT), (ALERT, AT + timedelta(minutes=1)), (elsewhere, AT)):
        hook(alert, at)

    ids, moments = zip(
        *((each["webhook-id"], int(each["webhook-timestamp"])) for _, each in web.requests),
        strict=True,
    )
    assert ids[0] == ids[1] != ids[2]
    assert moments[1] - moments[0] == 60


def test_with_two_secrets_a_delivery_is_signed_with_each(web: WebServer):
    send("webhook", RUL_ALERT_WEBHOOK=web.url, RUL_ALERT_WEBHOOK_SECRET=" ".join(SECRETS))

    body, headers = web.requests[0]
    assert len(headers["webhook-signature"].split()) == 2
    for known in (*SECRETS, [SECRETS[0], "whsec_" + "A" * 32]):
        found = verify(body, headers, known, now=AT + timedelta(seconds=2))
        assert (found.attempted_at, found.alert["key"]) == (AT, ALERT.key)


def test_slack_gets_text_with_its_three_characters_escaped(web: WebServer):
    send("slack", RUL_ALERT_SLACK=f"{web.url}/services/secret")

    assert web.taken[0][1] == {
        "text": "*[warning] press: Retraining\nasked for*\n63 % of 120 ratings are positive &amp; "
        "&lt;70 %&gt; are asked for. Prüfen!"
    }


def test_teams_gets_one_adaptive_card(web: WebServer):
    send("teams", RUL_ALERT_TEAMS=f"{web.url}/workflows/secret")

    message = web.taken[0][1]
    assert message == as_teams_message(ALERT)
    assert message["type"] == "message"
    (attachment,) = message["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["content"]["type"] == "AdaptiveCard"
    assert [block["text"] for block in attachment["content"]["body"]] == [
        "[warning] press: Retraining\nasked for",
        ALERT.text,
    ]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_no_yes_is_told_and_no_redirect_followed(web: WebServer, status: int):
    web.status = status

    said = failure("webhook", RUL_ALERT_WEBHOOK=f"{web.url}/secret")

    assert said == f"webhook: the server answered {status}"
    assert [path for path, _ in web.taken] == ["/secret"]


def test_a_server_that_is_not_there_is_told():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    said = failure("slack", RUL_ALERT_SLACK=f"http://127.0.0.1:{port}/secret")
    mail_said = failure(
        "smtp", RUL_ALERT_SMTP=f"smtp://u:secret@127.0.0.1:{port}?from=a@x.example&to=b@x.example"
    )

    assert said == "slack: no connection (ConnectionError)"
    assert mail_said == "smtp: not handed in (ConnectionRefusedError)"


def test_a_server_that_never_answers_takes_a_few_seconds_at_most(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("rul_platform.operation.channels.TIMEOUT_SECONDS", 0.05)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        web_said = failure("teams", RUL_ALERT_TEAMS=f"http://127.0.0.1:{port}/secret")
        mail_said = failure(
            "smtp", RUL_ALERT_SMTP=f"smtps://127.0.0.1:{port}?from=a@x.example&to=b@x.example"
        )

    assert web_said == "teams: no answer within 0.05 s"
    assert mail_said == "smtp: not handed in (TimeoutError)"


def mail_url(box: MailBox, account: str = "rul:secret@") -> str:
    people = "from=rul@plant.example&to=ann@x.example,bob@x.example"
    return f"smtp://{account}127.0.0.1:{box.port}/?{people}"


def test_a_mail_is_handed_in_under_the_account(mail_box: MailBox):
    send("smtp", RUL_ALERT_SMTP=mail_url(mail_box))
    send("smtp", RUL_ALERT_SMTP=mail_url(mail_box))

    login = next(said for said in mail_box.said if said.startswith("AUTH"))
    assert base64.b64decode(login.split(" ")[2]) == b"\0rul\0secret"
    first, second = (
        email.message_from_string(mail, EmailMessage, policy=email.policy.default)
        for mail in mail_box.mails
    )
    assert isinstance(first, EmailMessage)
    assert first["Subject"] == "[warning] press: Retraining asked for"
    assert first["From"] == "rul@plant.example"
    assert first["To"] == "ann@x.example, bob@x.example"
    assert first["Date"] == "Sat, 21 Nov 2026 12:00:00 +0000"
    assert first.get_content().strip() == ALERT.text
    assert first["Message-ID"] == second["Message-ID"]


def test_a_mail_server_without_an_account_is_not_asked_to_let_us_in(mail_box: MailBox):
    send("smtp", RUL_ALERT_SMTP=mail_url(mail_box, account=""))

    assert len(mail_box.mails) == 1
    assert not any(said.startswith("AUTH") for said in mail_box.said)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("AUTH", "the server answered 550"),
        ("MAIL", "the server answered 550"),
        ("RCPT TO:<bob", "1 of 2 addresses were refused"),
        ("RCPT", "not handed in (SMTPRecipientsRefused)"),
    ],
)
def test_what_the_mail_server_refuses_is_told(mail_box: MailBox, command: str, told: str):
    mail_box.refuses = command

    assert failure("smtp", RUL_ALERT_SMTP=mail_url(mail_box)) == f"smtp: {told}"


def test_a_password_is_not_sent_to_another_machine_in_the_clear(
    mail_box: MailBox, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("rul_platform.operation.channels.LOOPBACK", ())  # as if it were far away
    server = Settings.read({"RUL_ALERT_SMTP": mail_url(mail_box)}).alert_smtp
    assert isinstance(server, MailServer)

    with pytest.raises(ChannelError, match="no encryption is offered: the password was not sent"):
        to_mail(server, ALERT, AT)

    assert not any(said.startswith("AUTH") for said in mail_box.said)


@APPRISE_WARNS
def test_apprise_sends_to_what_its_urls_name(web: WebServer):
    url = f"json://127.0.0.1:{web.server_port}/secret"

    send("apprise", RUL_ALERT_APPRISE=f"{url}/a {url}/b")

    assert sorted(path for path, _ in web.taken) == ["/secret/a", "/secret/b"]
    assert web.taken[0][1]["title"] == "[warning] press: Retraining\nasked for"
    assert web.taken[0][1]["type"] == "warning"


@APPRISE_WARNS
def test_apprise_says_which_url_it_does_not_know(web: WebServer):
    known = f"json://127.0.0.1:{web.server_port}"

    assert failure("apprise", RUL_ALERT_APPRISE=f"{known} nothing://secret") == (
        "apprise: URL 2 of RUL_ALERT_APPRISE is none that it knows"
    )
    web.status = 500
    assert failure("apprise", RUL_ALERT_APPRISE=known) == "apprise: not every service took it"


def test_without_apprise_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "apprise", None)  # Python's own way to hide a module

    assert failure("apprise", RUL_ALERT_APPRISE="json://secret") == (
        "apprise: the extra is missing; install it with: pip install 'rul-platform[alerts]'"
    )


def test_nothing_is_opened_before_it_is_sent():
    """So that a wrong setting of a channel never stops what an alert is about."""
    assert list(channels(Settings.read({"RUL_ALERT_APPRISE": "nothing://secret"}))) == [
        "log",
        "apprise",
    ]
