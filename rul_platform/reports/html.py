"""An evaluation as one HTML file that opens offline, and as a few lines of Markdown.

Belongs here: what goes where. The page itself is ``templates/report.html.jinja``.
Does not belong here: sentences (``verdict``), cells (``tables``), plots (``plots``).

The file carries its pictures and its one stylesheet, has no script, and its content security policy
forbids the browser to fetch anything. Nothing in it depends on the time: the same evaluation gives
the same bytes.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from struct import unpack

from jinja2 import Environment, PackageLoader, StrictUndefined

from rul_platform.core.evaluation import Evaluation
from rul_platform.core.gate import Verdict
from rul_platform.reports.numbers import percent
from rul_platform.reports.planning import alarm_sentence, alarm_table, prognostic_table
from rul_platform.reports.plots import DrawnPlot, draw_all
from rul_platform.reports.promotion import promotion
from rul_platform.reports.style import DOTS_PER_INCH
from rul_platform.reports.tables import (
    RMSE,
    Table,
    comparison_table,
    facts,
    key_figures,
    score_tables,
    worst_table,
)
from rul_platform.reports.trust import approach_table, coverage_table, sensor_table
from rul_platform.reports.verdict import answers, basis, cautions, conclusion, headline

_CSS_DOTS_PER_INCH = 96


@dataclass(frozen=True, slots=True)
class Picture:
    """One plot in both appearances, as base64 PNG, with its size in CSS pixels."""

    title: str
    caption: str
    light: str
    dark: str
    width: int
    height: int
    is_tall: bool


def render_report(
    evaluation: Evaluation,
    verdict: Verdict | None = None,
    drawn: Sequence[DrawnPlot] | None = None,
) -> bytes:
    """The report as one UTF-8 HTML file, complete in itself.

    Args:
        evaluation: What was scored.
        verdict: The promotion gate's answer; None where no gate was asked.
        drawn: Its plots, where they are drawn already.
    """
    text = (
        _environment()
        .get_template("report.html.jinja")
        .render(
            title=evaluation.title,
            unit=evaluation.life_unit,
            cap=f"{evaluation.cap:g}",
            level=percent(evaluation.level),
            lead=f"{evaluation.lead:g}",
            cost_ratio=f"{evaluation.cost_ratio:g}",
            simulated=evaluation.simulated,
            headline=headline(evaluation),
            conclusion=conclusion(evaluation),
            basis=basis(evaluation),
            cautions=cautions(evaluation),
            answers=answers(evaluation),
            promotion=promotion(verdict) if verdict else None,
            key_figures=key_figures(evaluation),
            score_tables=score_tables(evaluation),
            comparison=comparison_table(evaluation) if evaluation.differences else None,
            worst=worst_table(evaluation),
            alarm=alarm_sentence(evaluation),
            alarms=alarm_table(evaluation),
            prognostics=prognostic_table(evaluation),
            coverage=coverage_table(evaluation),
            transfer_verdict=evaluation.transfer_verdict,
            approaches=approach_table(evaluation),
            sensors=sensor_table(evaluation),
            unexplained=evaluation.attributions
            if isinstance(evaluation.attributions, str)
            else None,
            pictures=_pictures(draw_all(evaluation) if drawn is None else drawn),
            facts=facts(evaluation),
            notes=evaluation.notes,
        )
    )
    return text.encode("utf-8")


def render_markdown(evaluation: Evaluation) -> str:
    """The verdict and the tables of models as Markdown, for a page that shows metadata."""
    lines = [f"**{_flat(headline(evaluation))}** {_flat(conclusion(evaluation))}".rstrip(), ""]
    lines += [_flat(basis(evaluation)), ""] if basis(evaluation) else []
    for caution in cautions(evaluation):
        lines += [f"> **Note.** {caution}", ""]
    for answer in answers(evaluation):
        lines.append(f"- {_flat(answer.question)} **{answer.answer.capitalize()}.** "
                     f"{_flat(answer.sentence)}")  # fmt: skip
    further = (evaluation.transfer_verdict, alarm_sentence(evaluation))
    lines += [f"- {_flat(sentence)}" for sentence in further if sentence]
    for table in score_tables(evaluation):
        lines += ["", f"{_flat(table.caption)} ({RMSE} with its {percent(evaluation.level)} "
                  "interval over units)"]  # fmt: skip
        lines += ["", *_markdown_table(table)]
    return "\n".join(lines) + "\n"


def _markdown_table(table: Table) -> list[str]:
    numbers = ["--:"] * (len(table.columns) - 1)
    lines = [" | ".join(table.columns), " | ".join(["---", *numbers])]
    for row in table.rows:
        texts = [
            f"{cell.text} ({cell.remark})" if cell.remark and heading == RMSE else cell.text
            for heading, cell in zip(table.columns, row, strict=True)
        ]
        lines.append(" | ".join(_flat(text) for text in texts))
    return [f"| {line} |" for line in lines]


def _flat(text: str) -> str:
    """Text that cannot end a table cell, nor a line, nor begin a tag."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _pictures(drawn: Sequence[DrawnPlot]) -> dict[str, list[Picture]]:
    """By the section that they stand in."""
    found: dict[str, list[Picture]] = {"planning": [], "interval": [], "plots": []}
    for each in drawn:
        found[each.plot.section].append(_picture(each))
    return found


def _picture(drawn: DrawnPlot) -> Picture:
    width, height = unpack(">II", drawn.light[16:24])  # of the PNG header
    return Picture(
        title=drawn.plot.title,
        caption=drawn.plot.caption,
        light=b64encode(drawn.light).decode("ascii"),
        dark=b64encode(drawn.dark).decode("ascii"),
        width=width * _CSS_DOTS_PER_INCH // DOTS_PER_INCH,
        is_tall=drawn.plot.is_tall,
        height=height * _CSS_DOTS_PER_INCH // DOTS_PER_INCH,
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("rul_platform.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
