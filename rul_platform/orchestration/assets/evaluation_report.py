"""Is the plant's candidate any good, did pretraining help, and may it replace the champion?

Scores the candidate on the plant's test units, at twenty points of each life, through the very ONNX
model that would serve. Beside it, on the same points: the champion, the same network from scratch, the
pretrained network as it is (where it fits), boosting and a constant, all from the same training units.
The promotion gate's verdict is part of the report.

Upstream `finetuned_model` and `plant_windows`; downstream `deployed_model`.
"""

import json
from datetime import UTC, datetime

import dagster as dg

from rul_platform.core.canonical import canonical_json
from rul_platform.core.evaluation import evaluate
from rul_platform.core.gate import decide
from rul_platform.orchestration import report
from rul_platform.orchestration.partitions import PLANT
from rul_platform.orchestration.step import REPORT_CODE, Step
from rul_platform.storage.home import Home
from rul_platform.storage.plain_files import write_whole


@dg.asset(
    description=__doc__,
    partitions_def=PLANT,
    deps=["finetuned_model", "plant_windows"],
    group_name="plant",
    kinds={"html"},
    owners=["team:learning"],
    code_version=REPORT_CODE,
)
def evaluation_report(
    context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, score, write, report."""
    from rul_platform.orchestration.contest import hold_contest

    name = context.partition_key
    step = Step(context, home)
    candidate = step.read("finetuned_model", name)
    card = json.loads(candidate.read("card.json"))
    stored = step.read_exactly("plant_windows", name, card["windows"])
    parent = step.read_exactly("pretrained_checkpoint", card["architecture"], card["parent"])
    contest = hold_contest(
        candidate,
        stored,
        parent,
        champion=step.read_champion(name),
        progress=home.progress,
    )
    evaluation = evaluate(contest.predicted, seed=card["training"]["seed"])
    verdict = decide(contest.evidence(evaluation))

    def note_verdict(_: str) -> dict[str, int]:
        number = home.registry.register(name, candidate.sha256, now=datetime.now(UTC)).number
        if not verdict.is_open:
            home.registry.reject(name, number, "; ".join(verdict.reasons))
        return {"version": number}

    files = report.evaluation_files(evaluation)
    result = step.publish(
        {
            **files,
            "gate.json": canonical_json(verdict.to_json()),
        },
        parameters={},
        metadata={**report.gate(verdict), **report.evaluation(evaluation)},
        table="predictions.parquet",
        together_with=note_verdict,
    )
    shown = home.report_file(name)
    write_whole(shown, files["report.html"])
    return result._replace(
        metadata={"report": dg.MetadataValue.path(shown), **(result.metadata or {})}
    )
