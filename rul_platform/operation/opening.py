"""Open a retrain: its row, what it uses up, the alert and the ledger's row, in the caller's transaction.

Belongs here: writing these together. Does not belong here: whether to (``triggering``).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from rul_platform.core.policy import Configured
from rul_platform.core.trigger import window_start
from rul_platform.operation.alerting import raise_alert
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.database import writing
from rul_platform.storage.home import Home
from rul_platform.storage.retrains import SYSTEM, Retrain

FORCED = "Forced by a person; the reason is in `rul retrain history`"
"""What is told outside: a person's own words stay in our tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks for a retrain of which plant, and why; the fields are those of ``Retrain``."""

    plant: str
    trigger: str
    watermark: int | None
    cause: Mapping[str, Any]
    actor: str = SYSTEM
    reason: str = ""


def open_with_feedback(
    home: Home, asking: Asking, configured: Configured, now: datetime
) -> Retrain:
    """Open a retrain that uses up the feedback of the window.

    Raises:
        OpenRetrainError: Another one of this plant is not over.
        EvidenceUsedError: One with this trigger and watermark was asked for before.
    """
    since, snapshot = window_start(now, configured.policy), home.snapshots.keep(configured, now)
    with home.feedback.deciding():
        retrain = home.retrains.open(**asdict(asking), snapshot=snapshot, now=now)
        claim = home.feedback.claim(retrain.plant, since, retrain.id)
        used = {"since": since.isoformat(), "rows": claim.rows, "root": claim.root}
        _tell(home, retrain, {"feedback": used})
    return retrain


def open_with_outcomes(
    home: Home, asking: Asking, configured: Configured, now: datetime
) -> Retrain:
    """Open a retrain that uses up the outcomes; raises as :func:`open_with_feedback` does."""
    snapshot = home.snapshots.keep(configured, now)
    with writing(home.engine):
        retrain = home.retrains.open(**asdict(asking), snapshot=snapshot, now=now)
        claimed = home.outcomes.claim(retrain.plant, retrain.id)
        _tell(home, retrain, {"outcomes": {"rows": claimed}})
    return retrain


def _tell(home: Home, retrain: Retrain, used: Mapping[str, Any]) -> None:
    """The alert and, last, the ledger: whoever writes there makes everybody else wait."""
    now, is_forced = retrain.requested_at, retrain.trigger == "forced"
    why = FORCED if is_forced else "; ".join(retrain.cause["reasons"])
    alert = NewAlert(
        key=f"trigger:{retrain.plant}:{retrain.id}",
        plant=retrain.plant,
        kind="trigger",
        severity="info" if is_forced else "warning",
        title=f"{retrain.plant}: retrain {retrain.id} is asked for ({retrain.trigger})",
        text=f"{why}. The champion serves until the gate has decided.",
    )
    raise_alert(home, alert, now)
    body = {
        "retrain": retrain.id,
        "trigger": retrain.trigger,
        "watermark": retrain.watermark,
        "actor": retrain.actor,
        "reason": retrain.reason,
        "settings": retrain.snapshot,
        "cause": retrain.cause,
        **used,
    }
    kind = "forced" if is_forced else "trigger"
    home.ledger.append(kind, plant=retrain.plant, body=body, now=now)
