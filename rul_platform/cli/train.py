"""`rul train`, `rul evaluate`, `rul deploy`: a plant's model, step by step."""

import click

from rul_platform.core.architectures import ARCHITECTURES
from rul_platform.core.subsets import SIMULATED, SUBSETS
from rul_platform.settings import Settings

PLANT_ARGUMENT = click.argument("plant")
AGAIN = click.option(
    "--again", is_flag=True, help="Also when nothing has changed since the last time."
)


@click.command()
@PLANT_ARGUMENT
@click.option("--architecture", type=click.Choice(ARCHITECTURES), default="lstm", show_default=True)
@click.option(
    "--freeze",
    type=click.Choice(["nothing", "encoder", "encoder_at_first"]),
    default="encoder_at_first",
    show_default=True,
    help="Which pretrained weights stay as they are.",
)
@click.option("--steps", type=click.IntRange(min=3), default=300, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--subset",
    "subsets",
    multiple=True,
    type=click.Choice([*SUBSETS, SIMULATED]),
    default=("FD001", "FD002", "FD004"),
    show_default=True,
    help="Turbofans to pretrain on; may be given several times.",
)
@AGAIN
@click.pass_obj
def train(
    settings: Settings,
    plant: str,
    architecture: str,
    freeze: str,
    steps: int,
    seed: int,
    subsets: tuple[str, ...],
    again: bool,
) -> None:
    """Make PLANT's candidate: read its machines, pretrain if needed, fine-tune.

    \b
    Example:
      rul train pumps --architecture gru
    """
    from rul_platform.cli.stages import cmapss_stages, opened, plant_data, pretraining
    from rul_platform.orchestration.pipeline import Stage

    config = {"architecture": architecture, "freeze": freeze, "steps": steps, "seed": seed}
    with opened(settings) as work:
        work.require_plant(plant)
        work.run(cmapss_stages(subsets) + pretraining((architecture,), subsets))
        work.run([plant_data(plant)], again=True)
        work.run([Stage(("finetuned_model",), plant, {"finetuned_model": config})], again=again)
        version = work.candidate(plant)
        click.echo(
            f"{plant} version {version.number}, {version.state}, sha256 {version.sha256[:12]}."
        )


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
