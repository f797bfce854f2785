"""The model in charge of a plant: what answers predictions.

The gate's verdict is read and verified here, for this very candidate and against the champion that is in
charge now: a blocking check blocks only within one run. One transaction deploys and records it; the
former champion is kept and its time in charge ends where this one's begins. By the plant's policy a
candidate may first have to answer beside the champion, or wait for a person; then the champion stays.

Upstream `evaluation_report`; downstream `predictions` (external).
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import dagster as dg

from rul_platform.core.canonical import canonical_json
from rul_platform.core.gate import HOLD, REJECT, Verdict
from rul_platform.core.gate import IN_CHARGE as KNOWN
from rul_platform.core.policy import Policy
from rul_platform.errors import GateRefusedError
from rul_platform.operation.alerting import raise_alert
from rul_platform.operation.decisions import approved, promoted
from rul_platform.orchestration import report
from rul_platform.orchestration.partitions import PLANT
from rul_platform.orchestration.retries import retrying
from rul_platform.orchestration.settings_in_force import settings_in_force
from rul_platform.orchestration.step import REPORT_CODE, Step
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion

DEPLOYED, SHADOWING, HELD, IN_CHARGE = "deployed", "shadowing", "held", "in charge"
"""What became of the candidate; IN_CHARGE: nothing had to be done."""

RETRAIN_ENDS = {DEPLOYED: "deployed", SHADOWING: "shadowed", HELD: "held", IN_CHARGE: "rejected"}
"""What became of the retrain that made it; one that made the champion's very bytes brought nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A judged candidate, and what is to be done with it.

    Attributes:
        version: The candidate.
        verdict: The gate's.
        report: Artifact that holds it.
        decision: One of ``RETRAIN_ENDS``.
        kind: Of the deployment, if it comes to one.
        why: For people.
    """

    version: ModelVersion
    verdict: Verdict
    report: str
    decision: str
    kind: str
    why: str

    @property
    def evidence(self) -> dict[str, Any]:
        """What is kept with a deployment."""
        return {"kind": self.kind, "report": self.report, **self.verdict.to_json()}

    @property
    def record(self) -> dict[str, Any]:
        """For the artifact and the UI."""
        return {
            "plant": self.version.plant,
            "number": self.version.number,
            "model": self.version.sha256,
            "report": self.report,
            "decision": self.decision,
            "gate": self.verdict.verdict,
            "reasons": self.why,
        }


@dg.asset(
    description=__doc__,
    partitions_def=PLANT,
    deps=["evaluation_report"],
    group_name="plant",
    kinds={"onnx"},
    owners=["team:operations"],
    freshness_policy=dg.FreshnessPolicy.time_window(
        warn_window=timedelta(days=90), fail_window=timedelta(days=180)
    ),
    code_version=REPORT_CODE,
)
@retrying()
def deployed_model(
    context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """Read the verdict, deploy or not, write, report."""
    from rul_platform.operation.model_files import verify
    from rul_platform.operation.provenance import ensure_signed

    name = context.partition_key
    step = Step(context, home)
    policy, _ = settings_in_force(home, name, step.retrain_id)
    case = _decide(home, step, name, policy)
    step.read_exactly("finetuned_model", name, case.version.sha256)
    verify(home, case.version)
    ensure_signed(home, case.version, now=home.now())
    result = step.publish(
        {"deployment.json": canonical_json(case.record)},
        parameters={},
        metadata={**case.record, "rmse_clipped": case.verdict.evidence.candidate_rmse},
        together_with=lambda _: _carry_out(home, case, step.retrain_id),
    )
    champion = home.registry.champion(name)
    after = {"version_in_charge": champion.number if champion else "none"}
    after |= report.deployments(home.registry.deployments(name))
    return result._replace(metadata={**(result.metadata or {}), **after})


def way_to_approve(home: Home, plant: str, number: int) -> str:
    """What a person types to put a held version in charge."""
    approve = f"rul approve {plant} {number} --reason TEXT"
    if home.freezes.current(plant) is None:
        return approve
    return f"{plant} is frozen; after `rul freeze {plant} --lift`: {approve}"


def _decide(home: Home, step: Step, plant: str, policy: Policy) -> Case:
    """What the verdict, a person's approval and the policy come to together.

    Raises:
        GateRefusedError: The verdict is REJECT.
    """
    judged = step.read("evaluation_report", plant)
    verdict = Verdict.from_json(json.loads(judged.read("gate.json")))
    version = home.registry.register(plant, verdict.evidence.candidate, now=home.now())
    if verdict.verdict == REJECT:
        raise GateRefusedError(plant, version.number, verdict.reasons)
    decision, kind, why = DEPLOYED, "promotion", verdict.reasons
    is_new = version.state != "retired" and verdict.evidence.champion is not None
    if version.state == "champion" or verdict.verdict == KNOWN:
        decision = IN_CHARGE
    elif step.retrain_id is not None and home.freezes.current(plant) is not None:
        decision = HELD  # not refused: what the retrain has made can be approved after the freeze
    elif verdict.verdict == HOLD or policy.approval == "always":
        is_approved = _is_approved(home, version, judged.sha256)
        decision, kind = (DEPLOYED, "approval") if is_approved else (HELD, kind)
    elif policy.shadow and is_new:
        decision = SHADOWING
    if decision == HELD:
        why = (*why, f"waits for a person: {way_to_approve(home, plant, version.number)}")
    return Case(
        version=version,
        verdict=verdict,
        report=judged.sha256,
        decision=decision,
        kind=kind,
        why="; ".join(why),
    )


def _is_approved(home: Home, version: ModelVersion, judged: str) -> bool:
    gate = home.gates.latest(version.plant, version.number)
    if gate is None or gate.report != judged:
        return False
    return home.gates.approval(gate.id) is not None


def _carry_out(home: Home, case: Case, retrain: int | None) -> dict[str, Any]:
    """Within the transaction that records the artifact; whoever locks takes versions before retrains."""
    version, now = case.version, home.now()
    told = {"evidence": case.evidence, "now": now}
    compared = case.verdict.evidence.champion_number
    with home.registry.alone():
        if retrain is not None:
            state = RETRAIN_ENDS[case.decision]
            home.retrains.close(retrain, state, verdict=case.verdict.verdict, now=now)
        if case.decision == SHADOWING and compared is not None:
            home.registry.shadow(version.plant, version.number, expected_champion=compared, **told)
        elif case.decision in (DEPLOYED, IN_CHARGE):
            number = version.number
            if case.decision == IN_CHARGE and version.state != "champion":
                number = compared or number  # the same model with a newer interval: it stays
            deployment = home.registry.deploy(
                version.plant, number, expected_champion=compared, **told
            )
            if case.decision == DEPLOYED and retrain is None:  # the end of a retrain is told anyway
                tell = approved if deployment.kind == "approval" else promoted
                raise_alert(home, tell(deployment), now)
            return {"since": dg.MetadataValue.timestamp(deployment.since)}
    return {}
