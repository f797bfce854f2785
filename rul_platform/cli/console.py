"""How the command line shows work that takes a while."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from rul_platform.orchestration.pipeline import PLANT_ASSETS, Pipeline, Stage
from rul_platform.storage.home import Home


def run_stages(
    home: Home,
    pipeline: Pipeline,
    stages: list[Stage],
    *,
    again: bool = False,
    aside: bool = False,
) -> None:
    """Run stages in order, skip those that are made already, and say how long each took.

    Args:
        home: Its ``progress`` is set while a stage runs.
        pipeline: On the same home.
        stages: In order; an earlier one may make what a later one reads.
        again: Run also what is made already.
        aside: Say it on the error stream, where the output is for a program.

    Raises:
        RulPlatformError: What a stage refused. Earlier stages are kept.
    """
    width = len(str(len(stages)))
    for number, stage in enumerate(stages, start=1):
        label = f"[{number:>{width}}/{len(stages)}] {stage.title}"
        if not again and pipeline.is_current(stage):
            click.echo(f"{label}: made already", err=aside)
            continue
        begin = time.monotonic()
        unit = "" if PLANT_ASSETS.intersection(stage.assets) else "cycles"
        with progress_bar(label, life_unit=unit) as home.progress:
            pipeline.run(stage)
        home.progress = None
        click.echo(f"{label}: {time.monotonic() - begin:.1f} s", err=aside)


@contextmanager
def progress_bar(label: str, *, life_unit: str = "") -> Iterator[Callable[..., None]]:
    """A progress bar on a terminal, lines at the start and the end elsewhere; on the error stream.

    Gives what work tells ``(done, total)``, and a training ``(done, total, validation RMSE)``: it stands
    beside the bar, and the last one in the line at the end. Most work has none, and no such line.

    Args:
        label: What is at work.
        life_unit: Of the RMSE; empty where it is not known.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[error]}", markup=False),
    )
    shown = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    if not console.is_terminal:
        click.echo(f"{label} ...", err=True)
    with shown:
        task, error = shown.add_task(escape(label), total=None, error=""), ""

        def tell(done: int, total: int | None, rmse: float | None = None, *_: object) -> None:
            nonlocal error
            error = _error(rmse, life_unit)
            shown.update(task, completed=done, total=total, error=error)

        yield tell
    if error and not console.is_terminal:
        click.echo(f"{label}: last {error}", err=True)


def _error(rmse: float | None, life_unit: str) -> str:
    """In words; nothing of work that has no validation units."""
    if rmse is None or not math.isfinite(rmse):
        return ""
    return f"validation RMSE {rmse:.1f} {life_unit}".rstrip()
