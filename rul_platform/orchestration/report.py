"""What the assets tell the UI: numbers, tables and plots as metadata.

Belongs here: putting results into Dagster's metadata types. Does not belong here: any figure that is
not already computed.
"""

import json
from collections.abc import Mapping, Sequence
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
    from rul_platform.learning.fitting.training import FitResult
    from rul_platform.learning.transfer.finetuning import TransferReport
    from rul_platform.reports.plots import DrawnPlot

Metadata = dict[str, Any]


def fleet(units: pd.DataFrame, shown: Fleet, *, life_unit: str) -> Metadata:
    """How many machines, how long they lived, and what their sensors look like.

    Args:
        units: As of a fleet, of all machines.
        shown: The machines of which sensors are plotted.
        life_unit: What life is counted in.
    """
    from rul_platform.reports.fleet_plots import lives, sensor_traces
    from rul_platform.reports.plots import markdown_image

    failed = units[units["rul_at_end"].notna()]
    return {
        "units": len(units),
        "units_failed": len(failed),
        f"shortest_life_{life_unit}": float(failed["end_life"].min()),
        f"median_life_{life_unit}": float(failed["end_life"].median()),
        f"longest_life_{life_unit}": float(failed["end_life"].max()),
        "lives": dg.MetadataValue.md(
            markdown_image(lives(units, life_unit), "How long the machines lived")
        ),
        "sensors": dg.MetadataValue.md(
            markdown_image(sensor_traces(shown, life_unit), "Sensors over life")
        ),
    }


def windows(index: pd.DataFrame, preparation: Preparation) -> Metadata:
    """How many units and windows each split has, and how its labels are spread."""
    counted = index.groupby(["unit", "split"], sort=False).size().reset_index(name="rows")
    return _windows(counted, index, preparation)


def long_windows(
    units: pd.DataFrame, roles: Mapping[str, str], shown: pd.DataFrame, preparation: Preparation
) -> Metadata:
    """As :func:`windows`, where the index is too long to hold.

    Args:
        units: Columns ``unit`` and ``rows``.
        roles: Split of each unit that has windows, one for each of its readings.
        shown: Rows of the index to plot: columns ``split`` and ``rul``.
        preparation: Of the windows.
    """
    counted = units.assign(split=units["unit"].map(roles)).dropna(subset="split")
    return _windows(counted, shown, preparation)


def _windows(counted: pd.DataFrame, shown: pd.DataFrame, preparation: Preparation) -> Metadata:
    """The same of a table of ``unit``, ``split`` and ``rows``, and of rows of an index to plot."""
    from rul_platform.reports.fleet_plots import labels
    from rul_platform.reports.plots import markdown_image

    counts = {
        f"{what}_{split}": int(count)
        for split, rows in counted.groupby("split")
        for what, count in (("units", len(rows)), ("windows", rows["rows"].sum()))
    }
    plot = labels(shown, preparation.cap, preparation.life_unit)
    return {
        "windows": int(counted["rows"].sum()),
        "channels": len(preparation.channels),
        **counts,
        "labels": dg.MetadataValue.md(markdown_image(plot, "Labels by split")),
    }


def training(fitted: "FitResult", *, life_unit: str) -> Metadata:
    """How a training went: numbers, its curve, and how long the gradients of each layer were."""
    from rul_platform.learning.fitting.gradients import worst
    from rul_platform.reports.fleet_plots import training_curve
    from rul_platform.reports.plots import markdown_image
    from rul_platform.reports.training_plots import gradient_norms

    curve = training_curve(fitted.history, life_unit)
    told: Metadata = {
        f"valid_rmse_{life_unit}": fitted.best_valid_rmse,
        "best_step": fitted.best_step,
        "cpu_seconds": fitted.cpu_seconds,
        "batch": fitted.batch.sentence if fitted.batch else "not tried",
        **({"notes": " ".join(fitted.notes)} if fitted.notes else {}),
        "history": dg.MetadataValue.md(markdown_image(curve, "Training history")),
    }
    if fitted.gradients.empty:
        return told
    plot = markdown_image(gradient_norms(fitted.gradients), "Gradients by layer")
    return told | worst(fitted.gradients) | {"gradients": dg.MetadataValue.md(plot)}


