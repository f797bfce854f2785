"""What every decision of a person comes with: a reason for the audit, and an alert for everybody else.

No alert holds the reason or says who decided: it leaves the platform, and what is typed may name anyone.

Belongs here: the check of the reason, and the words of the alerts. Does not belong here: carrying a
decision out (``deploying``, ``triggering``).
"""

from datetime import datetime
from typing import Literal

from rul_platform.errors import RecordError
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.models import Deployment


def given(reason: str) -> str:
    """The reason without blanks around it.

    Raises:
        RecordError: There is none.
    """
    if not reason.strip():
        expected = "said in a few words, for the audit"
        raise RecordError("The reason", found="empty", expected=expected)
    return reason.strip()


def promoted(made: Deployment) -> NewAlert:
    """A version is in charge because the gate said so, without a retrain whose end would tell it."""
    plant = made.plant
    return NewAlert(
        key=f"promotion:{plant}:{made.number}:{made.since.isoformat()}",
        plant=plant,
        kind="promotion",
        severity="info",
        title=f"{plant}: version {made.number} is in charge now",
        text=f"The gate let it pass. `rul rollback {plant} --reason TEXT` goes back to one before it.",
    )


def approved(made: Deployment) -> NewAlert:
    """A version is in charge because a person said so, with or against the gate."""
    plant, is_forced = made.plant, made.kind == "forced"
    how = "forced it past the gate: watch its answers" if is_forced else "approved it"
    return NewAlert(
        key=f"{made.kind}:{plant}:{made.number}:{made.since.isoformat()}",
        plant=plant,
        kind="forced" if is_forced else "approval",
        severity="warning" if is_forced else "info",
        title=f"{plant}: version {made.number} is in charge now",
        text=f"A person {how}. `rul rollback {plant} --reason TEXT` goes back to a version before it.",
    )


def rolled_back(made: Deployment) -> NewAlert:
    """A person went back to a former champion."""
    plant, former = made.plant, made.evidence["of"]
    return NewAlert(
        key=f"rollback:{plant}:{former}:{made.since.isoformat()}",
        plant=plant,
        kind="rollback",
        severity="warning",
        title=f"{plant}: version {former} was rolled back to version {made.number}",
        text=f"A person did so. Version {former} will not serve again.",
    )


def recalibrated(made: Deployment) -> NewAlert:
    """The champion has another interval around the same predictions."""
    plant, former = made.plant, made.evidence["of"]
    return NewAlert(
        key=f"recalibration:{plant}:{made.number}:{made.since.isoformat()}",
        plant=plant,
        kind="recalibration",
        severity="info",
        title=f"{plant}: version {made.number} is version {former} with a new interval",
        text=f"Calibrated on {made.evidence['units']} machines that failed since. Predictions are the "
        f"same. `rul rollback {plant} --reason TEXT` goes back to the former interval.",
    )


def frozen(plant: str, kind: Literal["freeze", "unfreeze"], now: datetime) -> NewAlert:
    """A person froze a plant, or ended that."""
    title, text = {
        "freeze": (
            f"{plant} is frozen",
            f"By a person. Nothing is retrained or deployed by itself until `rul freeze {plant} "
            f"--lift`; a rollback stays possible.",
        ),
        "unfreeze": (
            f"{plant} is not frozen any more",
            "A person ended the freeze. Retraining and deployment go by the settings again.",
        ),
    }[kind]
    key = f"{kind}:{plant}:{now.isoformat()}"
    return NewAlert(key=key, plant=plant, kind=kind, severity="info", title=title, text=text)
