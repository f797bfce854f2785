"""`rul pretrain`: a network that has seen turbofans, for plants to start from."""

import json
from typing import TYPE_CHECKING

import click

from rul_platform.cli.options import AS_JSON, SET, launchpad_options
from rul_platform.core.architectures import ARCHITECTURES
from rul_platform.core.subsets import PRETRAINED_ON, SIMULATED, SUBSETS

if TYPE_CHECKING:  # it imports Dagster
    from rul_platform.orchestration.pretraining import Pretraining

ASSET = "pretrained_checkpoint"


@click.command()
@click.argument("architecture", type=click.Choice(ARCHITECTURES), default="lstm")
@click.option(
    "--subset",
    "subsets",
    multiple=True,
    type=click.Choice([*SUBSETS, SIMULATED]),
    default=PRETRAINED_ON,
    show_default=True,
    help="Turbofans to learn from; may be given several times.",
)
@SET
@AS_JSON
@click.pass_context
def pretrain(
    context: click.Context,
    architecture: str,
    subsets: tuple[str, ...],
    chosen: tuple[str, ...],
    as_json: bool,
) -> None:
    """Train ARCHITECTURE (lstm, gru or tcn; by default lstm) on turbofans, and say how that went.

    `rul train` starts from it, and pretrains anew with the same options where that is needed. What has
    the same options, data and code is not made again. Every option: docs/training.md.

    \b
    Examples:
      rul pretrain
      rul pretrain gru --subset FD001 --subset FD002 --set find_rate=true
      rul pretrain lstm --set bins=32 --set loss=distribution
      rul pretrain lstm --set bidirectional=true --set layers=2 --set augment=jitter,mixup
    """
    from rul_platform.cli.stages import cmapss_stages, opened, pretraining
    from rul_platform.orchestration.assets.pretrained_checkpoint import PretrainedCheckpointConfig
    from rul_platform.orchestration.pretraining import newest_pretraining

    named = {"subsets": ",".join(dict.fromkeys(subsets))}
    typed = launchpad_options(context, PretrainedCheckpointConfig, named, chosen, asset=ASSET)
    seen = tuple(typed.get("subsets", PRETRAINED_ON))
    with opened(context.obj) as work:
        stages = cmapss_stages(seen) + pretraining((architecture,), seen, typed)
        work.run(stages, aside=as_json)
        made = newest_pretraining(work.home, work.instance, architecture)
        pinned = work.pinned_parent(architecture)
    if as_json:
        click.echo(json.dumps(made.to_json(), indent=2))
        return
    for line in _lines(made):
        click.echo(line)
    if pinned is not None:
        way = f"rul checkpoint select {architecture} pretrained --reason TEXT"
        click.echo(f"Before that: plants start from {pinned}, as selected, until `{way}`.")


def _lines(made: "Pretraining") -> list[str]:
    """For people."""
    seconds = "" if made.cpu_seconds is None else f", {made.cpu_seconds:.1f} CPU s"
    subsets = "".join(f" --subset {each}" for each in made.subsets)
    is_usual = made.subsets == PRETRAINED_ON
    return [
        f"{made.architecture} on {', '.join(made.subsets)}: validation RMSE {made.valid_rmse:.2f} "
        f"cycles, on engines that also decided when to stop; {made.steps} of at most {made.most_steps} "
        f"steps, best after {made.best_step}{seconds}.",
        *([made.rate_test] if made.rate_test else []),
        *(f"{each.severity}: {each.what}. {each.remedy}".rstrip() for each in made.findings),
        f"To start from it: rul train PLANT --architecture {made.architecture}"
        f"{'' if is_usual else subsets}",
    ]
