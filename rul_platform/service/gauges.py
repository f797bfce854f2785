"""The state of plants as figures, made when Prometheus asks.

Belongs here: from tables to gauges. Does not belong here: counters of this process (``metrics``).
"""

from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily

from rul_platform.errors import RulPlatformError
from rul_platform.operation import metrics as figures
from rul_platform.operation.known_plants import known_plants
from rul_platform.operation.metrics import ALL_ROWS
from rul_platform.service.parts import Parts
from rul_platform.storage.operation_tables import OPEN_STATES

_Gauge = Callable[[str, str], GaugeMetricFamily]


def families(parts: Parts) -> Iterator[GaugeMetricFamily]:
    """All gauges."""
    yield from _of_versions(parts)
    yield from _of_plants(parts)
    waiting = GaugeMetricFamily("rul_log_waiting", "Answers not yet in the log.")
    waiting.add_metric([], parts.log.waiting)
    yield waiting
    alerts = GaugeMetricFamily("rul_alerts_undelivered", "Alerts that some channel has not taken.")
    alerts.add_metric([], len(parts.home.alerts.recent(ALL_ROWS, only_undelivered=True)))
    yield alerts


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=["plant", *labels])


def _of_versions(parts: Parts) -> Iterator[GaugeMetricFamily]:
    wanted = _gauge("rul_wanted_version", "Version that is in charge by the registry.")
    served = _gauge(
        "rul_served_version", "Version that answers here; 0 where none could be loaded."
    )
    for plant, slot in parts.slots.all().items():
        wanted.add_metric([plant], slot.wanted)
        served.add_metric([plant], slot.champion.version.number if slot.champion else 0)
    yield from (wanted, served)


def _of_plants(parts: Parts) -> Iterator[GaugeMetricFamily]:
    home, now = parts.home, parts.home.now()
    share = _gauge("rul_satisfaction", "Part of positive ratings in the policy's window.")
    ratings = _gauge("rul_feedback_today", "Ratings given today (UTC).", "rating")
    retrain = _gauge("rul_retrain_open", "1 where a retrain is under way.", "state")
    frozen = _gauge("rul_frozen", "1 where a person froze the plant.")
    coverage = _gauge("rul_interval_coverage", "Part of intervals that held what came true.")
    for plant in known_plants(home):
        try:
            told = figures.metrics(home, plant, now)
        except RulPlatformError:
            continue  # its settings are wrong, which is told elsewhere
        if told["satisfaction"]["share"] is not None:
            share.add_metric([plant], told["satisfaction"]["share"])
        if told["outcomes"]["coverage"] is not None:
            coverage.add_metric([plant], told["outcomes"]["coverage"])
        today = {day["day"]: day for day in told["satisfaction"]["per_day"]}.get(f"{now:%F}", {})
        for rating in ("positive", "negative"):
            ratings.add_metric([plant, rating], today.get(rating, 0))
        current = home.retrains.current(plant)
        for state in OPEN_STATES:
            retrain.add_metric(
                [plant, state], float(current is not None and current.state == state)
            )
        frozen.add_metric([plant], float(home.freezes.current(plant) is not None))
    yield from (share, ratings, retrain, frozen, coverage)
