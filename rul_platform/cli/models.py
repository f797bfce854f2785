"""`rul models`: every version of every plant's model, and one of them as files."""

import json
from pathlib import Path

import click

from rul_platform.settings import Settings


class ListsByDefault(click.Group):
    """A group that lists where no command is named: `rul models PLANT` is `rul models list PLANT`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command in front that was left out."""
        if not args or args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=ListsByDefault, subcommand_metavar="[PLANT] | COMMAND [ARGS]...")
def models() -> None:
    """List model versions, of PLANT or of all plants, or export one of them.

    \b
    Examples:
      rul models pumps
      rul models export pumps 3 --to pumps_3
    """


@models.command("list")
@click.argument("plant", required=False)
@click.option("--json", "as_json", is_flag=True, help="A JSON list instead of a table.")
@click.pass_obj
def list_models(settings: Settings, plant: str | None, as_json: bool) -> None:
    """List model versions, of PLANT or of all plants; one champion for each plant is in charge."""
    from rul_platform.operation.known_plants import require_plant
    from rul_platform.storage.home import Home

    home = Home(settings)
    if plant is not None:
        require_plant(home, plant)
    rows = [
        {
            "plant": version.plant,
            "number": version.number,
            "sha256": version.sha256,
            "state": version.state,
            "created_at": version.created_at.isoformat(),
            "note": version.note,
            "cleaned_at": version.cleaned_at.isoformat() if version.cleaned_at else None,
        }
        for version in home.registry.versions(plant)
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        which = f"Plant {plant} has no model yet" if plant else "No model yet"
        click.echo(f"{which}. `rul demo` or `rul train PLANT` makes one.")
        return
    width = max(len(str(row["plant"])) for row in rows)
    for row in rows:
        click.echo(
            f"{row['plant']:<{width}}  {row['number']:>4}  {row['state']:<11} "
            f"{str(row['sha256'])[:12]}  {str(row['created_at'])[:19]}  {row['note'] or ''}".rstrip()
        )


@models.command()
@click.argument("plant")
@click.argument("number", type=click.IntRange(min=1))
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    help="A new folder, or an empty one.",
)
@click.pass_obj
def export(settings: Settings, plant: str, number: int, folder: Path) -> None:
    """Write version NUMBER of PLANT's model as files: all of them, or none.

    The ONNX graph that serves, its card and everything else that is stored of it, each file hashed
    anew; beside them the weights alone (`….weights.pt`, a plain state_dict), `architecture.json` and
    `model_info.json`, which says what it is and lists the sha256 of every file.

    \b
    Example:
      rul models export pumps 3 --to pumps_3
    """
    from rul_platform.learning.trained.model_export import deployed_files
    from rul_platform.operation.known_plants import require_plant
    from rul_platform.storage.home import Home
    from rul_platform.storage.plain_files import write_folder

    home = Home(settings)
    require_plant(home, plant)
    version = home.registry.version(plant, number)
    artifact = home.store.artifact(version.sha256)
    stored = {name: home.store.read(artifact, name) for name in artifact.files}
    about = {
        "plant": plant,
        "number": number,
        "sha256": version.sha256,
        "state": version.state,
        "created_at": version.created_at.isoformat(),
    }
    files = deployed_files(stored, about | _from_card(stored["card.json"]))
    write_folder(folder, files)
    click.echo(f"{plant} version {number}, {version.state}: {len(files)} files in {folder}")


def _from_card(card: bytes) -> dict[str, object]:
    """What a reader asks first."""
    read = json.loads(card)
    prepared = read["preparation"]
    return {
        "architecture": read["architecture"],
        "interval": read["interval"],
        "window": prepared["window"],
        "cap": prepared["cap"],
        "life_unit": prepared["life_unit"],
        "channels": prepared["channels"],
    }
