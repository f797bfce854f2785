"""How a check looks at one partition of an asset, and at the artifact that its own run made.

Belongs here: what all checks share. Does not belong here: any check (``checks``, ``model_checks``).
"""

import warnings
from collections.abc import Callable

import dagster as dg

from rul_platform.orchestration.step import Files, current
from rul_platform.storage.home import Home

Context = dg.AssetCheckExecutionContext
HomeResource = dg.ResourceParam[Home]
CheckBody = Callable[..., dg.AssetCheckResult]


def partitioned_check(
    asset: str, partitions: dg.PartitionsDefinition, *, blocking: bool
) -> Callable[[CheckBody], dg.AssetChecksDefinition]:
    """A check that looks at one partition, and whose result the UI shows for that partition.

    Dagster calls the ``partitions_def`` of a check a preview. We pin Dagster exactly and test that it
    works, so its warning at every start would only be noise (decision record 0005).
    """

    def decorate(body: CheckBody) -> dg.AssetChecksDefinition:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dg.PreviewWarning)
            check = dg.asset_check(asset=asset, blocking=blocking, partitions_def=partitions)
            return check(body)

    return decorate


def checked(context: Context, home: Home, asset: str) -> tuple[str, Files]:
    """The partition of this check's run, and the artifact that the run made, else the current one."""
    partition = str(context.op_execution_context.partition_key)
    for made in reversed(home.lineage.history(asset, partition)):
        if made.run_id == context.run.run_id:
            return partition, Files(home.store, home.store.artifact(made.sha256))
    return partition, current(home, asset, partition)
