"""How a check looks at one partition of an asset, and at the artifact that its own run made.

Belongs here: what all checks share, and that those of one asset are one step. Does not belong here: any
check (``checks``, ``model_checks``).
"""

import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import dagster as dg

from rul_platform.orchestration.error_words import said
from rul_platform.orchestration.step import Files, current
from rul_platform.storage.home import Home

Context = dg.AssetCheckExecutionContext
HomeResource = dg.ResourceParam[Home]
CheckBody = Callable[[Context, Home], dg.AssetCheckResult]


@dataclass(frozen=True, slots=True)
class PartitionedCheck:
    """A check that looks at one partition, and whose result the UI shows for that partition.

    Attributes:
        asset: Name of the asset.
        partitions: Those of the asset.
        blocking: A result of severity ERROR stops what is downstream in the same run.
        body: What looks; its name and docstring are the check's.
    """

    asset: str
    partitions: dg.PartitionsDefinition
    blocking: bool
    body: CheckBody

    @property
    def name(self) -> str:
        """As the UI shows it."""
        return self.body.__name__

    @property
    def key(self) -> dg.AssetCheckKey:
        """What Dagster finds its results by."""
        return dg.AssetCheckKey(dg.AssetKey(self.asset), self.name)

    def spec(self) -> dg.AssetCheckSpec:
        """What Dagster knows of it.

        Dagster calls the ``partitions_def`` of a check a preview. We pin Dagster exactly and test that
        it works, so its warning at every start would only be noise (decision record 0005).
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dg.PreviewWarning)
            return dg.AssetCheckSpec(
                self.name,
                asset=self.asset,
                description=inspect.getdoc(self.body),
                blocking=self.blocking,
                partitions_def=self.partitions,
            )

    def is_refusal(self, found: dg.AssetCheckResult) -> bool:
        """Whether this result stops what is downstream."""
        is_error = found.severity == dg.AssetCheckSeverity.ERROR
        return self.blocking and is_error and not found.passed

    def look(self, context: Context, home: Home) -> dg.AssetCheckResult:
        """What the body found, under the check's name.

        What cannot be looked at fails the step where it would block. Where it only warns it stops
        nothing, and the error is its result.
        """
        try:
            found = self.body(context, home)
        except Exception as error:
            if self.blocking:
                raise
            context.log.exception(f"{self.name} could not look")
            found = dg.AssetCheckResult(passed=False, description=f"Could not look: {said(error)}")
        return found._replace(check_name=self.name)


def partitioned_check(
    asset: str, partitions: dg.PartitionsDefinition, *, blocking: bool
) -> Callable[[CheckBody], PartitionedCheck]:
    """Decorator that makes a check of a function."""
    return lambda body: PartitionedCheck(asset, partitions, blocking, body)


def steps_of(checks: Iterable[PartitionedCheck]) -> list[dg.AssetChecksDefinition]:
    """One step for each asset that has checks.

    A step is a process of its own, on a cluster a job of its own, and costs more to start than most
    checks take. Dagster's API can ask for one of them; its pages cannot where assets have partitions.
    """
    by_asset = sorted(checks, key=lambda check: check.asset)
    return [
        _step_of(asset, tuple(same)) for asset, same in groupby(by_asset, lambda check: check.asset)
    ]


def _step_of(asset: str, checks: tuple[PartitionedCheck, ...]) -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(
        name=f"{asset}_checks", specs=[check.spec() for check in checks], can_subset=True
    )
    def look(context: Context, home: HomeResource) -> Iterator[dg.AssetCheckResult]:
        stopped, is_refused = list[Exception](), False
        for check in checks:
            if check.key not in context.selected_asset_check_keys:
                continue
            try:
                found = check.look(context, home)
            except Exception as error:
                stopped.append(error)
                continue
            is_refused |= check.is_refusal(found)
            yield found
        if stopped and not is_refused:  # a refusal is final, what could not look may pass
            raise stopped[0]

    return look


def checked(context: Context, home: Home, asset: str) -> tuple[str, Files]:
    """The partition of this check's run, and the artifact that the run made, else the current one."""
    partition = str(context.op_execution_context.partition_key)
    for made in reversed(home.lineage.history(asset, partition)):
        if made.run_id == context.run.run_id:
            return partition, Files(home.store, home.store.artifact(made.sha256))
    return partition, current(home, asset, partition)
