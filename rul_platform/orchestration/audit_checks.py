"""What must hold of the records of the model in charge, as a check of its partition.

Belongs here: the check. Does not belong here: what is looked at (``operation.audit``).
"""

import dagster as dg

from rul_platform.orchestration.partitioned_checks import Context, partitioned_check
from rul_platform.orchestration.partitions import PLANT
from rul_platform.storage.home import Home


@partitioned_check("deployed_model", PLANT, blocking=False)
def lineage_holds(context: Context, home: Home) -> dg.AssetCheckResult:
    """Files, signed provenance and the way down to raw data of the model in charge are what they were.

    Every artifact of that way is read and hashed. `rul audit verify` looks at everything else too.
    """
    from rul_platform.operation.audit.hashed import Hashed
    from rul_platform.operation.audit.problems import guarded
    from rul_platform.operation.audit.versions import of_version

    plant = str(context.op_execution_context.partition_key)
    champion, hashed = home.registry.champion(plant), Hashed()
    if champion is None:
        return dg.AssetCheckResult(passed=True, description="No version is in charge yet.")
    found = tuple(guarded("versions", of_version(home, champion, hashed)))
    broken = [each for each in found if each.kind == "broken"]
    return dg.AssetCheckResult(
        passed=not broken,
        severity=dg.AssetCheckSeverity.ERROR,
        description="\n".join(each.sentence for each in found) or "All of it holds.",
        metadata={
            "version": champion.number,
            "sha256": champion.sha256,
            "artifacts_hashed": len(hashed.artifacts),
            "problems": len(broken),
        },
    )
