"""The benchmark for people and for other tools: CSV, Markdown, a plot.

Belongs here: how rows look. Does not belong here: any figure that is not in a row or an anchor.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from rul_platform.core.anchors import ANCHORS
from rul_platform.core.benchmark import BenchmarkRow
from rul_platform.core.subsets import SUBSETS
from rul_platform.reports.style import Theme, png

COLUMNS = (
    "subset",
    "architecture",
    "RMSE clipped",
    "95 % interval",
    "RMSE raw",
    "95 % interval",
    "score clipped",
    "score raw",
    "coverage",
    "width",
    "width < 60",
    "valid.",
    "seeds",
    "CPU s",
    "parameters",
)
"""What a table shows of a row, in order."""

WIDE_ONLY = (5, 7, 9, 12, 14)
"""Of them, what a narrow terminal leaves out: the second interval, the raw score, the mean width, seeds,
parameters."""

EXPLANATION = (
    "RMSE in cycles on the last flight of every test engine, mean over the seeds; intervals are over "
    "engines. Clipped: truth limited to the label cap. Raw: truth as it is, against the head with the "
    "higher cap where the model has one. Coverage: share of clipped truths in their 90 % intervals; "
    "width: of all these intervals, and of those of predictions below 60. Valid.: clipped RMSE at "
    "points spread over the lives of training engines that the model did not learn from; the training "
    "of a single network stopped by them, so its figure is somewhat optimistic. CPU seconds: of one "
    "training."
)


def cells(row: BenchmarkRow) -> tuple[str, ...]:
    """A row as text, in the order of :data:`COLUMNS`."""
    return (
        row.subset,
        row.architecture,
        f"{row.rmse_clipped:.2f}",
        _between(row.rmse_clipped_low, row.rmse_clipped_high),
        f"{row.rmse_raw:.2f}",
        _between(row.rmse_raw_low, row.rmse_raw_high),
        f"{row.score_clipped:.0f}",
        f"{row.score_raw:.0f}",
        _known(row.coverage, ".0%"),
        _known(row.width, ".1f"),
        _known(row.width_near, ".1f"),
        _known(row.valid_rmse, ".2f"),
        str(row.seeds),
        f"{row.cpu_seconds:.1f}",
        f"{row.parameters:,}",
    )


def to_csv(rows: Sequence[BenchmarkRow]) -> bytes:
    """All figures of all rows, unrounded; the seeds' own RMSE with blanks between."""
    target = io.StringIO()
    plain = [row.to_json() for row in rows]
    writer = csv.DictWriter(target, list(plain[0]), lineterminator="\n")
    writer.writeheader()
    for row in plain:
        by_seed = " ".join(str(figure) for figure in row["rmse_clipped_by_seed"])
        writer.writerow(row | {"rmse_clipped_by_seed": by_seed})
    return target.getvalue().encode()


def to_markdown(rows: Sequence[BenchmarkRow]) -> bytes:
    """The table, and below it what others published."""
    lines = ["# Benchmark", "", EXPLANATION, "", *_markdown(COLUMNS, [cells(row) for row in rows])]
    published = [
        (anchor.name, *(f"{anchor.rmse[subset]:.2f}" for subset in SUBSETS), anchor.note)
        for anchor in ANCHORS
    ]
    lines += ["", "## Published", "", "RMSE in cycles, truth limited to 125 unless noted.", ""]
    lines += _markdown(("method", *SUBSETS, "note"), published)
    return ("\n".join(lines) + "\n").encode()


def to_png(rows: Sequence[BenchmarkRow]) -> bytes:
    """Clipped RMSE with intervals, a panel for each subset, with the best published figure."""
    return _plot(_Shown(tuple(rows)))


@dataclass(frozen=True, slots=True)
class _Shown:
    rows: tuple[BenchmarkRow, ...]


@png(width=7.2, height=4.6)
def _plot(figure: Figure, shown: _Shown, theme: Theme) -> None:
    subsets = list(dict.fromkeys(row.subset for row in shown.rows))
    columns = min(2, len(subsets))
    panels = figure.subplots(-(-len(subsets) // columns), columns, squeeze=False).flat
    for axes in panels[len(subsets) :]:
        axes.set_visible(False)
    for axes, subset in zip(panels, subsets, strict=False):
        rows = [r for r in shown.rows if r.subset == subset and r.architecture != "constant"]
        places = np.arange(len(rows))[::-1]
        for place, row in zip(places, rows, strict=True):
            if row.rmse_clipped_low is not None and row.rmse_clipped_high is not None:
                ends = [row.rmse_clipped_low, row.rmse_clipped_high]
                axes.plot(ends, [place, place], color=theme.muted, linewidth=1.5)
            axes.plot([row.rmse_clipped], [place], "o", color=theme.early)
        if subset in SUBSETS:
            best = min(ANCHORS, key=lambda anchor: anchor.rmse[subset])
            axes.axvline(best.rmse[subset], color=theme.late, linestyle="--", label=best.name)
            axes.legend(loc="lower right", fontsize=7)
        axes.set_yticks(places, [row.architecture for row in rows])
        axes.set_title(subset)
        axes.set_xlabel("clipped RMSE (cycles)")


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    ruled = [columns, ["---"] * len(columns), *rows]
    return ["| " + " | ".join(row) + " |" for row in ruled]


def _known(figure: float | None, form: str) -> str:
    return "-" if figure is None else format(figure, form)


def _between(low: float | None, high: float | None) -> str:
    return "not known" if low is None or high is None else f"{low:.2f} to {high:.2f}"
