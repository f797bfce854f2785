"""The tables of a report, every cell ready to be shown.

Belongs here: which figures stand side by side, and how each is written.
Does not belong here: HTML and Markdown (``html``), sentences (``verdict``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rul_platform.core.bootstrap import Difference, Interval
from rul_platform.core.evaluation import Evaluation
from rul_platform.core.metrics import Metrics
from rul_platform.core.unit_errors import unit_errors
from rul_platform.reports.model_names import is_candidate, shown_name
from rul_platform.reports.numbers import between, counted, fraction, percent, plain, signed

WORST_UNITS = 5
RMSE = "RMSE"
"""Heading of the figure by which models are compared."""

Tone = Literal["good", "bad", "open"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, a smaller remark under it, a verdict's tone, or a bar of length ``share``."""

    text: str
    remark: str = ""
    tone: Tone | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table with one heading per column; ``marked`` is the number of the row that stands out."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    marked: int | None = None


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One large number at the top of the page."""

    label: str
    value: str
    remark: str


def key_figures(shown: Evaluation) -> tuple[KeyFigure, ...]:
    """Four numbers that say most, of the main model against the clipped truth."""
    score, unit, level = shown.main_score, shown.life_unit, percent(shown.level)
    clipped = score.clipped
    figures = [
        KeyFigure("Mean absolute error", plain(clipped.mae), f"{unit}; raw {plain(score.raw.mae)}"),
        KeyFigure("RMSE", plain(clipped.rmse), f"{level} interval {between(score.rmse_interval)}"),
        KeyFigure(
            "Late predictions",
            percent(clipped.late_rate),
            f"mean error {signed(clipped.bias)} {unit}",
        ),
    ]
    if shown.coverage is not None:
        promised = f"promised {percent(shown.interval_level)}"
        figures.append(KeyFigure("Truth inside the interval", percent(shown.coverage), promised))
    return tuple(figures)


def score_tables(shown: Evaluation) -> tuple[Table, Table]:
    """All figures of all models: against the clipped truth, and against the raw truth."""
    columns = ("Model", RMSE, "MAE", "R²", "MAPE", "Bias", "Late", "NASA")
    named = [(shown_name(shown, score.name), score) for score in shown.scores]
    clipped = [_scores(name, s.clipped, s.clipped_intervals) for name, s in named]
    raw = [_scores(name, s.raw, s.raw_intervals) for name, s in named]
    at = f"Truth clipped at {shown.cap:g} {shown.life_unit}"
    return (
        Table(at, columns, tuple(clipped), marked=0),
        Table("Raw truth", columns, tuple(raw), marked=0),
    )


def comparison_table(shown: Evaluation) -> Table:
    """The main model against each other one, on the same drawn units, with what training took."""
    cpu = {score.name: score.cpu_seconds for score in shown.scores}
    columns = ("Against", "RMSE difference", f"{percent(shown.level)} interval", "Verdict")
    rows = [
        (Cell(name), *_difference(difference), Cell(plain(cpu[name])))
        for name, difference in shown.differences.items()
    ]
    caption = (
        f"RMSE of {shown_name(shown, shown.main)} minus that of the other, in {shown.life_unit}: "
        "below zero is better"
    )
    own = cpu[shown.main]
    if own is not None:
        caption += f". Its own training took {plain(own)} CPU seconds"
    if all(seconds is None for seconds in cpu.values()):
        return Table(caption, columns, tuple(row[:-1] for row in rows))
    return Table(caption, (*columns, "CPU seconds"), tuple(rows))


def worst_table(shown: Evaluation) -> Table:
    """The units that make up most of the NASA score."""
    table = unit_errors(shown.unit_ids, shown.clipped_truth, shown.predictions[shown.main])
    worst: list[Any] = table.head(WORST_UNITS).to_dict("records")
    several = len(shown.truth) > shown.unit_count
    truth, predicted, error = (
        f"mean {what}".capitalize() if several else what.capitalize()
        for what in ("true life", "predicted", "error")
    )
    columns = ("Unit", truth, predicted, error, "Share of squared error", "Share of NASA score")
    rows = tuple(
        (
            Cell(str(row["unit"]), counted(int(row["rows"]), "prediction") if several else ""),
            Cell(plain(row["mean_truth"])),
            Cell(plain(row["mean_predicted"])),
            Cell(signed(row["mean_error"])),
            Cell(
                percent(row["share_of_squared_error"]), share=float(row["share_of_squared_error"])
            ),
            Cell(percent(row["share_of_score"]), share=float(row["share_of_score"])),
        )
        for row in worst
    )
    return Table(
        f"{counted(len(worst), 'unit')} of {len(table)} carry "
        f"{percent(sum(row['share_of_score'] for row in worst))} of the NASA score and "
        f"{percent(sum(row['share_of_squared_error'] for row in worst))} of the squared error",
        columns,
        rows,
    )


def facts(shown: Evaluation) -> tuple[tuple[str, str], ...]:
    """Where everything comes from, by name."""
    own = {} if is_candidate(shown, shown.main) else {"model": shown.main}
    own |= {
        "scored": f"{counted(shown.unit_count, 'unit')}, {counted(len(shown.truth), 'prediction')}",
    }
    if shown.main_score.cpu_seconds is not None:
        own["training"] = f"{plain(shown.main_score.cpu_seconds)} CPU seconds"
    if shown.simulated:
        own["data"] = "simulated by the built-in simulator"
    given = {
        name: f"{value:g}" if isinstance(value, float) else str(value)
        for name, value in shown.facts.items()
    }
    return tuple((own | given).items())


_WRITTEN: dict[str, Callable[[float | None], str]] = {
    "rmse": plain, "mae": plain, "r2": fraction, "mape": percent, "bias": signed,
    "late_rate": percent, "nasa_score": plain,
}  # fmt: skip
"""How each figure of a table of scores is written, in the order of its columns."""


def _scores(name: str, metrics: Metrics, around: Mapping[str, Interval]) -> tuple[Cell, ...]:
    """One row: every figure with its interval, and why there is none under the first only."""
    figures = metrics.as_dict()
    cells = [
        Cell(
            write(figures[figure]),
            between(around[figure], write) if around[figure].is_known or figure == "rmse" else "",
        )
        for figure, write in _WRITTEN.items()
    ]
    return (Cell(name), *cells)


def _difference(difference: Difference) -> tuple[Cell, Cell, Cell]:
    tones: dict[str, Tone] = {"better": "good", "worse": "bad", "undecided": "open"}
    return (
        Cell(signed(difference.mean)),
        Cell(between(Interval(difference.low, difference.high), signed)),
        Cell(difference.verdict, tone=tones[difference.verdict]),
    )
