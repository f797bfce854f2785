"""No row of the ledger stays unsigned."""

import dagster as dg

from rul_platform.operation.signing import anchor_rest
from rul_platform.storage.home import Home


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def sign_ledger(
    context: dg.SensorEvaluationContext,  # noqa: ARG001  Dagster gives it first
    home: dg.ResourceParam[Home],
) -> dg.SkipReason:
    """Sign rows of the ledger whose writer has no key, as the service, or was killed before.

    A tick fails where rows wait and cannot be signed here: nobody else would say so.
    """
    row = anchor_rest(home, now=home.now())
    return dg.SkipReason("nothing to sign" if row is None else f"signed up to row {row}")
