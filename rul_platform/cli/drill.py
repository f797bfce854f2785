"""`rul drill`: does the platform keep its promises while things go wrong?"""

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rul_platform.drill.faults import Plan
    from rul_platform.drill.ground import Ground

SEED = 20_260_301
INTERRUPTED = 130


@click.command()
@click.option("--quick", is_flag=True, help="Some 110 faults instead of some 2,200.")
@click.option(
    "--seed", type=int, default=SEED, show_default=True, help="The same seed, the same faults."
)
@click.option(
    "--only", "names", multiple=True, metavar="SCENARIO", help="May be given several times."
)
@click.option(
    "--faults", type=click.IntRange(min=1), help="So many of each scenario instead of the usual."
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what was found here, as JSON.",
)
@click.option(
    "--database",
    metavar="URL",
    help="An empty PostgreSQL database, made for the drill and emptied again; SQLite by default.",
)
@click.option(
    "--store",
    metavar="URL",
    help="s3://bucket/prefix: a new place below it is used, and emptied again; none by default.",
)
@click.option(
    "--store-endpoint",
    metavar="URL",
    help="http:// address of the server that has the bucket; goes with --store.",
)
@click.option(
    "--home",
    "folder",
    type=click.Path(path_type=Path),
    help="Where the throw-away home is made: must not exist. Of temporary files by default.",
)
@click.option("--keep", is_flag=True, help="Leave the home and the database, to look into them.")
@click.option("--list", "lists", is_flag=True, help="Name the scenarios, and do nothing.")
def drill(
    *,
    quick: bool,
    seed: int,
    names: tuple[str, ...],
    faults: int | None,
    report: Path | None,
    database: str | None,
    store: str | None,
    store_endpoint: str | None,
    folder: Path | None,
    keep: bool,
    lists: bool,
) -> None:
    """Inject faults into a throw-away home and look whether what is promised holds.

    Processes are killed, files damaged, disks full, databases gone. Your own home is never touched: the
    drill makes its own, with a small plant, and removes it. After each fault it looks whether one model
    is in charge and verifies, nothing that was acknowledged is lost or done twice, the ledger holds,
    nothing is half written, and the service answers. Ctrl-C ends it and tells what was done.

    Exit codes: 0 everything held, 1 something did not, 130 interrupted.

    \b
    Examples:
      rul drill --quick
      rul drill --report drill.json
      rul drill --only deployments --faults 1000
      rul drill --quick --database postgresql://postgres@localhost/rul_drill
    """
    from rul_platform.drill.faults import plan
    from rul_platform.drill.ground import Ground
    from rul_platform.drill.scenarios import ALL

    if lists:
        for each in ALL:
            click.echo(f"{each.name:14}{each.about}")
        return
    unknown = sorted(set(names) - {each.name for each in ALL})
    if unknown:
        known = ", ".join(each.name for each in ALL)
        msg = f"found {', '.join(unknown)}, expected one of {known}"
        raise click.BadParameter(msg, param_hint="--only")
    chosen = plan(
        [each for each in ALL if not names or each.name in names],
        seed,
        is_quick=quick,
        times=faults,
    )
    if (store is None) != (store_endpoint is None):
        msg = "found one of --store and --store-endpoint, expected both or none"
        raise click.UsageError(msg)
    bucket = None if store is None or store_endpoint is None else (store, store_endpoint)
    with _place(folder, keep=keep) as home:
        ground = Ground.new(home, database, os.environ, bucket)  # noqa: TID251  a door
        sys.exit(_carried_out(ground, chosen, seed, report, keep=keep))


@contextmanager
def _place(folder: Path | None, *, keep: bool) -> Iterator[Path]:
    """Where the home is to be; a folder of temporary files around it is removed at the end."""
    if folder is not None:
        yield folder
        return
    scratch = Path(tempfile.mkdtemp(prefix="rul_drill_"))
    try:
        yield scratch / "home"
    finally:
        if not keep:
            shutil.rmtree(scratch, ignore_errors=True)


def _carried_out(
    ground: "Ground", chosen: "Plan", seed: int, report: Path | None, *, keep: bool
) -> int:
    """Inject, tell, clean up; gives the exit code."""
    from rul_platform.drill import tally
    from rul_platform.drill.runner import drill as carry_out

    try:
        with _ends_in_order():
            found = carry_out(ground, chosen, seed=seed, progress=_progress)
        click.echo(tally.to_text(found, ground))
        if report is not None:
            report.write_text(json.dumps(tally.to_json(found, ground), indent=2) + "\n")
            click.echo(f"Written: {report}", err=True)
    finally:
        if keep:
            click.echo(f"Kept: {ground.home.folder}", err=True)
        else:
            ground.remove()
    if found.is_interrupted and not ground.breaches:
        return INTERRUPTED
    return tally.exit_code(ground)


@contextmanager
def _ends_in_order() -> Iterator[None]:
    """Ctrl-C, and what ends a job or a container: processes and files of the drill go all the same."""
    ends = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.signal(each, signal.default_int_handler) for each in ends}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _progress(scenario: str, done: int, total: int) -> None:
    """One line for each scenario, which grows on a terminal."""
    if sys.stderr.isatty():
        click.echo(f"\r{scenario}: {done} of {total} faults", nl=done == total, err=True)
    elif done == total:
        click.echo(f"{scenario}: {total} faults", err=True)
