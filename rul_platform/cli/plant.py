"""`rul plant`: plant files, from the first draft to one that is in order."""

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rul_platform.cli.plant_init import init, plants_folder
from rul_platform.errors import PlantFileError

if TYPE_CHECKING:
    from rul_platform.storage.plant_check import PlantCheck, PlantFigures

EXIT_PROBLEMS = 1
HOW_TO_BEGIN = "Begin with `rul plant init NAME --files 'data/*.csv'`, or with --example."


@click.group()
def plant() -> None:
    """A plant: where its readings are, and what a failure is.

    A plant is one TOML file in the folder plants/ of the home folder (RUL_HOME, .rul by default).

    \b
    Begin with your own files (in quotes, so that the shell leaves the pattern alone):
      rul plant init pumps --files 'exports/**/*.csv'
      rul plant check pumps
    or with an example:
      rul plant init --example simulated_pumps
    """


plant.add_command(init)


@plant.command()
@click.argument("plants", nargs=-1, metavar="[PLANT]...")
@click.option("--json", "as_json", is_flag=True, help="A JSON list instead of text.")
def check(plants: tuple[str, ...], as_json: bool) -> None:
    """Say what is wrong with plants, all at once: the file, what it points to, every cell.

    PLANT is a plant's name or the path of a .toml file; without any, all plants are checked. Nothing
    is stored. Exit code 0: in order. 1: problems were found. 2: there is no such plant.

    \b
    Examples:
      rul plant check pumps
      rul plant check ./drafts/line2.toml
      rul plant check --json | jq '.[] | {plant, problems}'
    """
    from rul_platform.storage.plant_check import check_plant

    checks = [check_plant(path) for path in _paths(plants)]
    if as_json:
        click.echo(json.dumps([found.to_json() for found in checks], indent=2))
    elif checks:
        click.echo("\n".join(_shown(found) for found in checks))
    else:
        click.echo(f"No plant in {plants_folder()}. {HOW_TO_BEGIN}")
    if any(found.problems for found in checks):
        sys.exit(EXIT_PROBLEMS)


@plant.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="A JSON list instead of text.")
def list_command(as_json: bool) -> None:
    """List the plants, by their files alone; `rul plant check` also looks at the data."""
    from rul_platform.storage.plant_source import list_plants, misnamed_plants

    folder = plants_folder()
    rows = [_listed(path) for path in (*list_plants(folder), *misnamed_plants(folder))]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        click.echo(f"No plant in {folder}. {HOW_TO_BEGIN}")
    width = max((len(row["plant"]) for row in rows), default=0)
    for row in rows:
        problems, name = len(row["problems"]), shlex.quote(row["plant"])
        trouble = f"{problems} problem{'s' if problems != 1 else ''}: `rul plant check {name}`"
        click.echo(f"{row['plant']:{width}}  {row['title'] if not problems else trouble}")


def _paths(plants: tuple[str, ...]) -> list[Path]:
    """Plant files by name or path; all of them when none is given."""
    from rul_platform.core.wording import did_you_mean
    from rul_platform.storage.plant_source import list_plants, misnamed_plants

    folder = plants_folder()
    if not plants:
        return [*list_plants(folder), *misnamed_plants(folder)]
    paths: list[Path] = []
    for given in plants:
        path = Path(given) if given.endswith(".toml") else folder / f"{given}.toml"
        if not path.is_file():
            hint = did_you_mean(given, [known.stem for known in list_plants(folder)]) or "."
            message = f"there is no plant {given!r}{hint} {path} does not exist."
            raise click.BadParameter(message, param_hint="PLANT")
        paths.append(path)
    return paths


def _listed(path: Path) -> dict[str, Any]:
    from rul_platform.storage.plant_source import load_plant

    row: dict[str, Any] = {"plant": path.stem, "file": str(path)}
    try:
        found = load_plant(path)
    except PlantFileError as error:
        return {**row, "title": "", "problems": list(error.problems)}
    facts = {"life_unit": found.columns.life_unit, "sensors": list(found.sensors)}
    return {**row, "title": found.title, **facts, "problems": []}


def _shown(found: "PlantCheck") -> str:
    """A plant for people: its problems, or its figures."""
    text = str(PlantFileError(found.file, found.problems))
    if found.figures is not None:
        text = f"{found.file}: in order\n{_figures(found.figures)}"
    if found.open_choices:
        text += f"\n  Still marked CHOOSE in the file: {found.open_choices}; decide and remove the word."
    return text


def _figures(figures: "PlantFigures") -> str:
    unit = figures.life_unit
    roles = ", ".join(f"{count} {role}" for role, count in figures.roles.items())
    lives = f"{figures.shortest_life:g} to {figures.longest_life:g} {unit}"
    lines = {
        "title": figures.title,
        "units": f"{figures.units}: {figures.failed} ran to failure, {figures.censored} have not",
        "lives": f"{lives}, median {figures.median_life:g}; label cap {figures.label_cap:g}",
        "readings": f"{figures.readings} from {figures.source_files} sources",
        "sensors": f"{len(figures.sensors)}: {', '.join(figures.sensors)}",
        "conditions": f"{len(figures.conditions)}: {', '.join(figures.conditions)}",
        "roles": f"{roles} (as a first materialisation would divide them)",
    }
    rows = [*lines.items(), *(("note", note) for note in figures.notes)]
    return "\n".join(f"  {key:<11} {value}" for key, value in rows)
