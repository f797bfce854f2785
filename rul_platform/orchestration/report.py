"""What the assets tell the UI: numbers, tables and plots as metadata.

Belongs here: putting results into Dagster's metadata types. Does not belong here: any figure that is
not already computed.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import dagster as dg
import pandas as pd

from rul_platform.core.canonical import canonical_json
from rul_platform.core.evaluation import Evaluation
from rul_platform.core.fleet import Fleet
from rul_platform.core.gate import Verdict
from rul_platform.core.gate_statistics import Paired
from rul_platform.core.parquet import to_parquet
from rul_platform.core.preparation import Preparation
from rul_platform.storage.models import Deployment

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.learning.finetuning import TransferReport
    from rul_platform.learning.training import FitResult

Metadata = dict[str, Any]


def fleet(histories: Fleet, *, life_unit: str) -> Metadata:
    """How many machines, how long they lived, and what their sensors look like."""
    from rul_platform.reports.fleet_plots import lives, sensor_traces
    from rul_platform.reports.plots import markdown_image

    units = histories.units
    failed = units[units["rul_at_end"].notna()]
    return {
        "units": len(units),
        "units_failed": len(failed),
        f"shortest_life_{life_unit}": float(failed["end_life"].min()),
        f"median_life_{life_unit}": float(failed["end_life"].median()),
        f"longest_life_{life_unit}": float(failed["end_life"].max()),
        "lives": dg.MetadataValue.md(
            markdown_image(lives(histories, life_unit), "How long the machines lived")
        ),
        "sensors": dg.MetadataValue.md(
            markdown_image(sensor_traces(histories, life_unit), "Sensors over life")
        ),
    }


def windows(index: pd.DataFrame, preparation: Preparation) -> Metadata:
    """How many units and windows each split has, and how its labels are spread."""
    from rul_platform.reports.fleet_plots import labels
    from rul_platform.reports.plots import markdown_image

    counts = {
        f"{what}_{split}": int(count)
        for split, rows in index.groupby("split")
        for what, count in (("units", rows["unit"].nunique()), ("windows", len(rows)))
    }
    plot = labels(index, preparation.cap, preparation.life_unit)
    return {
        "windows": len(index),
        "channels": len(preparation.channels),
        **counts,
        "labels": dg.MetadataValue.md(markdown_image(plot, "Labels by split")),
    }


def training(fitted: "FitResult", *, life_unit: str) -> Metadata:
    """How a training went, as numbers and as a curve."""
    from rul_platform.reports.fleet_plots import training_curve
    from rul_platform.reports.plots import markdown_image

    curve = training_curve(fitted.history, life_unit)
    return {
        f"valid_rmse_{life_unit}": fitted.best_valid_rmse,
        "best_step": fitted.best_step,
        "cpu_seconds": fitted.cpu_seconds,
        "history": dg.MetadataValue.md(markdown_image(curve, "Training history")),
    }


def transfer(became: "TransferReport") -> Metadata:
    """What was loaded of the pretrained weights, what was left out and why, what is frozen."""
    skipped = [dg.TableRecord(asdict(s)) for s in became.skipped]
    return {
        "weights_loaded": len(became.loaded),
        "weights_left_out": dg.MetadataValue.table(skipped) if skipped else "none",
        "weights_frozen": ", ".join(became.frozen) or "none",
    }


def evaluation(result: Evaluation) -> Metadata:
    """Scores as numbers (Dagster draws their history), the report's summary and its plots."""
    from rul_platform.reports.html import render_markdown
    from rul_platform.reports.plots import markdown_image, plots_of

    main = result.main_score
    numbers: Metadata = {
        f"{name}_{truth}": float(value)
        for truth, metrics in (("clipped", main.clipped), ("raw", main.raw))
        for name, value in metrics.as_dict().items()
        if value is not None
    }
    others = {
        f"rmse_clipped_{s.name.replace(' ', '_').replace('-', '_')}": s.clipped.rmse
        for s in result.scores
        if s is not main
    }
    coverage = {} if result.coverage is None else {"interval_coverage": result.coverage}
    plots = {
        plot.title: dg.MetadataValue.md(markdown_image(plot.draw(result), plot.caption))
        for plot in plots_of(result)
    }
    summary = dg.MetadataValue.md(render_markdown(result))
    return {"summary": summary, **numbers, **others, **coverage, **plots}


def gate(verdict: Verdict) -> Metadata:
    """The promotion gate's answer and the numbers behind it; shares are of the champion's RMSE."""
    from rul_platform.reports.promotion import noise_sentence

    evidence, overall = verdict.evidence, verdict.evidence.overall
    shares = {"seed_noise_percent": evidence.noise_share}
    if overall is not None:
        shares |= {
            "rmse_gain_percent": overall.share(overall.saved),
            "rmse_gain_at_least_percent": overall.share(overall.low),
        }
    slices = [dg.TableRecord(_paired(pair)) for pair in evidence.comparison]
    sentences = (*verdict.reasons, *filter(None, [noise_sentence(evidence)]))
    return {
        "gate": verdict.verdict,
        "gate_reasons": dg.MetadataValue.md("\n".join(f"- {each}" for each in sentences)),
        **{name: 100 * share for name, share in shares.items() if share is not None},
        "gate_slices": dg.MetadataValue.table(slices) if slices else "no champion to compare with",
        "gate_evidence": dg.MetadataValue.json(evidence.to_json()),
    }


def _paired(pair: Paired) -> dict[str, str | int | float]:
    """One row of the table of slices; text where a bound is not known."""
    return {
        "part": pair.name,
        "units": pair.units,
        "candidate_rmse": pair.candidate,
        "champion_rmse": pair.champion,
        "rmse_saved": pair.saved,
        "at_least": "unknown" if pair.low is None else f"{pair.low:.3f}",
        "at_most": "unknown" if pair.high is None else f"{pair.high:.3f}",
        "is_worse": "yes" if pair.is_worse else "no" if pair.is_judged else "too few units",
    }


def deployments(made: Sequence[Deployment]) -> Metadata:
    """Which version was in charge when, the newest last."""
    rows = [
        dg.TableRecord(
            {
                "version": each.number,
                "since": each.since.isoformat(),
                "until": each.until.isoformat() if each.until else "in charge",
                "sha256": each.sha256,
            }
        )
        for each in made
    ]
    return {"deployments": dg.MetadataValue.table(rows)}


def evaluation_files(result: Evaluation, verdict: Verdict | None = None) -> dict[str, bytes]:
    """The report and everything it rests on, by file name; with a verdict also the gate's section."""
    from rul_platform.reports.html import render_report

    tables = result.to_tables()
    return {
        "report.html": render_report(result, verdict),
        "scores.json": canonical_json(json.loads(tables["scores"].to_json(orient="records"))),
        "predictions.parquet": to_parquet(tables["predictions"]),
    }
