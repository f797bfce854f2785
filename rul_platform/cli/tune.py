"""`rul tune`: search for a better recipe, on units that have no part in judging it."""

import json
from pathlib import Path
from typing import Any

import click

from rul_platform.cli.studying import ARCHITECTURE, NAME, SEED, prepared
from rul_platform.core.plant_recipe import SCRATCH_TIMES, STEPS
from rul_platform.settings import Settings


@click.command()
@NAME
@ARCHITECTURE
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Trials that the study has in the end, earlier ones among them.",
)
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), help="Begin no trial after S seconds.",
    metavar="S",
)  # fmt: skip
@click.option(
    "--workers", type=click.IntRange(min=1), default=1, show_default=True,
    help="Processes that share the trials; with one, the seed decides everything.",
)  # fmt: skip
@click.option("--grid", is_flag=True, help="Every combination of a few values, instead of drawing.")
@click.option(
    "--space", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What may be chosen: a TOML or JSON file.",
)  # fmt: skip
@click.option(
    "--pruner", type=click.Choice(["median", "hyperband", "none"]), default="median",
    show_default=True, help="When a trial that falls behind is given up.",
)  # fmt: skip
@click.option(
    "--steps", type=click.IntRange(min=3),
    help=f"Batches of each training; by default 200, of a plant as `rul train` has: {STEPS}, from "
    f"scratch {SCRATCH_TIMES} times that.",
)  # fmt: skip
@SEED
@click.option(
    "--resume/--new",
    "resume",
    default=True,
    show_default=True,
    help="Go on, or begin another study.",
)
@click.option(
    "--from-scratch", is_flag=True, help="A plant: without the pretrained network that is there."
)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
@click.pass_obj
def tune(settings: Settings, name: str, as_json: bool, **asked: Any) -> None:
    """Search for the recipe that errs least on units left out; NAME is a C-MAPSS subset or a plant.

    Only training and validation units are used. An interrupted search goes on with the same command.
    Needs the extra `search`: pip install 'rul-platform[search]'.

    \b
    What may be chosen is a file like this one; without it there is a default:
      learning_rate = { low = 0.001, high = 0.02, log = true }
      hidden_size = [32, 64, 96]
    \b
    Examples:
      rul tune FD001 --trials 30 --workers 2
      rul tune pumps --timeout 600 --space space.toml
    """
    from rul_platform.core.search_space import parse_space
    from rul_platform.learning.recipes.studies import require_optuna
    from rul_platform.orchestration.pipeline import Stage
    from rul_platform.orchestration.step import current

    require_optuna()
    space: Path | None = asked.pop("space")
    if space is not None:
        is_json = space.suffix == ".json"
        read = parse_space(space.read_text(encoding="utf-8"), source=str(space), is_json=is_json)
        asked["space"] = json.dumps(read.to_json())
    asked["new"] = not asked.pop("resume")
    with prepared(settings, name, as_json=as_json) as (work, is_plant):
        from_scratch = asked.pop("from_scratch")
        if is_plant:
            asked["pretrained"] = not from_scratch
        asset = "plant_tuned_recipe" if is_plant else "tuned_recipe"
        config = {key: value for key, value in asked.items() if value is not None}
        work.run([Stage((asset,), name, {asset: config})], again=True)
        files = current(work.home, asset, name)
    card = json.loads(files.read("study.json"))
    if as_json:
        click.echo(json.dumps(card, indent=2))
        return
    click.echo(files.read("search.md").decode())
    click.echo(usage(card["use"], name))


FLAGS = ("architecture", "approach", "steps", "seed")
"""What `rul train` has an option of its own for; all else it takes with ``--set``."""


def usage(use: dict[str, Any], name: str) -> str:
    """How to train with what was found, as it was searched."""
    config: dict[str, Any] = use["config"]
    lines = [f"Launchpad of {use['asset']} [{use['partition']}]: {_shown(config)}"]
    if use["shape"]:
        first = (
            f"Launchpad of pretrained_checkpoint [{config['architecture']}]: {_shown(use['shape'])}"
        )
        lines.insert(0, f"{first}, first: a network from scratch has the pretrained one's shape.")
    if use["asset"] == "finetuned_model":
        flags = [f"--{key} {config[key]}" for key in FLAGS if key in config]
        flags += [f"--set {key}={value}" for key, value in config.items() if key not in FLAGS]
        lines.append(f"Train with it: rul train {name} {' '.join(flags)}")
    else:
        lines.append("Train with it: rul ui, then that launchpad.")
    if use["no_field"]:
        lines.append(
            f"No field there for {', '.join(use['no_field'])}: window is chosen where windows are made."
        )
    return "\n".join(lines)


def _shown(config: dict[str, Any]) -> str:
    """As a launchpad has it."""
    return f"{{{', '.join(f'{key}: {value}' for key, value in config.items())}}}"
