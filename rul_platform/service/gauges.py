"""The state of plants as figures, made when Prometheus asks, and at most every few seconds.

The tables are asked a fixed number of questions, each about all plants at once; what reads many rows, as
drift does, is only read from the note of who did it. Where the tables do not answer, the figures of this
process are told all the same, and ``rul_tables_up`` says so.

Belongs here: from tables to gauges. Does not belong here: counters of this process (``metrics``).
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from threading import Lock
from time import monotonic

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from rul_platform.core.policy import Policy
from rul_platform.core.trigger import window_start
from rul_platform.errors import RulPlatformError
from rul_platform.operation import watch_notes
from rul_platform.operation.serving.answer_log import AnswerLog
from rul_platform.operation.serving.slots import Slots
from rul_platform.operation.serving.store_watch import StoreWatch
from rul_platform.storage.database import REFUSED
from rul_platform.storage.home import Home
from rul_platform.storage.operation_tables import CLOSED_STATES, OPEN_STATES, RATINGS

_LOG = logging.getLogger(__name__)

CACHED_SECONDS = 5.0
"""Scrapes within this time get the same figures of the tables."""

SETTINGS_SECONDS = 60.0
"""How long the days that each plant looks back are remembered: they come from a file."""

Family = GaugeMetricFamily | CounterMetricFamily


class Gauges:
    """The figures of all plants, for one process."""

    def __init__(
        self,
        home: Home,
        slots: Slots,
        log: AnswerLog,
        store: StoreWatch | None = None,
        *,
        cached_seconds: float = CACHED_SECONDS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._home, self._slots, self._log, self._store = home, slots, log, store
        self._cached_seconds, self._clock = cached_seconds, clock
        self._windows = _Windows(home, clock)
        self._text, self._made = b"", float("-inf")
        self._one_at_a_time = Lock()

    def text(self) -> bytes:
        """All of them in Prometheus' text format.

        While one caller waits for the tables, others get the figures from before.
        """
        if self._one_at_a_time.acquire(blocking=not self._text):
            try:
                if self._clock() - self._made >= self._cached_seconds:
                    self._text, self._made = _text(self._of_tables()), self._clock()
            finally:
                self._one_at_a_time.release()
        return self._text + _text(self._of_memory())

    def _of_memory(self) -> Iterable[Family]:
        yield from _of_models(self._slots)
        yield _one("rul_log_waiting", "Answers not yet in the log.", self._log.waiting)
        is_failing = self._log.problem is not None
        yield _one("rul_log_failing", "1 where the log takes no answers.", is_failing)
        if self._store is not None:
            yield _one("rul_store_up", "1 where the store of artifacts answers.", self._store.is_up)

    def _of_tables(self) -> list[Family]:
        try:
            found, is_up = list(self._asked()), True
        except (RulPlatformError, *REFUSED) as error:
            _LOG.warning("The state of plants cannot be told: %s", type(error).__name__)
            found, is_up = [], False
        return [*found, _one("rul_tables_up", "1 where the tables answer.", is_up)]

    def _asked(self) -> Iterator[Family]:
        home, now = self._home, self._home.now()
        plants = sorted(self._slots.all().keys() | {p.stem for p in home.plants.glob("*.toml")})
        yield from self._of_ratings(plants, now)
        yield from _of_retrains(home, plants)
        yield from _of_watch(home, plants)
        yield from _of_outbox(home, now)

    def _of_ratings(self, plants: Collection[str], now: datetime) -> Iterator[Family]:
        share = _gauge("rul_satisfaction_ratio", "Part of positive ratings in the policy's days.")
        counts = _gauge("rul_feedback_window", "Ratings in the policy's days.", "rating")
        today = _gauge("rul_feedback_today", "Ratings given today (UTC).", "rating")
        for since, some in self._windows.of(plants, now).items():
            for plant, (positive, negative) in self._home.feedback.by_plant(some, since).items():
                if positive + negative:
                    share.add_metric([plant], positive / (positive + negative))
                _add_ratings(counts, plant, positive, negative)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        for plant, (positive, negative) in self._home.feedback.by_plant(plants, midnight).items():
            _add_ratings(today, plant, positive, negative)
        yield from (share, counts, today)


class _Windows:
    """From when on each plant's ratings count, by its settings."""

    def __init__(self, home: Home, clock: Callable[[], float]) -> None:
        self._home, self._clock = home, clock
        self._policies: list[tuple[Policy, list[str]]] = []
        self._of: tuple[str, ...] | None = None
        self._read = 0.0

    def of(self, plants: Collection[str], now: datetime) -> dict[datetime, list[str]]:
        """Beginning of a window to the plants that have it; plants with wrong settings are left out."""
        if self._clock() - self._read >= SETTINGS_SECONDS or self._of != tuple(plants):
            self._policies = self._look(plants)
            self._read, self._of = self._clock(), tuple(plants)
        return {window_start(now, policy): some for policy, some in self._policies}

    def _look(self, plants: Collection[str]) -> list[tuple[Policy, list[str]]]:
        found: dict[int, tuple[Policy, list[str]]] = {}
        for plant in plants:
            try:
                policy = self._home.configured(plant).policy
            except RulPlatformError:
                continue  # whoever asks for a retrain there is told
            found.setdefault(policy.days_back, (policy, []))[1].append(plant)
        return list(found.values())


