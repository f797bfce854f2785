"""Nobody switches a sensor or a schedule unseen."""

import dagster as dg

from rul_platform.orchestration import switches
from rul_platform.storage.home import Home


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def watch_switches(
    context: dg.SensorEvaluationContext, home: dg.ResourceParam[Home]
) -> dg.SkipReason:
    """Note in the ledger what was switched on or off in these pages, and tell people.

    Switched off itself it notes nothing; `rul audit verify` sees that too.
    """
    found = switches.note(home, context.instance, home.now())
    told = [f"{each.name}: {each.before} → {each.now}" for each in found]
    return dg.SkipReason("\n".join(told) or "all stand as the ledger says")
