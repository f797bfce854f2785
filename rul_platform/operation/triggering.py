"""Should a plant's model learn again? What people said, what became of machines, or a person asks.

One transaction reads the counts, decides, opens the retrain, claims what it rests on and records it: so
each piece of evidence asks for one retrain at most, however many processes look at it and whichever of
them dies. Nothing here starts a run: whoever starts them goes by the open retrains.

Belongs here: whether to ask for a retrain, and giving it up. Does not belong here: the rules
(``core.trigger``, ``core.drift``), what is written together (``opening``), running it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rul_platform.core.drift import DriftVerdict
from rul_platform.core.policy import Configured, Policy
from rul_platform.core.trigger import (
    Circumstances,
    FalseAlarms,
    FeedbackCounts,
    TriggerVerdict,
    decide,
    false_alarms,
    window_start,
)
from rul_platform.errors import EvidenceUsedError, OpenRetrainError
from rul_platform.operation import drift_watch, watch_notes
from rul_platform.operation.alerting import raise_alert
from rul_platform.operation.decisions import given
from rul_platform.operation.known_plants import require_plant
from rul_platform.operation.opening import Asking, open_with_feedback, open_with_outcomes
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.database import writing
from rul_platform.storage.deployments import ROLLBACK
from rul_platform.storage.home import Home
from rul_platform.storage.retrains import Retrain

Flags = Mapping[str, object]
NO_MODEL = "no model is deployed"
HEALTHY_MARGIN = 0.05
"""Satisfaction this much above the limit is called healthy where false alarms are told."""


@dataclass(frozen=True)
class Check:
    """What the rule says now, and how far it can be trusted.

    Attributes:
        verdict: The rule's answer.
        configured: The settings that it goes by.
        per_day: Mean number of ratings on a day of the window, from the first rated day on.
    """

    verdict: TriggerVerdict
    configured: Configured
    per_day: float

    @property
    def healthy_satisfaction(self) -> float:
        """The true satisfaction that :attr:`false_alarms` supposes."""
        return min(1.0, self.configured.policy.min_positive_rate + HEALTHY_MARGIN)

    @property
    def false_alarms(self) -> FalseAlarms:
        """How probably a healthy year asks for a retrain, at this volume; simulated, in about 0.2 s."""
        policy, satisfaction = self.configured.policy, self.healthy_satisfaction
        return false_alarms(policy, per_day=self.per_day, satisfaction=satisfaction)


def check(home: Home, plant: str, now: datetime, flags: Flags | None = None) -> Check:
    """Ask the rule and write nothing; feedback that waits to be counted counts already.

    Raises:
        ConfigError: The retraining settings are wrong.
    """
    configured = home.configured(plant, flags)
    since = window_start(now, configured.policy)
    counts = home.feedback.counts(plant, since, with_waiting=True)
    days = home.feedback.stats(plant, since)
    rated = sum(day.positive + day.negative for day in days)
    covered = (now.date() - days[0].day + timedelta(days=1)).days if days else 1
    verdict = _verdict(home, plant, now, counts, configured.policy)
    return Check(verdict, configured, rated / max(covered, 1))


def evaluate(home: Home, plant: str, now: datetime, flags: Flags | None = None) -> Retrain | None:
    """Ask for a retrain where the feedback of the window asks for one.

    Any number of processes may do so at once, at any moment, and be killed while they do.

    Returns:
        The retrain, or None where nothing asks for one or another process was first.

    Raises:
        ConfigError: The retraining settings are wrong.
    """
    configured = home.configured(plant, flags)
    home.feedback.roll_up()
    try:
        with home.feedback.deciding():
            counts = home.feedback.counts(plant, window_start(now, configured.policy))
            verdict = _verdict(home, plant, now, counts, configured.policy)
            if not verdict.fires:
                return None
            asking = Asking(
                plant=plant,
                trigger="feedback",
                watermark=counts.watermark,
                cause=verdict.to_json(),
            )
            return open_with_feedback(home, asking, configured, now)
    except (OpenRetrainError, EvidenceUsedError):
        return None


def evaluate_outcomes(
    home: Home, plant: str, now: datetime, flags: Flags | None = None
) -> Retrain | None:
    """Ask for a retrain where machines ended and the champion erred more than it was let in with.

    Returns:
        The retrain, or None where nothing asks for one or another process was first.

    Raises:
        ConfigError: The retraining settings are wrong.
    """
    configured = home.configured(plant, flags)
    if not drift_watch.of_outcomes(home, plant, configured.policy).fires:
        return None  # asked outside the transaction too: it takes a while, and nobody has to wait
    try:
        with writing(home.engine):
            drift = drift_watch.of_outcomes(home, plant, configured.policy)
            blocks = _verdict(home, plant, now, FeedbackCounts(0, 0), configured.policy).blocks
            if blocks or not drift.fires:
                return None
            asking = Asking(
                plant=plant,
                trigger="outcomes",
                watermark=home.outcomes.told(plant),
                cause=drift.to_json(),
            )
            return open_with_outcomes(home, asking, configured, now)
    except (OpenRetrainError, EvidenceUsedError):
        return None


def evaluate_data_drift(home: Home, plant: str, now: datetime) -> DriftVerdict:
    """Raise an alert, once a week, where readings of the window left what the champion learned from.

    It asks for no retrain: readings alone carry no label, so there is nothing new to learn from yet.

    Raises:
        ConfigError: The retraining settings are wrong.
        StoreError: The model or readings are not there, or changed.
    """
    policy = home.configured(plant).policy
    verdict = drift_watch.of_readings(home, plant, now, policy)
    champion = home.registry.champion(plant)
    if verdict.fires and champion is not None:
        moved = ",".join(sorted(verdict.sensors)) or "condition"
        alert = NewAlert(
            key=f"data_drift:{plant}:{champion.number}:{moved}:{now:%G-W%V}",
            plant=plant,
            kind="data_drift",
            severity="warning",
            title=f"{plant}: readings have left what version {champion.number} learned from",
            text=f"{'; '.join(verdict.reasons)}. Look at the sensors; answers may be off.",
        )
        raise_alert(home, alert, now)
    if champion is not None:
        watch_notes.keep(home, plant, watch_notes.of(home, plant, champion.number, verdict, now))
    return verdict


def force(
    home: Home, plant: str, *, actor: str, reason: str, flags: Flags | None = None, now: datetime
) -> Retrain:
    """Ask for a retrain because a person says so, whatever the conditions, cool-down or a freeze say.

    It uses up the window's feedback, as every retrain does. The gate judges its model like any other.

    Args:
        home: Where.
        plant: Which plant.
        actor: Pseudonym of who asks.
        reason: Why; kept for the audit.
        flags: Settings for this retrain alone.
        now: When.

    Raises:
        UnknownPlantError: There is no such plant.
        RecordError: No reason is given.
        ConfigError: The retraining settings are wrong.
        OpenRetrainError: Another one of this plant is not over.
    """
    require_plant(home, plant)
    reason = given(reason)
    configured = home.configured(plant, flags)
    home.feedback.roll_up()
    asking = Asking(
        plant=plant,
        trigger="forced",
        watermark=None,
        cause={"reasons": [f"forced: {reason}"]},
        actor=actor,
        reason=reason,
    )
    return open_with_feedback(home, asking, configured, now)


def cancel(home: Home, number: int, *, actor: str, reason: str, now: datetime) -> Retrain:
    """Give up a retrain that is not over; what it used up stays used. Twice is once.

    Raises:
        UnknownRetrainError: There is none of this id.
        RecordError: No reason is given.
        RetrainStateError: It is over.
    """
    reason = given(reason)
    body = {"retrain": number, "actor": actor, "reason": reason}
    return home.retrains.close(
        number,
        "cancelled",
        error=f"cancelled: {reason}",
        now=now,
        together_with=lambda it: home.ledger.append("cancel", plant=it.plant, body=body, now=now),
    )


def circumstances(home: Home, plant: str, now: datetime) -> Circumstances:
    """What can stand against a retrain of a plant now."""
    last, current = home.retrains.last_finished(plant), home.retrains.current(plant)
    return Circumstances(
        now=now,
        last_retrain_at=last.finished_at if last else None,
        last_rollback_at=last_rollback(home, plant),
        is_frozen=home.freezes.current(plant) is not None,
        open_retrain=current.id if current else None,
    )


def last_rollback(home: Home, plant: str) -> datetime | None:
    """When a plant's model was last gone back from; None where it never was."""
    rollbacks = [each.since for each in home.registry.deployments(plant) if each.kind == ROLLBACK]
    return max(rollbacks, default=None)


def _verdict(
    home: Home, plant: str, now: datetime, counts: FeedbackCounts, policy: Policy
) -> TriggerVerdict:
    """The rule's answer, which stands against everything as long as there is no model."""
    verdict = decide(counts, policy, circumstances(home, plant, now))
    if home.registry.champion(plant) is not None:
        return verdict
    return replace(verdict, fires=False, blocks=(NO_MODEL, *verdict.blocks))
