"""Is the plant's candidate any good, did pretraining help, and may it replace the champion?

Scores the candidate on the plant's test units, at twenty points of each life, through the very ONNX
model that would serve. Beside it, on the same points: the champion, the same network from scratch, the
pretrained network as it is (where it fits), boosting and a constant, all from the same training units.
What an alarm threshold costs, and from when on one can plan, is seen at every reading of these lives.
The promotion gate decides: whether the candidate saves RMSE, whether more than chance among the test
units does, whether it is worse late, at the end of life or in an operating condition. Beside the gain
stands what another seed alone changes. Its verdict is part of the report and of the ledger.

Upstream `finetuned_model` and `plant_windows`; downstream `deployed_model`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import dagster as dg

from rul_platform.core.canonical import canonical_json
from rul_platform.core.evaluation import evaluate
from rul_platform.core.gate import REJECT, Verdict, decide
from rul_platform.operation.gate_rule import gate_rule
from rul_platform.operation.provenance import sign_version
from rul_platform.operation.source_state import source_state
from rul_platform.orchestration import report
from rul_platform.orchestration.dagster_records import records
from rul_platform.orchestration.partitions import PLANT
from rul_platform.orchestration.retries import retrying
from rul_platform.orchestration.settings_in_force import settings_in_force
from rul_platform.orchestration.step import LEARNING_CODE, REPORT_CODE, Step
from rul_platform.storage.home import Home
from rul_platform.storage.plain_files import write_whole
from rul_platform.storage.provenance import Provenance


@dg.asset(
    description=__doc__,
    partitions_def=PLANT,
    deps=["finetuned_model", "plant_windows"],
    group_name="plant",
    kinds={"html"},
    owners=["team:learning"],
    code_version=REPORT_CODE,
)
@retrying()
def evaluation_report(
    context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read, score, decide, write, report."""
    from rul_platform.orchestration.contest import hold_contest
    from rul_platform.orchestration.contestants import entry_of
    from rul_platform.orchestration.lessons import card_of

    name = context.partition_key
    step = Step(context, home)
    policy, settings = settings_in_force(home, name, step.retrain_id)
    entry = entry_of(step, name)
    contest = hold_contest(entry, step.read_champion(name), home.progress)
    seed = card_of(entry.candidate)["training"]["seed"]
    evaluation = evaluate(contest.predicted, seed=seed)
    evidence = contest.evidence(evaluation, seed=seed)
    barred = home.registry.barred(name, entry.candidate.sha256)
    verdict = decide(replace(evidence, barred=barred), policy)
    record = {**verdict.to_json(), "settings": settings, "rule": gate_rule()}
    ruling = _Ruling(home, name, entry.candidate.sha256, step.retrain_id, verdict, record)

    files, metadata = report.evaluation_told(evaluation, verdict)
    result = step.publish(
        {**files, "gate.json": canonical_json(record)},
        parameters={"settings": settings},
        metadata={**report.gate(verdict), **metadata},
        table="predictions.parquet",
        together_with=ruling.noted,
    )
    signed = _signed(context, home, name, entry.candidate.sha256)
    shown = home.report_file(name)
    write_whole(shown, files["report.html"])
    return result._replace(
        metadata={
            "report": dg.MetadataValue.path(shown),
            "provenance": signed.envelope if signed else "not signed: no key here",
            **(result.metadata or {}),
        }
    )


def _signed(
    context: dg.AssetExecutionContext, home: Home, plant: str, sha256: str
) -> Provenance | None:
    """Sign how the candidate was made; with this code's commit only where this code trained it."""
    version = home.registry.register(plant, sha256, now=home.now())
    lineage = home.lineage.ancestors(sha256)
    is_ours = any(each.sha256 == sha256 and each.code_version == LEARNING_CODE for each in lineage)
    return sign_version(
        home,
        version,
        now=home.now(),
        records=records(context.instance, lineage),
        code=source_state() if is_ours else None,
    )


@dataclass(frozen=True, slots=True)
class _Ruling:
    """The gate's answer on a plant's candidate, and how it comes into the books."""

    home: Home
    plant: str
    sha256: str
    retrain_id: int | None
    verdict: Verdict
    record: Mapping[str, Any]

    def noted(self, judged: str) -> dict[str, int]:
        """Number the version, note the answer, and name both; ``judged`` is the report's hash."""
        registry, now = self.home.registry, self.home.now()
        number = registry.register(self.plant, self.sha256, now=now).number
        if self.verdict.verdict == REJECT:
            registry.reject(self.plant, number, "; ".join(self.verdict.reasons))
        else:
            registry.reconsider(self.plant, number)
        gate = self.home.gates.record(
            plant=self.plant,
            number=number,
            sha256=self.sha256,
            verdict=self.verdict.verdict,
            record=dict(self.record),
            report=judged,
            retrain_id=self.retrain_id,
            now=now,
        )
        return {"version": number, "gate_answer": gate}
