"""`rul demo`: the whole graph on real data, from raw text to an answered prediction."""

import time

import click

from rul_platform.core.architectures import ARCHITECTURES
from rul_platform.core.examples import FILTERS, FLEET, PUMPS
from rul_platform.core.subsets import SUBSETS
from rul_platform.settings import Settings


@click.command()
@click.option(
    "--subset",
    "subsets",
    multiple=True,
    type=click.Choice(SUBSETS),
    default=SUBSETS,
    show_default=True,
    help="Turbofans to work with; may be given several times.",
)
@click.option(
    "--plant",
    "plants",
    multiple=True,
    type=click.Choice([FLEET, FILTERS, PUMPS]),
    help=f"Example plants; by default {FLEET} ({PUMPS} where turbofans are simulated), and {FILTERS} "
    "when RUL_FILTERS is given.",
)
@click.option(
    "--architecture",
    "architectures",
    multiple=True,
    type=click.Choice(ARCHITECTURES),
    default=ARCHITECTURES,
    show_default=True,
    help="Networks to pretrain; the plants go on from the first one named.",
)
@click.option(
    "--simulate", is_flag=True, help="Use the built-in simulator, without looking for NASA's data."
)
@click.option("--benchmark/--no-benchmark", "with_benchmark", default=True, show_default=True)
@click.pass_obj
def demo(
    settings: Settings,
    subsets: tuple[str, ...],
    plants: tuple[str, ...],
    architectures: tuple[str, ...],
    simulate: bool,
    with_benchmark: bool,
) -> None:
    """Run the whole graph, deploy a model, answer a prediction, and say where to look next.

    Real C-MAPSS if it can be had (RUL_CMAPSS, the cache, NASA's archive), otherwise the built-in
    simulator, with a notice. What is made already is not made again, so it can be interrupted and
    repeated.

    \b
    Examples:
      rul demo
      rul demo --subset FD001 --plant filters       one subset and the filter plant: a few minutes
      rul demo --simulate                           no data, no network
      rul demo --simulate --architecture lstm       the shortest way to a deployed model
    """
    from rul_platform.cli.stages import opened
    from rul_platform.cli.walkthrough import Walkthrough

    begin = time.monotonic()
    with opened(settings) as work:
        walk = Walkthrough.plan(work, subsets, plants, architectures, simulate=simulate)
        walk.make_plants()
        walk.answer()
        if with_benchmark:
            walk.measure()
        walk.say_where_to_look(time.monotonic() - begin)