def transfer(became: "TransferReport | None") -> Metadata:
    """Of the weights begun with: what was loaded, left out (and why) and frozen, and other terms."""
    if became is None:
        return {"weights_loaded": 0}
    skipped = [dg.TableRecord(asdict(s)) for s in became.skipped]
    other = [dg.TableRecord({"what": name, "remark": why}) for name, why in became.remarks.items()]
    phases = {f"frozen_while_{name}": ", ".join(f) or "none" for name, f in became.phases.items()}
    return {
        "weights_loaded": len(became.loaded),
        "weights_left_out": dg.MetadataValue.table(skipped) if skipped else "none",
        "weights_frozen": ", ".join(became.frozen) or "none",
        "weights_learned_otherwise": dg.MetadataValue.table(other) if other else "in nothing known",
        **{key.replace(" ", "_"): names for key, names in phases.items()},
    }


def evaluation(result: Evaluation, drawn: "Sequence[DrawnPlot]") -> Metadata:
    """Scores as numbers (Dagster draws their history), the report's summary and its plots."""
    from rul_platform.reports.html import render_markdown
    from rul_platform.reports.plots import markdown_image

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
    plots = {
        each.plot.title: dg.MetadataValue.md(markdown_image(each.light, each.plot.caption))
        for each in drawn
    }
    summary = dg.MetadataValue.md(render_markdown(result))
    return {"summary": summary, **numbers, **others, **_trust(result), **_planning(result), **plots}


def _trust(result: Evaluation) -> Metadata:
    """Intervals, overall and by band, and how each way to learn did."""
    found: Metadata = {}
    if result.coverage is not None:
        found["interval_coverage"] = result.coverage
    if result.coverage_by_band is not None:
        found["interval_by_band"] = _table(result.coverage_by_band)
    if result.transfer_verdict is not None:
        found["transfer_verdict"] = result.transfer_verdict
    if result.approaches is not None:
        found["approaches"] = _table(result.approaches)
    if isinstance(result.attributions, pd.DataFrame):
        found["attributions"] = _table(result.attributions)
    return found


def _planning(result: Evaluation) -> Metadata:
    """The cheapest alarm threshold, and how early predictions can be planned with."""
    from rul_platform.core.maintenance import cheapest

    found: Metadata = {}
    if result.maintenance is not None:
        curve = result.maintenance[result.maintenance["alarm_on"] == "prediction"]
        best = cheapest(curve)
        found["alarm_threshold_cheapest"] = float(best["threshold"])
        found["alarm_cost_of_waiting"] = float(best["cost"])
        found["alarm_costs"] = _table(result.maintenance)
    if result.prognostics is not None:
        found["prognostic_horizon_median"] = float(result.prognostics["horizon"].median())
        found["alpha_lambda_half_way"] = float(result.prognostics["alpha_lambda_50"].mean())
    return found


def _table(table: pd.DataFrame) -> dg.TableMetadataValue:
    """Numbers with four decimals; text for what JSON has no number for."""
    rows: list[dict[str, Any]] = json.loads(table.to_json(orient="records", double_precision=4))
    return dg.MetadataValue.table(
        [dg.TableRecord({n: "unknown" if v is None else v for n, v in row.items()}) for row in rows]
    )


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


def evaluation_told(
    result: Evaluation, verdict: Verdict | None = None
) -> tuple[dict[str, bytes], Metadata]:
    """:func:`evaluation_files` and :func:`evaluation`, with each plot drawn once."""
    from rul_platform.reports.plots import draw_all

    drawn = draw_all(result)
    return evaluation_files(result, drawn, verdict), evaluation(result, drawn)


def evaluation_files(
    result: Evaluation, drawn: "Sequence[DrawnPlot]", verdict: Verdict | None = None
) -> dict[str, bytes]:
    """The report and everything it rests on, by file name; with a verdict also the gate's section."""
    from rul_platform.reports.html import render_report

    tables = result.to_tables()
    return {
        "report.html": render_report(result, verdict, drawn),
        "scores.json": canonical_json(json.loads(tables["scores"].to_json(orient="records"))),
        **{
            f"{name}.parquet": to_parquet(table)
            for name, table in tables.items()
            if name not in ("scores", "differences")
        },
    }
