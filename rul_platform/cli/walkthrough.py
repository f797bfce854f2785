"""What `rul demo` does, in the order in which a newcomer wants to see it."""

from dataclasses import dataclass

import click

from rul_platform.cli.predict import answer_and_log, describe
from rul_platform.cli.stages import (
    Work,
    benchmark,
    cmapss_stages,
    judgement,
    plant_data,
    pretraining,
)
from rul_platform.core import splits
from rul_platform.core.architectures import ARCHITECTURES
from rul_platform.core.cmapss import SIMULATED
from rul_platform.core.examples import FILTERS, FLEET, PUMPS
from rul_platform.errors import DataNotFoundError
from rul_platform.orchestration.pipeline import Stage
from rul_platform.orchestration.step import current
from rul_platform.orchestration.stored_windows import plant_fleet, splits_of
from rul_platform.storage.plant_examples import (
    write_fd003_fleet,
    write_filters,
    write_simulated_pumps,
)

DEPLOYED = ("lstm",)
"""What the example plants start from; the other checkpoints are made after something is in charge."""

NOTICE = """
  *** SIMULATED DATA ***
  {why}
  The demo goes on with the built-in simulator; every figure below is about simulated machines.
"""


@dataclass(frozen=True, slots=True)
class Walkthrough:
    """A demo that knows its data.

    Attributes:
        work: The opened home folder.
        subsets: Turbofans to work with.
        plants: Example plants.
    """

    work: Work
    subsets: tuple[str, ...]
    plants: tuple[str, ...]

    @classmethod
    def plan(
        cls, work: Work, subsets: tuple[str, ...], plants: tuple[str, ...], *, simulate: bool
    ) -> "Walkthrough":
        """Find the data; without it, say so and turn to the simulator.

        Raises:
            DataError: A copy of the data was given, and it is broken.
        """
        settings = work.home.settings
        why = "You asked for it with --simulate."
        if not simulate:
            try:
                work.home.cmapss.fetch(subsets[0])
            except DataNotFoundError as error:
                if settings.cmapss is not None:
                    raise
                simulate, why = True, str(error)
        if simulate:
            click.echo(NOTICE.format(why=why.replace("\n", "\n  ")))
            return cls(work, (SIMULATED,), plants or (PUMPS,))
        wanted = plants or ((FLEET, FILTERS) if settings.filters else (FLEET,))
        if FILTERS in wanted and settings.filters is None:
            msg = (
                f"Plant {FILTERS} needs its data: set RUL_FILTERS to the zip or the folder with it."
            )
            raise click.UsageError(msg)
        return cls(work, subsets, wanted)

    @property
    def pretrained_on(self) -> tuple[str, ...]:
        """Turbofans for pretraining: never those that the example fleet is made of."""
        return tuple(s for s in self.subsets if not (s == "FD003" and FLEET in self.plants))

    def make_plants(self) -> None:
        """Everything up to a deployed model for each plant."""
        if not self.pretrained_on:
            msg = f"Plant {FLEET} is made of FD003, so give another --subset to pretrain on."
            raise click.UsageError(msg)
        self.work.run(cmapss_stages(self.subsets) + pretraining(DEPLOYED, self.pretrained_on))
        for plant in self.plants:
            self._write_files(plant)
            self.work.run([plant_data(plant)], again=True)
            self.work.run([Stage(("finetuned_model",), plant), judgement(plant)])

    def answer(self) -> None:
        """One prediction for each plant, on a machine that the model has never seen."""
        for plant in self.plants:
            stored = current(self.work.home, "plant_windows", plant)
            fleet = plant_fleet(stored)
            unit = next(u for u, role in splits_of(stored).items() if role == splits.TEST)
            seen = fleet.take([unit]).readings
            cut = max(1, round(0.7 * len(seen)))
            truth = fleet.take([unit]).rul()[cut - 1]
            for given in answer_and_log(self.work.home, plant, seen.iloc[:cut]):
                click.echo(f"\nPrediction {given.id} for {plant}: {describe(given.prediction)}")
                click.echo(f"  It really lasted {truth:.0f} {given.prediction.life_unit} more.")

    def measure(self) -> None:
        """Every architecture on the official test set of every subset."""
        click.echo(
            "\nBenchmark on the official test sets (the models above are in charge already):"
        )
        self.work.run(
            pretraining(ARCHITECTURES, self.pretrained_on) + benchmark(self.subsets, ARCHITECTURES)
        )

    def say_where_to_look(self, seconds: float) -> None:
        """The end: what is in charge, and the next commands."""
        click.echo("")
        for plant in self.plants:
            click.echo(self.work.summary(plant))
        click.echo(
            f"\nDone in {seconds:.0f} s. Next:\n"
            "  make ui         the lineage graph in Dagster's UI (or: rul ui)\n"
            "  rul models      every version, and who is in charge\n"
            "  rul plant init  your own machines"
        )

    def _write_files(self, plant: str) -> None:
        home = self.work.home
        if plant == FLEET:
            write_fd003_fleet(home.plants, home.cmapss.fetch("FD003").train)
        elif plant == FILTERS and home.settings.filters is not None:
            write_filters(home.plants, home.settings.filters)
        else:
            write_simulated_pumps(home.plants)
