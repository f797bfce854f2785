"""The ways an alert leaves the platform: the log always, and what the settings name.

A channel takes one alert or raises ``ChannelError``, whose text is kept and shown. So it says what kind
of thing went wrong and never quotes a library's message: those hold URLs, and an alert's URL is a
password.

Belongs here: one function for each kind of channel. Does not belong here: when to send again
(``storage.alerts``), and in which order (``alerting``).
"""

import hashlib
import json
import logging
import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from functools import partial
from typing import Any

import requests

from rul_platform.core import webhook_signatures
from rul_platform.errors import ChannelError
from rul_platform.settings import LOOPBACK, MailServer, Settings
from rul_platform.storage.alerts import Alert, NewAlert

Send = Callable[[Alert, datetime], None]
"""Takes an alert, and the moment of the attempt."""

TIMEOUT_SECONDS = 5
AGENT = "rul-platform"
LOGGER = logging.getLogger("rul_platform.alerts")
LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "critical": logging.CRITICAL}
APPRISE_TYPES = {"info": "info", "warning": "warning", "critical": "failure"}


def channels(settings: Settings) -> dict[str, Send]:
    """What takes alerts here, by name; nothing is opened before it is called."""
    found: dict[str, Send] = {"log": to_log}
    if settings.alert_webhook:
        keys = settings.alert_webhook_secrets
        found["webhook"] = partial(to_webhook, settings.alert_webhook, keys)
    if settings.alert_slack:
        found["slack"] = partial(to_url, "slack", settings.alert_slack, as_slack_message)
    if settings.alert_teams:
        found["teams"] = partial(to_url, "teams", settings.alert_teams, as_teams_message)
    if settings.alert_smtp:
        found["smtp"] = partial(to_mail, settings.alert_smtp)
    if settings.alert_apprise:
        found["apprise"] = partial(to_apprise, settings.alert_apprise)
    return found


def to_log(alert: Alert, at: datetime) -> None:  # noqa: ARG001  the log has a clock of its own
    """One line for the logger ``rul_platform.alerts``."""
    about = f"{alert.plant}: " if alert.plant else ""
    text = " ".join(f"{alert.title}. {alert.text}".split())
    LOGGER.log(LEVELS[alert.severity], "%s%s", about, text)


def as_json(alert: Alert) -> dict[str, Any]:
    """All of it, for a program; the same ``key`` is the same alert."""
    fields = {name: getattr(alert, name) for name in NewAlert.__dataclass_fields__}
    return fields | {"created_at": alert.created_at.isoformat()}


def as_slack_message(alert: Alert) -> dict[str, Any]:
    """What a Slack incoming webhook takes; Slack asks for these three characters to be escaped."""
    title, text = (
        part.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        for part in (_heading(alert), alert.text)
    )
    return {"text": f"*{title}*\n{text}"}


