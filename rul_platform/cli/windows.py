"""`rul windows`: the stored windows, for other tools."""

from pathlib import Path

import click

from rul_platform.settings import Settings


@click.group()
def windows() -> None:
    """Windows over histories, as the networks see them."""


@windows.command()
@click.argument("name")
@click.option(
    "--output", type=click.Path(path_type=Path), required=True, help="The Parquet file to write."
)
@click.option("--test", "is_test", is_flag=True, help="C-MAPSS only: the official test set.")
@click.option("--overwrite", is_flag=True, help="Replace the file if it is there.")
@click.pass_obj
def export(settings: Settings, name: str, output: Path, is_test: bool, overwrite: bool) -> None:
    """Write every window of NAME (a C-MAPSS subset or a plant) with its values into one Parquet file.

    Columns: unit, life, rul, at_least (true where rul is only a lower bound), split, and `window`, a
    list of length times channels float32 values, oldest reading first; the file's metadata names
    length and channels.

    \b
    Example:
      rul windows export FD001 --output fd001_windows.parquet
    """
    from rul_platform.core.cmapss import SIMULATED, SUBSETS
    from rul_platform.core.parquet import export_windows
    from rul_platform.orchestration import stored_windows
    from rul_platform.orchestration.step import current
    from rul_platform.storage.home import Home

    _check_target(output, overwrite)
    home = Home(settings)
    is_cmapss = name in (*SUBSETS, SIMULATED)
    files = current(home, "cmapss_windows" if is_cmapss else "plant_windows", name)
    if is_cmapss:
        read = stored_windows.cmapss_test if is_test else stored_windows.cmapss_training
        parts = iter([read(files)])
    else:
        parts = stored_windows.all_plant_windows(files)
    preparation = stored_windows.preparation_of(files)
    count = export_windows(parts, preparation.channels, output)
    click.echo(f"{count} windows of {preparation.window} readings: {output}")


def _check_target(output: Path, overwrite: bool) -> None:
    """Refuse what is no place for a new file, before any work."""
    if output.is_dir():
        msg = f"{str(output)!r} is a folder; give the path of a Parquet file."
        raise click.BadParameter(msg, param_hint="--output")
    if not output.parent.is_dir():
        msg = f"{str(output.parent)!r} is no folder; make it first, or give another path."
        raise click.BadParameter(msg, param_hint="--output")
    if output.exists() and not overwrite:
        msg = f"{output} exists; give another --output, or --overwrite."
        raise click.ClickException(msg)
