"""Alerts leave the platform."""

import dagster as dg

from rul_platform.operation import alerting
from rul_platform.storage.home import Home

AT_ONCE = 50
"""Deliveries in one tick: each may wait for a slow server."""


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def send_alerts(
    context: dg.SensorEvaluationContext,  # noqa: ARG001  Dagster gives it first
    home: dg.ResourceParam[Home],
) -> dg.SkipReason:
    """Deliver what is due to every channel; what fails is tried again later."""
    delivered = alerting.deliver(home, home.now(), limit=AT_ONCE)
    return dg.SkipReason(f"{delivered.sent} sent, {delivered.failed} failed")
