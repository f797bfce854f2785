"""`rul alerts`: what people were to hear of, and sending what is due.

Belongs here: words. Does not belong here: sending (``operation.alerting``).
"""

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import click

from rul_platform.cli.options import AS_JSON
from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.storage.alerts import Delivery


@click.group()
def alerts() -> None:
    """List alerts, and send those that are due.

    Channels: the log always; others by RUL_ALERT_WEBHOOK (signed where RUL_ALERT_WEBHOOK_SECRET is
    set), RUL_ALERT_SLACK, RUL_ALERT_TEAMS, RUL_ALERT_SMTP and RUL_ALERT_APPRISE.
    """


@alerts.command("list")
@click.option("--undelivered", is_flag=True, help="Only those that some channel has not taken.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@AS_JSON
@click.pass_obj
def list_alerts(settings: Settings, undelivered: bool, limit: int, as_json: bool) -> None:
    """The last alerts, newest first, and how far each channel has come."""
    from rul_platform.storage.home import Home

    found = Home(settings).alerts.recent(limit, only_undelivered=undelivered)
    if as_json:
        click.echo(json.dumps([asdict(alert) for alert in found], indent=2, default=_as_text))
        return
    if not found:
        click.echo("No undelivered alert." if undelivered else "No alert yet.")
    for alert in found:
        again = f" (raised {alert.repeats + 1} times)" if alert.repeats else ""
        head = f"{alert.created_at:%Y-%m-%d %H:%M}  {alert.severity:<8}"
        click.echo(f"{head}  {alert.title}{again}")
        click.echo(f"    {alert.text}")
        click.echo(f"    {', '.join(_told(delivery) for delivery in alert.deliveries)}")


@alerts.command()
@click.pass_obj
def send(settings: Settings) -> None:
    """Send what is due now, as from cron; exits with 1 where a channel did not take something."""
    from rul_platform.operation.alerting import deliver
    from rul_platform.storage.home import Home

    home = Home(settings)
    done = deliver(home, home.now())
    click.echo(f"Sent: {done.sent}. Failed: {done.failed}.")
    if done.failed:
        msg = "a channel did not take what was due; `rul alerts list --undelivered` says why."
        raise click.ClickException(msg)


@alerts.command()
@click.pass_obj
def test(settings: Settings) -> None:
    """Send a test over every channel now; exits with 1 where one does not take it.

    It is not kept: `rul alerts list` does not show it, and it is not tried again.
    """
    from rul_platform.operation.alerting import try_out
    from rul_platform.storage.home import Home

    home = Home(settings)
    found = try_out(home, home.now())
    for channel, problem in found.items():
        signed = channel == "webhook" and settings.alert_webhook_secrets
        click.echo(f"{channel}: {problem or ('sent, signed' if signed else 'sent')}")
    if any(found.values()):
        msg = "a channel did not take the test; what goes wrong with it stands above."
        raise click.ClickException(msg)


def _as_text(moment: datetime) -> str:
    return moment.isoformat()


def _told(delivery: "Delivery") -> str:
    match delivery.state:
        case "sent":
            return f"{delivery.channel}: sent"
        case "given_up":
            return (
                f"{delivery.channel}: given up after {delivery.attempts} attempts, {delivery.error}"
            )
        case _ if delivery.error:
            return f"{delivery.channel}: failed, again at {delivery.next_at:%H:%M} UTC, {delivery.error}"
        case _:
            return f"{delivery.channel}: waiting"
