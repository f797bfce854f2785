"""`rul train`, `rul evaluate`, `rul deploy`: a plant's model, step by step."""

from typing import Any

import click

from rul_platform.cli.options import SET, launchpad_options
from rul_platform.core.approaches import BY_OPTION
from rul_platform.core.architectures import ARCHITECTURES
from rul_platform.core.folds import FOLDS
from rul_platform.core.plant_recipe import STEPS
from rul_platform.core.subsets import PRETRAINED_ON, SIMULATED, SUBSETS
from rul_platform.settings import Settings

PLANT_ARGUMENT = click.argument("plant")
AGAIN = click.option(
    "--again", is_flag=True, help="Also when nothing has changed since the last time."
)
BEST = ("best", "best_of_all")
APPROACH_OPTIONS = (*BEST, *BY_OPTION)


@click.command()
@PLANT_ARGUMENT
@click.option("--architecture", type=click.Choice(ARCHITECTURES), default="lstm", show_default=True)
@click.option(
    "--approach",
    type=click.Choice(APPROACH_OPTIONS),
    default="best",
    show_default=True,
    help="How the model is made; best: what errs least on units left out.",
)
@click.option(
    "--folds",
    type=click.IntRange(min=2),
    default=FOLDS,
    show_default=True,
    help="Parts that the known units are divided into, to leave out one at a time.",
)
@click.option(
    "--freeze",
    type=click.Choice(
        ["nothing", "encoder", "encoder_at_first", "head_only", "partial", "progressive"]
    ),
    default="nothing",
    show_default=True,
    help="Of full fine-tuning and source replay: which pretrained weights stay as they are.",
)
@click.option("--steps", type=click.IntRange(min=3), default=STEPS, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@SET
@click.option(
    "--subset",
    "subsets",
    multiple=True,
    type=click.Choice([*SUBSETS, SIMULATED]),
    default=PRETRAINED_ON,
    show_default=True,
    help="Turbofans to pretrain on; may be given several times.",
)
@AGAIN
@click.pass_context
def train(
    context: click.Context,
    plant: str,
    chosen: tuple[str, ...],
    subsets: tuple[str, ...],
    *,
    again: bool,
    **named: Any,
) -> None:
    """Make PLANT's candidate: read its machines, pretrain if needed, choose the best approach.

    It pretrains with the options of the last `rul pretrain`; without one, with the defaults. Where a
    checkpoint was selected (`rul checkpoint select`), it starts from that, and pretrains nothing.

    \b
    Examples:
      rul train pumps --architecture gru
      rul train pumps --approach full_fine_tuning --freeze encoder --set learning_rate=1e-3
    """
    from rul_platform.cli.stages import cmapss_stages, opened, plant_data, pretraining
    from rul_platform.orchestration.finetuning_config import FinetunedModelConfig
    from rul_platform.orchestration.pipeline import Stage

    config = launchpad_options(
        context, FinetunedModelConfig, named, chosen, asset="finetuned_model"
    )
    architecture = config.get("architecture", named["architecture"])
    with opened(context.obj) as work:
        work.require_plant(plant)
        if (parent := work.pinned_parent(architecture)) is not None:
            click.echo(f"{architecture} starts from {parent}, as selected: nothing is pretrained.")
        else:
            pretrained_with = work.pretrained_with(architecture)
            FinetunedModelConfig(**config).require_bins([pretrained_with.get("bins", 0)])
            first = pretraining((architecture,), subsets, pretrained_with)
            work.run(cmapss_stages(subsets) + first)
        work.run([plant_data(plant)], again=True)
        work.run([Stage(("finetuned_model",), plant, {"finetuned_model": config})], again=again)
        version = work.candidate(plant)
        click.echo(
            f"{plant} version {version.number}, {version.state}, sha256 {version.sha256[:12]}."
        )
        click.echo("\n".join(work.choice(plant)))


@click.command()
@PLANT_ARGUMENT
@click.pass_obj
def evaluate(settings: Settings, plant: str) -> None:
    """Judge PLANT's candidate on machines that it has never seen, and write the report."""
    from rul_platform.cli.stages import opened
    from rul_platform.orchestration.pipeline import Stage

    with opened(settings) as work:
        work.require_plant(plant)
        work.judge([Stage(("evaluation_report",), plant)], plant, again=True)


@click.command()
@PLANT_ARGUMENT
@AGAIN
@click.pass_obj
def deploy(settings: Settings, plant: str, again: bool) -> None:
    """Judge PLANT's candidate and put it in charge, if the promotion gate lets it."""
    from rul_platform.cli.stages import judgement, opened

    with opened(settings) as work:
        work.require_plant(plant)
        work.judge([judgement(plant)], plant, again=again)
