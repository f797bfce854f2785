"""One look at every plant, where a broken plant hides no other one.

Belongs here: going round and telling. Does not belong here: what is looked at.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from rul_platform.operation.alerting import raise_alert
from rul_platform.orchestration.error_words import said
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.home import Home

Visit = Callable[[str], str]
"""Does something about one plant and says how that went, in one line."""


def go_round(
    home: Home, purpose: str, visit: Visit, *, now: datetime, log: logging.Logger
) -> tuple[str, ...]:
    """Visit every plant that has a champion; a visit that fails is told and raises one alert a day.

    Returns:
        One line for each plant.
    """
    told = []
    for plant in plants_at_work(home):
        try:
            told.append(f"{plant}: {visit(plant)}")
        except Exception as error:  # whatever it is, the other plants are looked after
            log.exception("%s of %s failed", purpose, plant)
            told.append(f"{plant}: {said(error)}")
            raise_alert(home, _alert(purpose, plant, error, now), now)
    return tuple(told)


def plants_at_work(home: Home) -> tuple[str, ...]:
    """Plants that have a model in charge, in alphabetical order."""
    versions = home.registry.versions()
    return tuple(sorted({each.plant for each in versions if each.state == "champion"}))


def reason(told: Iterable[str]) -> str:
    """What a tick shows in the UI."""
    return "\n".join(told) or "no plant has a model in charge yet"


def _alert(purpose: str, plant: str, error: Exception, now: datetime) -> NewAlert:
    return NewAlert(
        key=f"{purpose}:{plant}:{now:%Y-%m-%d}",
        plant=plant,
        kind="sensor_failed",
        severity="critical",
        title=f"{plant}: {purpose} failed",
        text=f"{said(error)} The other plants are looked after; this one is not, "
        f"until this is repaired.",
    )
