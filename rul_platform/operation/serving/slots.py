"""Which model answers for each plant now, exchanged while callers ask.

A slot is one value that is replaced as a whole: a question that has begun is answered by the model it
began with, and the next one by the new model. A version that cannot be loaded changes nothing: the last
good one goes on, and people are told.

Belongs here: following the registry. Does not belong here: loading one version (``served_model``).
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from rul_platform.errors import (
    ConfigError,
    ModelNotLoadedError,
    NoChampionError,
    RulPlatformError,
)
from rul_platform.operation.alerting import raise_alert
from rul_platform.operation.serving.served_model import ServedModel, load_served
from rul_platform.operation.told_failures import told
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion

_LOG = logging.getLogger(__name__)

RETRY = timedelta(seconds=30)
"""How long a version that could not be loaded is left alone."""


@dataclass(frozen=True, slots=True)
class Slot:
    """What answers for one plant.

    Attributes:
        champion: The last good model in charge; None while none could be loaded.
        challenger: Asked beside it; None without one, or where it could not be loaded.
        share: Part of the units whose answers are the challenger's.
        wanted: Number of the version that the registry has in charge.
        problem: Why that one does not answer; None where it does.
    """

    champion: ServedModel | None
    challenger: ServedModel | None
    share: float
    wanted: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class _Failed:
    """A version that could not be loaded, and when it is tried again."""

    problem: str
    retry_at: datetime


class Slots:
    """The slots of all plants."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._slots: dict[str, Slot] = {}
        self._failed: dict[tuple[str, int], _Failed] = {}
        self._one_at_a_time = Lock()

    def all(self) -> dict[str, Slot]:
        """By plant, those that have a model in charge."""
        return dict(self._slots)

    def of(self, plant: str) -> tuple[ServedModel, Slot]:
        """What answers for a plant.

        Raises:
            NoChampionError: No model is in charge of it.
            ModelNotLoadedError: One is, and could not be loaded.
        """
        slot = self._slots.get(plant)
        if slot is None:
            raise NoChampionError(plant)
        if slot.champion is None:
            raise ModelNotLoadedError(plant, slot.wanted, slot.problem or "")
        return slot.champion, slot

    def refresh(self) -> None:
        """Compare with the registry; load what is new, let go of what is not in charge any more."""
        with self._one_at_a_time:
            wanted = self._home.registry.in_service()
            for plant, (champion, challenger) in wanted.items():
                self._refresh(plant, champion, challenger)
            for plant in self._slots.keys() - wanted.keys():
                del self._slots[plant]

    def _refresh(self, plant: str, champion: ModelVersion, challenger: ModelVersion | None) -> None:
        before = self._slots.get(plant)
        loaded = [before.champion, before.challenger] if before else []
        by_number = {each.version.number: each for each in loaded if each is not None}
        best = self._loaded(champion, by_number)
        beside = self._loaded(challenger, by_number) if challenger else None
        failed = self._failed.get((plant, champion.number)) if best is None else None
        share = self._share(plant, before) if beside else 0.0
        last_good = before.champion if before else None
        after = Slot(
            champion=best or last_good,
            challenger=beside,
            share=share,
            wanted=champion.number,
            problem=failed.problem if failed else None,
        )
        if after != before:
            self._slots[plant] = after

    def _share(self, plant: str, before: Slot | None) -> float:
        """As the settings say; while those are wrong, as before."""
        try:
            return self._home.configured(plant).policy.ab_share
        except ConfigError as error:
            _LOG.warning("The share of %s's challenger stays as it is: %s", plant, error)
            return before.share if before else 0.0

    def _loaded(
        self, version: ModelVersion, by_number: dict[int, ServedModel]
    ) -> ServedModel | None:
        """The version, from memory where it is there; None where it cannot be loaded."""
        known = by_number.get(version.number)
        if known is not None and known.version.sha256 == version.sha256:
            return known if known.version == version else replace(known, version=version)
        key, now = (version.plant, version.number), self._home.now()
        failed = self._failed.get(key)
        if failed is not None and now < failed.retry_at:
            return None
        try:
            model = load_served(self._home, version)
        except (RulPlatformError, OSError, ValueError, KeyError) as error:
            self._fails(version, error, now)
            return None
        self._failed.pop(key, None)
        _LOG.info("%s version %d answers now", version.plant, version.number)
        return model

    def _fails(self, version: ModelVersion, error: Exception, now: datetime) -> None:
        """Remember it, and tell people the first time."""
        key = version.plant, version.number
        is_new = key not in self._failed
        self._failed[key] = _Failed(told(error), now + RETRY)
        if not is_new:
            return
        _LOG.error("%s version %d cannot answer: %s", version.plant, version.number, error)
        alert = NewAlert(
            key=f"service:{version.plant}:{version.number}:{version.sha256[:12]}",
            plant=version.plant,
            kind="service",
            severity="critical",
            title=f"{version.plant}: the service cannot load version {version.number}",
            text=f"{error} The last good model goes on answering, if there is one.",
        )
        raise_alert(self._home, alert, now)
