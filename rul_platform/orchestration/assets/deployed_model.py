"""The model in charge of a plant: what answers predictions.

The gate's verdict is read and verified here, for this very candidate and against the champion that is in
charge now: a blocking check blocks only within one run. One transaction deploys and records it; the
former champion is kept and its time in charge ends where this one's begins.

Upstream `evaluation_report`; downstream `predictions` (external).
"""

import json
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from rul_platform.core.canonical import canonical_json
from rul_platform.core.gate import Verdict
from rul_platform.errors import GateRefusedError
from rul_platform.orchestration import report
from rul_platform.orchestration.partitions import PLANT
from rul_platform.orchestration.step import REPORT_CODE, Step
from rul_platform.storage.home import Home


@dg.asset(
    description=__doc__,
    partitions_def=PLANT,
    deps=["evaluation_report"],
    group_name="plant",
    kinds={"onnx"},
    owners=["team:operations"],
    code_version=REPORT_CODE,
)
def deployed_model(
    context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read the verdict, deploy, write, report."""
    from rul_platform.orchestration.contest import predictor_of

    name = context.partition_key
    step = Step(context, home)
    judged = step.read("evaluation_report", name)
    verdict = Verdict.from_json(json.loads(judged.read("gate.json")))
    evidence = verdict.evidence
    version = home.registry.register(name, evidence.candidate, now=datetime.now(UTC))
    if not verdict.is_open:
        raise GateRefusedError(name, version.number, verdict.reasons)
    predictor_of(step.read_exactly("finetuned_model", name, version.sha256))  # whole, and it loads

    def deploy(_: str) -> dict[str, Any]:
        deployment = home.registry.deploy(
            name,
            version.number,
            expected_champion=evidence.champion_number,
            evidence={"report": judged.sha256, **verdict.to_json()},
            now=datetime.now(UTC),
        )
        return {"since": dg.MetadataValue.timestamp(deployment.since)}

    record = {
        "plant": name,
        "number": version.number,
        "model": version.sha256,
        "report": judged.sha256,
    }
    result = step.publish(
        {"deployment.json": canonical_json(record)},
        parameters={},
        metadata={
            **record,
            "gate": verdict.verdict,
            "reasons": "; ".join(verdict.reasons),
            "rmse_clipped": evidence.candidate_rmse,
        },
        together_with=deploy,
    )
    history = report.deployments(home.registry.deployments(name))
    return result._replace(metadata={**(result.metadata or {}), **history})
