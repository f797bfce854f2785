"""What Prometheus is told of this process: requests and answers, as they happen.

Labels hold names of plants, numbers of versions, templates of routes and words from fixed lists; nothing
that a caller could invent, so that there are as many series as there are plants, and no more.

Belongs here: names, labels and buckets. Does not belong here: the state of plants (``gauges``).
"""

import sys
from collections.abc import Iterable
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from rul_platform.operation.answers import Answer

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
LIVES = (0, 1, 2, 5, 10, 20, 50, 100, 125, 200, 500, 1000, 2000, 5000, 10_000, 100_000)
UNITS = (1, 2, 5, 10, 20, 50, 100, 200, 512)

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
OTHER = "other"


class Metrics:
    """Counters of one process."""

    def __init__(self) -> None:
        disable_created_metrics()  # a series beside each series, which nobody asks for
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.requests = Counter(
            "rul_http_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=registry,
        )
        self.seconds = Histogram(
            "rul_http_request_duration_seconds",
            "Time from a request to the end of its answer.",
            ["method", "route"],
            buckets=SECONDS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "rul_http_requests_in_flight", "Requests that have begun.", registry=registry
        )
        self.answers = Counter(
            "rul_answers",
            "Predictions given, by plant and the version that answered.",
            ["plant", "version", "role"],
            registry=registry,
        )
        self.strange = Counter(
            "rul_strange_answers",
            "Predictions from readings far outside what the model learned from.",
            ["plant"],
            registry=registry,
        )
        self.rul = Histogram(
            "rul_predicted_life",
            "Remaining useful life that was answered, in the plant's own unit of life.",
            ["plant"],
            buckets=LIVES,
            registry=registry,
        )
        self.units = Histogram(
            "rul_question_units", "Machines of one question.", buckets=UNITS, registry=registry
        )
        self.feedback = Counter(
            "rul_feedback",
            "Ratings taken by this process.",
            ["plant", "rating"],
            registry=registry,
        )
        build = Gauge(
            "rul_build_info",
            "1; its labels say what runs.",
            ["version", "python", "onnxruntime"],
            registry=registry,
        )
        self._of_route: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._of_answer: dict[tuple[str, int, str], Counter] = {}
        self._of_plant: dict[str, Histogram] = {}
        build.labels(version("rul-platform"), _python(), version("onnxruntime")).set(1)

    def requested(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        series = self._of_route.get((method, route, status))
        if series is None:
            known = method if method in METHODS else OTHER
            series = self.requests.labels(known, route, status), self.seconds.labels(known, route)
            self._of_route[known, route, status] = series
        series[0].inc()
        series[1].observe(seconds)

    def answered(self, plant: str, answers: Iterable[Answer]) -> None:
        """Count the answers of one question."""
        lives, units = self._lives(plant), 0
        for each in answers:
            self._answers(plant, each).inc()
            lives.observe(each.prediction.rul)
            units += 1
            if each.prediction.is_strange:
                self.strange.labels(plant).inc()
        self.units.observe(units)

    def _lives(self, plant: str) -> Histogram:
        """A plant's series, which costs more to look up by its labels than to count in."""
        lives = self._of_plant.get(plant)
        if lives is None:
            lives = self._of_plant[plant] = self.rul.labels(plant)
        return lives

    def _answers(self, plant: str, answer: Answer) -> Counter:
        """Likewise of a version."""
        key = plant, answer.number, answer.role
        series = self._of_answer.get(key)
        if series is None:
            series = self._of_answer[key] = self.answers.labels(*key)
        return series

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)


def _python() -> str:
    return ".".join(map(str, sys.version_info[:3]))
