"""`rul models`: every version of every plant's model."""

import json

import click

from rul_platform.settings import Settings


@click.command()
@click.argument("plant", required=False)
@click.option("--json", "as_json", is_flag=True, help="A JSON list instead of a table.")
@click.pass_obj
def models(settings: Settings, plant: str | None, as_json: bool) -> None:
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
