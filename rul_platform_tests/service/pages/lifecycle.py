"""A plant with a past: versions, a rollback, a gate, an approval, origins, signatures."""

from datetime import datetime, timedelta
from typing import Any

from rul_platform.core.gate_evidence import Evidence
from rul_platform.core.gate_statistics import Paired, SeedNoise
from rul_platform.operation.intake import FeedbackRow, add_feedback
from rul_platform.operation.provenance import ensure_signed
from rul_platform.operation.signing import make_first
from rul_platform.operation.views.retraining import PHASES
from rul_platform.storage.home import Home
from rul_platform.storage.lineage import Input
from rul_platform.storage.models import ModelVersion
from rul_platform_tests.operation.served import PRESS, add_version

REPORT = (
    b"<!DOCTYPE html><html lang=en><title>r</title><style>p{color:red}</style><p>The report.</p>"
)
DAY = timedelta(days=1)
RUN = "0f1e2d3c"


def evidence(version: ModelVersion, *, gain: float, champion: int | None = 1) -> dict[str, Any]:
    """All that the gate measured, with two slices."""
    saved = 10 * gain
    pairs = tuple(
        Paired(name=name, units=units, candidate=10 - saved, champion=10.0, low=saved - spread,
               high=saved + spread)
        for name, units, spread in (
            ("all predictions", 40, 0.5),
            ("late predictions", 38, 0.9),
            ("last 12 hours of life", 40, 2.0),
        )
    )  # fmt: skip
    return Evidence(
        candidate=version.sha256, champion="c" * 64, champion_number=champion, evaluation_set="e" * 64,
        life_unit="hours", candidate_rmse=10 - saved, champion_rmse=10.0, constant_rmse=20.0,
        boosting_rmse=11.0, incomparable=None, champion_silent=None, lowest_output=0.0,
        highest_output=1.0, onnx_difference=0.0, units=40, comparison=pairs if champion else (),
        noise=SeedNoise(seeds=(1, 2, 3), rmse=(9.0, 9.3, 8.8)),
    ).to_json()  # fmt: skip


def ruled(home: Home, version: ModelVersion, verdict: str, *, gain: float, now: datetime) -> int:
    """The gate's answer, with a report."""
    record = {
        "verdict": verdict,
        "reasons": [f"RMSE {10 - 10 * gain:.2f} on 40 test units"],
        "evidence": evidence(version, gain=gain),
    }
    return home.gates.record(
        plant=version.plant, number=version.number, sha256=version.sha256, verdict=verdict,
        record=record, report=home.store.write({"report.html": REPORT}).sha256, retrain_id=None,
        now=now,
    )  # fmt: skip


def made(home: Home, asset: str, sha256: str, *inputs: Input, run_id: str = RUN) -> Input:
    """Register one materialisation; gives it as something to read."""
    home.lineage.record(
        asset=asset, partition=PRESS, sha256=sha256, run_id=run_id, code_version="c0de", parameters={},
        environment={"python": "3.11"}, inputs=inputs, now=home.now(),
    )  # fmt: skip
    return Input(asset, PRESS, sha256)


def story(home: Home) -> None:
    """Three versions in three weeks: promoted, approved, forced, and rolled back to the second."""
    now = home.now()
    make_first(home, now=now - 30 * DAY)
    source = Input("plant_source", PRESS, "5" * 64)
    readings = made(home, "plant_readings", "6" * 64, source)
    windows = made(home, "plant_windows", "7" * 64, readings)
    for seed in range(3):
        version = add_version(home, seed)
        made(home, "finetuned_model", version.sha256, windows, readings)
        verdict = ("PROMOTE", "HOLD", "REJECT")[seed]
        then = now - (21 - 7 * seed) * DAY
        gate = ruled(home, version, verdict, gain=(0.1, 0.2, -0.5)[seed], now=then)
        if verdict == "HOLD":
            home.gates.approve(gate, actor="a" * 64, reason="seen and accepted", now=then)
        ensure_signed(home, version, now=then)
        proof = evidence(version, gain=(0.1, 0.2, -0.5)[seed])
        told = {"kind": ("promotion", "approval", "forced")[seed], "evidence": proof}
        told |= {"actor": "a" * 64, "reason": "because"} if seed else {}
        home.registry.deploy(
            PRESS, version.number, expected_champion=seed or None, evidence=told, now=then
        )
    home.registry.rollback(PRESS, actor="system", reason="people reject it", now=now - 2 * DAY)


def rated(home: Home, positive: int, negative: int) -> str:
    """Ratings of as many answers of the champion; gives the id of the last answer."""
    champion = home.registry.champion(PRESS)
    assert champion is not None
    rows = list[FeedbackRow]()
    for number in range(positive + negative):
        answer = home.predictions.record(
            plant=PRESS, unit=f"m{number}", number=champion.number, sha256=champion.sha256, life=20.0,
            rul=30.0, rul_low=25.0, rul_high=36.0, now=home.now(),
        )  # fmt: skip
        rating = "positive" if number < positive else "negative"
        rows.append(FeedbackRow(answer, rating, person="Ann"))
    add_feedback(home, PRESS, rows, now=home.now())
    return rows[-1].prediction


def one_more_asset(home: Home, number: int, run_id: str) -> None:
    """The run of a retrain makes the next asset of its phases."""
    done = {each.asset for each in home.lineage.made_for(run_id, PRESS)}
    todo = [asset for assets in PHASES.values() for asset in assets if asset not in done]
    made(home, todo[0], f"{number:02x}" * 31 + f"{len(done):02x}", run_id=run_id)