def as_teams_message(alert: Alert) -> dict[str, Any]:
    """What a Teams workflow "when a webhook request is received" takes: one adaptive card."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {"type": "TextBlock", "text": _heading(alert), "weight": "Bolder", "wrap": True},
            {"type": "TextBlock", "text": alert.text, "wrap": True},
        ],
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def to_webhook(url: str, keys: Sequence[bytes], alert: Alert, at: datetime) -> None:
    """Post an alert as JSON, signed as Standard Webhooks describes it where there is a key.

    Raises:
        ChannelError: No answer in time, or one that is no yes.
    """
    body = json.dumps(as_json(alert)).encode()
    id_ = webhook_signatures.delivery_id(alert.key, alert.created_at)
    _post("webhook", url, body, webhook_signatures.headers(body, id_=id_, at=at, keys=keys))


def to_url(
    name: str,
    url: str,
    form: Callable[[Alert], dict[str, Any]],
    alert: Alert,
    at: datetime,  # noqa: ARG001  these services go by their own clocks
) -> None:
    """Post an alert as JSON in a service's own form.

    Raises:
        ChannelError: No answer in time, or one that is no yes.
    """
    _post(name, url, json.dumps(form(alert)).encode(), {})


def to_mail(server: MailServer, alert: Alert, at: datetime) -> None:  # noqa: ARG001
    """Hand an alert in as mail.

    Raises:
        ChannelError: The server cannot be reached, offers no encryption for the password, or refuses
            the mail for one of the addresses; those it took get it again with the next attempt.
    """
    context = ssl.create_default_context()
    address, timeout = (server.host, server.port), TIMEOUT_SECONDS
    try:
        with (
            smtplib.SMTP_SSL(*address, timeout=timeout, context=context)
            if server.is_encrypted
            else smtplib.SMTP(*address, timeout=timeout)
        ) as smtp:
            is_private = server.is_encrypted or _began_tls(smtp, context)
            if server.user is not None and server.password is not None:
                if not is_private and server.host not in LOOPBACK:
                    raise ChannelError(
                        "smtp", "no encryption is offered: the password was not sent"
                    )
                smtp.login(server.user, server.password)
            refused = smtp.send_message(as_mail(alert, server))
    except smtplib.SMTPResponseException as error:
        raise ChannelError("smtp", f"the server answered {error.smtp_code}") from None
    except (smtplib.SMTPException, OSError, ValueError) as error:  # may hold the account
        raise ChannelError("smtp", f"not handed in ({type(error).__name__})") from None
    if refused:
        problem = f"{len(refused)} of {len(server.recipients)} addresses were refused"
        raise ChannelError("smtp", problem)


def as_mail(alert: Alert, server: MailServer) -> EmailMessage:
    """Plain text. Its id follows from the alert's key, so that a mail sent twice can be told as one."""
    mail = EmailMessage()
    mail["Subject"] = " ".join(_heading(alert).split())
    mail["From"], mail["To"] = server.sender, ", ".join(server.recipients)
    mail["Date"] = alert.created_at
    digest = hashlib.sha256(alert.key.encode()).hexdigest()
    mail["Message-ID"] = f"<{digest[:32]}@{server.sender.rpartition('@')[2]}>"
    mail.set_content(alert.text + "\n", cte="quoted-printable")  # no server can garble it
    return mail


def to_apprise(urls: tuple[str, ...], alert: Alert, at: datetime) -> None:  # noqa: ARG001
    """Give an alert to Apprise, which knows the services that its URLs name.

    Raises:
        ChannelError: Apprise is not installed, knows none of a URL, or a service refused.
    """
    try:
        import apprise
    except ImportError:
        problem = "the extra is missing; install it with: pip install 'rul-platform[alerts]'"
        raise ChannelError("apprise", problem) from None
    services = apprise.Apprise()
    unknown = [number for number, url in enumerate(urls, start=1) if not services.add(url)]
    if unknown:
        which = ", ".join(map(str, unknown))
        raise ChannelError("apprise", f"URL {which} of RUL_ALERT_APPRISE is none that it knows")
    kind = apprise.NotifyType(APPRISE_TYPES[alert.severity])
    if not services.notify(body=alert.text, title=_heading(alert), notify_type=kind):
        raise ChannelError("apprise", "not every service took it")


def _post(name: str, url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Any answer of the 2xx is a yes."""
    try:
        with requests.post(
            url,
            data=body,
            headers={"Content-Type": "application/json", "User-Agent": AGENT, **headers},
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,  # an alert goes where the settings say, nowhere else
            stream=True,  # only the status is of interest, however long the rest is
        ) as answer:
            status = answer.status_code
    except requests.Timeout:
        raise ChannelError(name, f"no answer within {TIMEOUT_SECONDS} s") from None
    except (requests.RequestException, OSError, ValueError) as error:  # their texts hold the URL
        raise ChannelError(name, f"no connection ({type(error).__name__})") from None
    if not 200 <= status < 300:
        raise ChannelError(name, f"the server answered {status}")


def _began_tls(smtp: smtplib.SMTP, context: ssl.SSLContext) -> bool:
    smtp.ehlo_or_helo_if_needed()
    if not smtp.has_extn("starttls"):
        return False
    smtp.starttls(context=context)
    return True


def _heading(alert: Alert) -> str:
    return f"[{alert.severity}] {f'{alert.plant}: ' if alert.plant else ''}{alert.title}"
