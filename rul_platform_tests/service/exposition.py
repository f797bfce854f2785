"""What a running service tells Prometheus, read as Prometheus does."""

from collections.abc import Mapping

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from rul_platform_tests.service.running import Running


def scraped(running: Running) -> list[Metric]:
    """All families of a scrape."""
    with running.client("read") as client:
        answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return list(text_string_to_metric_families(answer.text))


def values(families: list[Metric], sample: str) -> dict[frozenset[str], float]:
    """Labels' values to the value of each series of this name."""
    return {
        frozenset(each.labels.values()): each.value
        for family in families
        for each in family.samples
        if each.name == sample
    }


def value(families: list[Metric], sample: str, labels: Mapping[str, str] | None = None) -> float:
    """Of the one series that has these labels."""
    (found,) = [
        each.value
        for family in families
        for each in family.samples
        if each.name == sample and (labels or {}).items() <= each.labels.items()
    ]
    return found
