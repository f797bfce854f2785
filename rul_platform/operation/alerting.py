"""Telling people: an alert is recorded with its event, and sent afterwards.

Belongs here: which channels an alert is for, going through what is due, and trying channels out. Does
not belong here: the outbox (``storage.alerts``), and the channels (``channels``).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from rul_platform.errors import ChannelError
from rul_platform.operation.channels import channels
from rul_platform.storage.alerts import Alert, NewAlert
from rul_platform.storage.home import Home

MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What became of one round.

    Attributes:
        sent: Deliveries that their channel took.
        failed: Those it did not take; they are tried again later, or given up.
    """

    sent: int
    failed: int


def raise_alert(home: Home, alert: NewAlert, now: datetime) -> bool:
    """Record an alert for every channel of the settings; sends nothing yet.

    Inside ``writing`` it is recorded with the event that it tells of, or not at all. Channels of the
    sender's settings come in addition, so that a process without their secrets can raise one.

    Returns:
        False where the key was there: it is counted as a repeat, and not delivered again.
    """
    return home.alerts.put(alert, tuple(channels(home.settings)), now)


def deliver(home: Home, now: datetime, *, limit: int = MOST_AT_ONCE) -> Delivered:
    """Send what is due. Not inside a transaction: a server that does not answer takes seconds.

    A channel that fails is left alone for the rest of this round, so that it costs one timeout at
    most, and the others are not held up.

    Args:
        home: Whose alerts.
        now: What is due by then.
        limit: At most so many deliveries.
    """
    ways, dead = channels(home.settings), set[str]()
    sent = failed = 0
    for _ in range(limit):
        due = home.alerts.due(now, 1, without=dead)
        if not due:
            break
        alert, channel = due[0].alert, due[0].delivery.channel
        if missing := _unknown_to_who_raised(alert, ways):
            home.alerts.add(alert.id, missing, now)
        if not home.alerts.claim(due[0], now):
            continue  # another sender was first, or it is given up
        try:
            if channel not in ways:
                raise ChannelError(channel, "not in the settings any more")
            ways[channel](alert, home.now())
        except ChannelError as error:
            home.alerts.failed(alert.id, channel, error.problem, now)
            dead.add(channel)
            failed += 1
        else:
            home.alerts.sent(alert.id, channel, now)
            sent += 1
    return Delivered(sent=sent, failed=failed)


def _unknown_to_who_raised(alert: Alert, ways: Collection[str]) -> set[str]:
    """Channels that an alert lacks of which no sender has begun a delivery yet."""
    if any(delivery.attempts for delivery in alert.deliveries):
        return set()  # a channel that is set from now on gets only what comes from now on
    return set(ways) - {delivery.channel for delivery in alert.deliveries}


def try_out(home: Home, now: datetime) -> dict[str, str | None]:
    """Send one alert of no consequence over every channel, at once and past the outbox.

    Returns:
        Channel to why it did not take it, or None where it did.
    """
    alert = Alert(
        id=0,
        key=f"test:{now.isoformat()}",
        plant="",
        kind="test",
        severity="info",
        title="A test",
        text="Someone typed `rul alerts test`. There is nothing to do.",
        created_at=now,
        repeats=0,
        deliveries=(),
    )
    found = dict[str, str | None]()
    for name, send in channels(home.settings).items():
        try:
            send(alert, home.now())
        except ChannelError as error:
            found[name] = error.problem
        else:
            found[name] = None
    return found
