"""`rul kshot`: what transfer is worth to a plant with only k units, measured on turbofans."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rul_platform.core.approaches import BY_OPTION
from rul_platform.core.subsets import SIMULATED, SUBSETS
from rul_platform.settings import Settings

if TYPE_CHECKING:  # it imports Dagster
    from rul_platform.orchestration.step import Files

ALL_SUBSETS = [*SUBSETS, SIMULATED]
WRITTEN = ("summary.csv", "summary.md", "cells.parquet", "rmse_by_k.png")


@click.command()
@click.option("--target", type=click.Choice(ALL_SUBSETS), required=True, help="Plays the plant.")
@click.option(
    "--source",
    "sources",
    multiple=True,
    type=click.Choice(ALL_SUBSETS),
    help="Learned from first; several times. Without it: two others than the target, of FD004 one.",
)
@click.option(
    "-k",
    "ks",
    multiple=True,
    type=click.IntRange(min=2),
    help="Units of the plant; several times. Without it: 5, 10 and 20.",
)
@click.option("--draws", type=click.IntRange(min=1), default=5, show_default=True)
@click.option(
    "--approach",
    "approaches",
    multiple=True,
    type=click.Choice([*BY_OPTION]),
    help="What is tried; several times. Without it: all, chosen from what a plant tries.",
)
@click.option(
    "--steps",
    type=click.IntRange(min=4),
    help="Batches that each network learns from the k units; from scratch: five times as many.",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Also write the files here."
)
@click.pass_obj
def kshot(
    settings: Settings,
    target: str,
    sources: tuple[str, ...],
    ks: tuple[int, ...],
    draws: int,
    approaches: tuple[str, ...],
    steps: int | None,
    seed: int,
    as_json: bool,
    out: Path | None,
) -> None:
    """Let TARGET play a plant of k units, draw after draw, and score what would be deployed.

    Every approach learns from the same k units, cross-validation over them chooses one, and only then
    the official test set is opened. An interrupted study goes on where it was.

    \b
    Example:
      rul kshot --target FD003 -k 5 -k 10 --draws 5
    """
    from rul_platform.cli.stages import cmapss_stages, opened
    from rul_platform.core.transfer_study import DEFAULT_KS, DEFAULT_SOURCES, StudyPlan
    from rul_platform.orchestration.pipeline import Stage
    from rul_platform.orchestration.step import current
    from rul_platform.storage.plain_files import write_whole

    learned_from = sources or DEFAULT_SOURCES.get(target, ())
    StudyPlan(target=target, sources=learned_from).require_other_sources()
    asked = {
        "sources": list(learned_from),
        "ks": list(ks or DEFAULT_KS),
        "draws": draws,
        "approaches": [BY_OPTION[option] for option in approaches],
        "seed": seed,
        **({} if steps is None else {"steps": steps}),
    }
    with opened(settings) as work:
        work.run(
            [
                *cmapss_stages(learned_from),
                Stage(("raw_cmapss",), target),
                Stage(("transfer_study",), target, {"transfer_study": asked}),
            ],
            aside=as_json,
        )
        files = current(work.home, "transfer_study", target)
    if out is not None:
        for name in WRITTEN:
            write_whole(out / name, files.read(name))
    click.echo(said(target, files) if as_json else files.read("summary.md").decode())


def said(target: str, files: "Files") -> str:
    """The table of a study as JSON: ``rows`` of approaches by k, ``harm`` of the choice."""
    harm = json.loads(files.read("study.json"))["harm"]
    rows = json.loads(files.table("summary.parquet").to_json(orient="records"))
    return json.dumps({"target": target, "rows": rows, "harm": harm}, indent=2)
