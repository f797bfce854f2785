"""`rul plant init`: a first plant file, from a look at the data or from an example."""

from pathlib import Path

import click

from rul_platform.core.examples import EXAMPLES, FILTERS, PUMPS
from rul_platform.errors import DataNotFoundError, PlantFileError
from rul_platform.settings import Settings

NO_FILTERS = (
    "The filter plant needs the data of the PHM Europe 2020 challenge. Give its zip or folder with "
    "--from, or set RUL_FILTERS. No data at hand? --example simulated_pumps needs none."
)


@click.command()
@click.argument("name", required=False)
@click.option("--files", metavar="PATTERN", help="Your CSV or Parquet files; ** is any folder.")
@click.option("--example", type=click.Choice(EXAMPLES), help="A plant that comes along.")
@click.option(
    "--from",
    "given",
    type=click.Path(exists=True, path_type=Path),
    help="Zip or folder with an example's data; instead of RUL_CMAPSS or RUL_FILTERS.",
)
@click.option("--title", help="The plant's name for people.")
def init(
    name: str | None, files: str | None, example: str | None, given: Path | None, title: str | None
) -> None:
    """Write a plant file NAME.toml; one that exists is never overwritten.

    With --files, a draft from a look at the data: every guess says why it was made, and what nobody
    can see in the data is marked CHOOSE. With --example, a complete plant with its data.

    \b
    Examples:
      rul plant init line2 --files 'exports/*.csv' --title 'Pumps of line 2'
      rul plant init --example simulated_pumps                needs no data
      rul plant init --example filters --from phme20_filters.zip
      rul plant init --example fd003_fleet                    20 turbofans of C-MAPSS
    """
    if (files is None) == (example is None):
        message = "Give exactly one of --files PATTERN (your data) and --example NAME."
        raise click.UsageError(message)
    if example is None and given is not None:
        raise click.UsageError("--from goes with --example; your own data is named by --files.")
    if example is not None and title is not None:
        raise click.UsageError("--title goes with --files; an example has its own title.")
    plant_name = name or example
    if plant_name is None:
        raise click.UsageError("Give the plant a NAME, as in: rul plant init line2 --files …")
    target = _target(plant_name)
    if files is not None:
        _write_draft(target, files, title or plant_name)
    elif example is not None:
        _write_example(target, example, given)
    click.echo(f"Wrote {target}")
    click.echo(f"Next: {_next_step(target)}")


def plants_folder() -> Path:
    """Where plant files stand."""
    return _settings().home / "plants"


def _settings() -> Settings:
    """What the root command read from the environment."""
    settings = click.get_current_context().find_object(Settings)
    if settings is None:
        raise click.UsageError("Call it as `rul plant`, which knows the home folder.")
    return settings


def _target(name: str) -> Path:
    """The new plant file, once it is sure that the name is good and free."""
    from rul_platform.core.plant import NAME_PATTERN, NAME_RULE

    if NAME_PATTERN.fullmatch(name) is None:
        message = f"{name!r} cannot be a plant's name, which is {NAME_RULE}."
        raise click.UsageError(message)
    target = plants_folder() / f"{name}.toml"
    if target.exists():
        raise PlantFileError(str(target), [_taken(name)])
    return target


def _taken(name: str) -> str:
    return f"it exists and is not overwritten; take another name, or see `rul plant check {name}`."


def _write_draft(target: Path, files: str, title: str) -> None:
    from rul_platform.storage.plain_files import write_new
    from rul_platform.storage.plant_draft import draft_from_files

    wanted = Path.cwd() / Path(files).expanduser()
    is_below = wanted.is_relative_to(target.parent) and ".." not in wanted.parts
    pattern = wanted.relative_to(target.parent) if is_below else Path.cwd() / wanted
    text = draft_from_files(target.parent, _without_dots(pattern), title=title)
    if not write_new(target, text.encode()):
        raise PlantFileError(str(target), [_taken(target.stem)])


def _without_dots(pattern: Path) -> str:
    """``/data/x/../*.csv`` as ``/data/*.csv``: a plant file allows no ``..``."""
    parts: list[str] = []
    for part in pattern.parts:
        if part == "..":
            parts = parts[:-1] or parts
        else:
            parts.append(part)
    return Path(*parts).as_posix()


def _write_example(target: Path, example: str, given: Path | None) -> None:
    from rul_platform.storage import plant_examples

    settings = _settings()
    folder, name = target.parent, target.stem
    if example == PUMPS:
        plant_examples.write_simulated_pumps(folder, name=name)
    elif example == FILTERS:
        source = given or settings.filters
        if source is None:
            raise DataNotFoundError(NO_FILTERS)
        plant_examples.write_filters(folder, source, name=name)
    else:
        from rul_platform.storage.cmapss_source import CmapssSource

        cache = settings.home / "cache"
        found = CmapssSource(given=given or settings.cmapss, cache=cache, url=settings.cmapss_url)
        plant_examples.write_fd003_fleet(folder, found.fetch("FD003").train, name=name)


def _next_step(target: Path) -> str:
    """What a person does with the file that was just written."""
    from rul_platform.storage.plant_check import open_choices

    choices = open_choices(target)
    first = f"open it and decide what is marked CHOOSE ({choices}), then " if choices else ""
    return f"{first}`rul plant check {target.stem}`"
