"""What Prometheus is told: requests and answers as they happen, the state of plants when it asks.

Belongs here: names, labels and buckets. Does not belong here: what the figures mean
(``operation.metrics``).
"""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

from rul_platform.operation.answers import Answer

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
LIVES = (0, 5, 10, 20, 30, 50, 75, 100, 125, 200, 500, 1000, 5000)


class Metrics:
    """Counters of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "rul_requests", "Requests answered.", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "rul_request_seconds",
            "Time from a request to its answer.",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.answers = Counter(
            "rul_answers",
            "Predictions given.",
            ["plant", "version", "role"],
            registry=self.registry,
        )
        self.strange = Counter(
            "rul_strange_answers",
            "Predictions from readings far outside what the model learned from.",
            ["plant"],
            registry=self.registry,
        )
        self.rul = Histogram(
            "rul_predicted_life",
            "Remaining useful life that was answered, in the plant's unit of life.",
            ["plant"],
            buckets=LIVES,
            registry=self.registry,
        )
        self.feedback = Counter(
            "rul_feedback", "Ratings taken.", ["plant", "rating"], registry=self.registry
        )

    def answered(self, plant: str, answers: Iterable[Answer]) -> None:
        """Count the answers of one question."""
        lives = self.rul.labels(plant)
        for each in answers:
            self.answers.labels(plant, each.number, each.role).inc()
            lives.observe(each.prediction.rul)
            if each.prediction.is_strange:
                self.strange.labels(plant).inc()

    def text(self, more: Iterable[GaugeMetricFamily] = ()) -> bytes:
        """All of it in Prometheus' text format, with families that are made for this time."""
        momentary = CollectorRegistry()
        momentary.register(_Collected(tuple(more)))  # pyright: ignore[reportArgumentType]
        return generate_latest(self.registry) + generate_latest(momentary)


class _Collected:
    """A collector of what is given."""

    def __init__(self, families: tuple[GaugeMetricFamily, ...]) -> None:
        self._families = families

    def collect(self) -> Iterable[GaugeMetricFamily]:
        return self._families
