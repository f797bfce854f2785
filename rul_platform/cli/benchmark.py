"""`rul benchmark`: how good each architecture is on C-MAPSS, beside what others published."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rul_platform.cli.options import AS_JSON, SET, launchpad_options
from rul_platform.core.architectures import BENCHMARKED, BENCHMARKED_IF_ASKED
from rul_platform.core.subsets import SIMULATED, SUBSETS

if TYPE_CHECKING:
    from rich.table import Table

    from rul_platform.cli.stages import Work
    from rul_platform.core.benchmark import BenchmarkRow

FILE = "benchmark"
WIDE = 120
"""Columns of a terminal that holds the whole table."""


@click.command()
@click.option(
    "--subset",
    "subsets",
    multiple=True,
    type=click.Choice([*SUBSETS, SIMULATED]),
    help="Turbofans to score on; may be given several times. By default NASA's four.",
)
@click.option(
    "--architecture",
    "architectures",
    multiple=True,
    type=click.Choice([*BENCHMARKED, *BENCHMARKED_IF_ASKED]),
    default=BENCHMARKED,
    show_default=True,
    help="What to train; may be given several times.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Trainings of each; every figure is their mean.",
)
@click.option("--simulate", is_flag=True, help=f"The same as --subset {SIMULATED}: no data needed.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help=f"Write {FILE}.csv, {FILE}.md and {FILE}.png there.",
)
@SET
@AS_JSON
@click.pass_context
def benchmark(
    context: click.Context,
    subsets: tuple[str, ...],
    architectures: tuple[str, ...],
    seeds: int,
    simulate: bool,
    out: Path | None,
    chosen: tuple[str, ...],
    as_json: bool,
) -> None:
    """Train and score each architecture on the official test set of each subset.

    Nothing is chosen on the test sets. What is made already, with the same seeds and the same code, is
    not made again: interrupted, the same command goes on from there. What is --set goes to those
    architectures that take it; boosting and the ensemble have recipes of their own.

    \b
    Examples:
      rul benchmark
      rul benchmark --subset FD001 --architecture ensemble --seeds 1 --out results
      rul benchmark --architecture gru --set hidden_size=32 --set loss=huber
    """
    from rul_platform.cli.stages import benchmark as stages
    from rul_platform.cli.stages import cmapss_stages, opened
    from rul_platform.orchestration.benchmark_config import ASSET, BenchmarkConfig, divided

    if simulate and set(subsets) - {SIMULATED}:
        msg = "--simulate takes the simulated turbofans only; leave out --subset, or --simulate."
        raise click.UsageError(msg)
    scored = (SIMULATED,) if simulate else tuple(dict.fromkeys(subsets)) or SUBSETS
    typed = launchpad_options(context, BenchmarkConfig, {"seeds": seeds}, chosen, asset=ASSET)
    asked = divided({"seeds": seeds, **typed}, tuple(dict.fromkeys(architectures)))
    for option in typed:
        if without := [name for name, options in asked.items() if option not in options]:
            click.echo(f"{option} is not for {', '.join(without)}, trained as usual.", err=True)
    with opened(context.obj) as work:
        work.run(cmapss_stages(scored), aside=as_json)
        work.run(stages(scored, asked), aside=as_json)
        rows = _rows(work, scored, tuple(asked))
    if out is not None:
        _write(out, rows)
    if as_json:
        click.echo(json.dumps([row.to_json() for row in rows], indent=2))
        return
    _show(rows)
    if out is not None:
        click.echo(f"Written to {out}: {FILE}.csv, {FILE}.md, {FILE}.png.")


def _rows(work: "Work", subsets: Sequence[str], names: Sequence[str]) -> "list[BenchmarkRow]":
    """What the benchmark found, from the stored files."""
    from rul_platform.core.benchmark import BenchmarkRow
    from rul_platform.orchestration.benchmark_cell import ROW_FILE
    from rul_platform.orchestration.step import current

    return [
        BenchmarkRow.from_json(
            json.loads(current(work.home, "cmapss_benchmark", f"{name}|{subset}").read(ROW_FILE))
        )
        for subset in subsets
        for name in names
    ]


def _write(folder: Path, rows: "Sequence[BenchmarkRow]") -> None:
    """The three files; each is whole or absent."""
    from rul_platform.reports.benchmark import to_csv, to_markdown, to_png
    from rul_platform.storage.plain_files import write_whole

    folder.mkdir(parents=True, exist_ok=True)
    for suffix, made in (("csv", to_csv), ("md", to_markdown), ("png", to_png)):
        write_whole(folder / f"{FILE}.{suffix}", made(rows))


def _show(rows: "Sequence[BenchmarkRow]") -> None:
    """The table and, below it, what others published."""
    from rich.console import Console

    from rul_platform.reports.benchmark import COLUMNS, EXPLANATION, WIDE_ONLY, cells

    console = Console()
    is_narrow = console.width < WIDE
    shown = [at for at in range(len(COLUMNS)) if not (is_narrow and at in WIDE_ONLY)]
    table = _plain_table(*("\n".join(COLUMNS[at].rsplit(" ", 1)) for at in shown))
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        is_last = following is None or following.subset != row.subset
        texts = cells(row)
        table.add_row(*(texts[at].replace(" to ", "-") for at in shown), end_section=is_last)
    console.print(table)
    if is_narrow:
        console.print(f"A terminal of {WIDE} columns shows more; --out and --json tell all.")
    console.print(EXPLANATION)
    console.print(_published())


def _published() -> "Table":
    """What others published, one row each."""
    from rul_platform.core.anchors import ANCHORS

    table = _plain_table("published", *SUBSETS, "note")
    for anchor in ANCHORS:
        figures = (f"{anchor.rmse[subset]:.2f}" for subset in SUBSETS)
        table.add_row(anchor.name, *figures, anchor.note)
    return table


def _plain_table(*columns: str) -> "Table":
    """Names to the left, numbers to the right, nothing cut off."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    for column in columns:
        is_text = column in {"subset", "architecture", "published", "note"}
        table.add_column(column, justify="left" if is_text else "right", no_wrap=column != "note")
    return table
