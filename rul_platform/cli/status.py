"""`rul status`: what there is, and what is in charge."""

import json
from typing import TYPE_CHECKING, Any

import click

from rul_platform.reports.numbers import counted
from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.storage.home import Home

ASSETS = (
    "raw_cmapss", "cmapss_windows", "pretrained_checkpoint", "cmapss_benchmark", "transfer_study",
    "plant_feedback", "plant_readings", "plant_windows", "finetuned_model", "evaluation_report",
    "deployed_model", "edge_model", "tuned_recipe", "plant_tuned_recipe",
    "method_log", "plant_method_log",
)  # fmt: skip
"""As in ``orchestration.code_location``, whose import would cost seconds."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON object instead of text.")
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """Say what has been materialised and which model is in charge of each plant."""
    found = _status(settings)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    click.echo(f"Home: {found['home']}")
    for asset, partitions in found["materialised"].items():
        click.echo(f"  {asset}: {', '.join(partitions) or 'nothing yet'}")
    if not found["plants"]:
        click.echo("No plant yet: `rul demo`, or `rul plant init NAME --files 'data/*.csv'`.")
    for plant in found["plants"]:
        since = (
            f"version {plant['champion']} since {plant['since'][:19]}"
            if plant["champion"]
            else "no model"
        )
        click.echo(f"Plant {plant['plant']}: {since}, {counted(plant['versions'], 'version')}")
        if plant["outcomes"]["coverage"] is not None:
            click.echo(
                f"  of {plant['outcomes']['units']} machines that failed after an answer, the interval "
                f"held the truth in {plant['outcomes']['coverage']:.0%} of the answers"
            )
        if plant["challenger"]:
            click.echo(f"  version {plant['challenger']} is on trial beside it")
        if plant["frozen_since"]:
            click.echo(f"  frozen since {plant['frozen_since'][:19]}: {plant['frozen_because']}")
        if plant["retrain"]:
            retrain = plant["retrain"]
            click.echo(
                f"  retrain {retrain['id']} is {retrain['state']}, asked for by {retrain['trigger']}"
            )


def _status(settings: Settings) -> dict[str, Any]:
    from rul_platform.operation.known_plants import known_plants
    from rul_platform.storage.home import Home

    home = Home(settings)
    return {
        "home": str(settings.home),
        "materialised": {asset: list(home.lineage.partitions(asset)) for asset in ASSETS},
        "plants": [_plant(home, name) for name in known_plants(home)],
    }


def _plant(home: "Home", name: str) -> dict[str, Any]:
    from rul_platform.operation.metrics import outcomes

    champion, challenger = home.registry.champion(name), home.registry.challenger(name)
    freeze, retrain = home.freezes.current(name), home.retrains.current(name)
    open_interval = [d for d in home.registry.deployments(name) if d.until is None]
    return {
        "plant": name,
        "versions": len(home.registry.versions(name)),
        "champion": champion.number if champion else None,
        "sha256": champion.sha256 if champion else None,
        "since": open_interval[0].since.isoformat() if open_interval else None,
        "challenger": challenger.number if challenger else None,
        "outcomes": outcomes(home, name, home.now()),
        "frozen_since": freeze.since.isoformat() if freeze else None,
        "frozen_because": freeze.reason if freeze else None,
        "retrain": {"id": retrain.id, "state": retrain.state, "trigger": retrain.trigger}
        if retrain
        else None,
    }