def _of_models(slots: Slots) -> Iterator[Family]:
    wanted = _gauge("rul_wanted_version", "Version that is in charge by the registry.")
    served = _gauge("rul_served_version", "Version that answers here; 0 where none was loaded.")
    beside = _gauge("rul_challenger_version", "Version that is asked beside it.")
    loaded = 0
    for plant, slot in slots.all().items():
        wanted.add_metric([plant], slot.wanted)
        served.add_metric([plant], slot.champion.version.number if slot.champion else 0)
        if slot.challenger is not None:
            beside.add_metric([plant], slot.challenger.version.number)
        loaded += (slot.champion is not None) + (slot.challenger is not None)
    yield from (wanted, served, beside)
    yield _one("rul_models_loaded", "Models in memory.", loaded)


def _of_retrains(home: Home, plants: Collection[str]) -> Iterator[Family]:
    is_open = _gauge("rul_retrain_open", "1 where a retrain is in this state.", "state")
    asked = _gauge(
        "rul_retrain_requested_timestamp_seconds", "When the open retrain was asked for."
    )
    ended = _gauge("rul_retrain_finished_timestamp_seconds", "When the last retrain ended.")
    every = CounterMetricFamily(
        "rul_retrains", "Retrains that ended, of all times.", labels=["plant", "state"]
    )
    frozen = _gauge("rul_frozen", "1 where a person froze the plant.")
    current = {each.plant: each for each in home.retrains.open_requests()}
    endings = {(each.plant, each.state): each for each in home.retrains.endings()}
    is_frozen = home.freezes.plants()
    for plant in plants:
        found = current.get(plant)
        for state in OPEN_STATES:
            is_open.add_metric([plant, state], float(found is not None and found.state == state))
        if found is not None:
            asked.add_metric([plant], found.requested_at.timestamp())
        frozen.add_metric([plant], float(plant in is_frozen))
        of_plant = [endings[plant, s] for s in CLOSED_STATES if (plant, s) in endings]
        for each in of_plant:
            every.add_metric([plant, each.state], each.count)
        if of_plant:
            ended.add_metric([plant], max(each.newest for each in of_plant).timestamp())
    yield from (is_open, asked, ended, every, frozen)


def _of_watch(home: Home, plants: Collection[str]) -> Iterator[Family]:
    score = _gauge("rul_drift_score", "Of the sensor that moved most; above 1 it is drift.")
    fires = _gauge("rul_drift_found", "1 where the last look found drift.")
    looked = _gauge("rul_drift_looked_timestamp_seconds", "When drift was last looked for.")
    coverage = _gauge("rul_interval_coverage_ratio", "Part of intervals that held what came true.")
    for plant in plants:
        note = watch_notes.last(home, plant)
        if note is None:
            continue
        looked.add_metric([plant], note.at.timestamp())
        fires.add_metric([plant], float(note.has_drifted))
        if note.drift_score is not None:
            score.add_metric([plant], note.drift_score)
        if note.coverage is not None:
            coverage.add_metric([plant], note.coverage)
    yield from (score, fires, looked, coverage)


def _of_outbox(home: Home, now: datetime) -> Iterator[Family]:
    backlog = home.alerts.backlog()
    age = (now - backlog.oldest).total_seconds() if backlog.oldest else 0.0
    yield _one("rul_alerts_waiting", "Deliveries of alerts that are still tried.", backlog.waiting)
    yield _one("rul_alerts_given_up", "Deliveries of alerts given up.", backlog.given_up)
    yield _one("rul_alerts_oldest_age_seconds", "Age of the oldest that waits.", max(age, 0.0))


def _add_ratings(family: GaugeMetricFamily, plant: str, positive: int, negative: int) -> None:
    for rating, count in zip(RATINGS, (positive, negative), strict=True):
        family.add_metric([plant, rating], count)


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=["plant", *labels])


def _one(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=float(value))


def _text(families: Iterable[Family]) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Collected(tuple(families)))  # pyright: ignore[reportArgumentType]
    return generate_latest(registry)


class _Collected:
    """A collector of what is given."""

    def __init__(self, families: tuple[Family, ...]) -> None:
        self._families = families

    def collect(self) -> Iterable[Family]:
        return self._families
