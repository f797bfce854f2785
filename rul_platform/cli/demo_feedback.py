"""`rul demo-feedback`: weeks at a plant in minutes, from falling satisfaction to a better model."""

import time

import click

from rul_platform.settings import Settings

DEFAULT_WEEKS = 13


@click.command("demo-feedback")
@click.option(
    "--weeks",
    type=click.IntRange(min=12),
    default=DEFAULT_WEEKS,
    show_default=True,
    help="Weeks to play; the pumps' liquid turns harsh after four of them.",
)
@click.option(
    "--simulate", is_flag=True, help="Pretrain on the built-in simulator, without NASA's data."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed, other weeks.")
@click.pass_obj
def demo_feedback(settings: Settings, weeks: int, simulate: bool, seed: int) -> None:
    """Play weeks of predictions, feedback and outcomes, and watch the model improve by itself.

    A simulated line of pumps: their behaviour changes, satisfaction falls, the sensor asks for one
    retrain, Dagster runs it, the gate decides, the new model serves. Then a bad model is forced in, and
    the guard rolls it back. A second plant with too few machines shows HOLD and the approval. The weeks
    end now; each time plays on a plant of its own.

    \b
    Example:
      RUL_HOME=/tmp/rul-feedback rul demo-feedback --simulate
    """
    from rul_platform.cli.line_story import LineStory, SimulatedClock
    from rul_platform.cli.small_plant_story import SmallPlantStory
    from rul_platform.cli.stages import opened

    begin = time.monotonic()
    clock = SimulatedClock.weeks_ago(weeks)
    with opened(settings, clock=clock) as work:
        story = LineStory.prepare(work, clock, weeks=weeks, seed=seed, simulate=simulate)
        story.play()
        SmallPlantStory.prepare(work).play()
        story.say_where_to_look(time.monotonic() - begin)
