"""What `rul demo` does, in the order in which a newcomer wants to see it."""

from dataclasses import dataclass

import click

from rul_platform.cli.predict import describe
from rul_platform.cli.stages import (
    Work,
    benchmark,
    benchmark_table,
    cmapss_stages,
    judgement,
    plant_data,
    pretraining,
)
from rul_platform.core import splits
from rul_platform.core.examples import FILTERS, FLEET, PUMPS
from rul_platform.core.subsets import SIMULATED
from rul_platform.errors import CheckFailedError, DataNotFoundError, GateRefusedError
from rul_platform.inference.prediction import Prediction
from rul_platform.operation.answering import GivenReadings, answer_given
from rul_platform.orchestration.pipeline import Stage
from rul_platform.orchestration.step import current
from rul_platform.orchestration.stored_windows import plant_fleet, splits_of
from rul_platform.storage.plant_examples import (
    write_fd003_fleet,
    write_filters,
    write_simulated_pumps,
)

NOTICE = """
  *** SIMULATED DATA ***
  {why}
  The demo goes on with the built-in simulator: {what}
"""
ALL_SIMULATED = "every figure below is about simulated machines."
PARTLY_SIMULATED = (
    f"every figure below is about simulated machines, but for plant {FILTERS}: its machines are real, "
    f"and only what its model was pretrained on is simulated."
)
NEEDS_FD003 = f"Plant {FLEET} is made of NASA's FD003, which no simulator replaces."


@dataclass(frozen=True, slots=True)
class Walkthrough:
    """A demo that knows its data.

    Attributes:
        work: The opened home folder.
        subsets: Turbofans to work with.
        plants: Example plants.
        architectures: To pretrain and to measure; plants go on from the first.
    """

    work: Work
    subsets: tuple[str, ...]
    plants: tuple[str, ...]
    architectures: tuple[str, ...]

    @classmethod
    def plan(
        cls,
        work: Work,
        subsets: tuple[str, ...],
        plants: tuple[str, ...],
        architectures: tuple[str, ...],
        *,
        simulate: bool,
    ) -> "Walkthrough":
        """Find the data; without it, say so and turn to the simulator.

        Raises:
            UsageError: The plants cannot be made of what was given.
            DataNotFoundError: A plant that was asked for needs NASA's data, and there is none.
            DataError: A copy of the data was given, and it is broken.
        """
        settings = work.home.settings
        _check_plants(plants, simulate=simulate, has_filters=settings.filters is not None)
        why = "You asked for it with --simulate."
        if not simulate:
            try:
                work.home.cmapss.fetch(subsets[0])
            except DataNotFoundError as error:
                if settings.cmapss is not None:
                    raise
                if FLEET in plants:
                    msg = f"{NEEDS_FD003} {error}"
                    raise DataNotFoundError(msg) from error
                simulate, why = True, str(error)
        first = PUMPS if simulate else FLEET
        wanted = plants or ((first, FILTERS) if settings.filters else (first,))
        if simulate:
            what = PARTLY_SIMULATED if FILTERS in wanted else ALL_SIMULATED
            click.echo(NOTICE.format(why=why.replace("\n", "\n  "), what=what))
        return cls(work, (SIMULATED,) if simulate else subsets, wanted, architectures)

    @property
    def pretrained_on(self) -> tuple[str, ...]:
        """Turbofans for pretraining: never those that the example fleet is made of."""
        return tuple(s for s in self.subsets if not (s == "FD003" and FLEET in self.plants))

    def make_plants(self) -> None:
        """Everything up to a deployed model for each plant."""
        if not self.pretrained_on:
            msg = f"Plant {FLEET} is made of FD003, so give another --subset to pretrain on."
            raise click.UsageError(msg)
        self.work.run(
            cmapss_stages(self.subsets) + pretraining(self.architectures, self.pretrained_on)
        )
        first = {"finetuned_model": {"architecture": self.architectures[0]}}
        for plant in self.plants:
            self._write_files(plant)
            self.work.run([plant_data(plant)], again=True)
            self.work.run([Stage(("finetuned_model",), plant, first)])
            click.echo("\n".join(f"  {reason}" for reason in self.work.choice(plant)))
            self._judge(plant)

    def answer(self) -> None:
        """One prediction for each plant, on a machine that the model has never seen."""
        for plant in self.plants:
            if self.work.home.registry.champion(plant) is None:
                reasons = "; ".join(self.work.verdict(plant).reasons)
                click.echo(
                    f"\nNo prediction for {plant}: the gate refused its only model ({reasons})."
                )
                continue
            stored = current(self.work.home, "plant_windows", plant)
            fleet = plant_fleet(stored)
            unit = next(u for u, role in splits_of(stored).items() if role == splits.TEST)
            seen = fleet.take([unit]).readings
            cut = max(1, round(0.7 * len(seen)))
            truth = fleet.take([unit]).rul()[cut - 1]
            for given in answer_given(self.work.home, plant, GivenReadings(seen.iloc[:cut])):
                click.echo(f"\nPrediction {given.id} for {plant}: {describe(given.prediction)}")
                click.echo(f"  It really lasted {truth:.0f} {against(given.prediction, truth)}")

    def measure(self) -> None:
        """Every architecture on the official test set of every subset."""
        click.echo(
            "\nBenchmark on the official test sets (the models above are in charge already):"
        )
        self.work.run(benchmark(self.subsets, {name: {} for name in self.architectures}))
        click.echo(benchmark_table(self.work.home, self.subsets))

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

    def _judge(self, plant: str) -> None:
        """Deploy what the gate lets through; a refusal is a result, and the demo goes on."""
        try:
            self.work.run([judgement(plant)])
        except (CheckFailedError, GateRefusedError):
            verdict = self.work.verdict(plant)
            if verdict.is_open:
                raise
            click.echo(f"The gate refused the model of {plant}: {'; '.join(verdict.reasons)}.")

    def _write_files(self, plant: str) -> None:
        home = self.work.home
        if plant == FLEET:
            write_fd003_fleet(home.plants, home.cmapss.fetch("FD003").train)
        elif plant == PUMPS:
            write_simulated_pumps(home.plants)
        elif home.settings.filters is not None:
            write_filters(home.plants, home.settings.filters)


def _check_plants(plants: tuple[str, ...], *, simulate: bool, has_filters: bool) -> None:
    """Refuse plants whose data is not there, before any work.

    Raises:
        UsageError: Says which, and what to do.
    """
    if FILTERS in plants and not has_filters:
        msg = f"Plant {FILTERS} needs its data: set RUL_FILTERS to the zip or the folder with it."
        raise click.UsageError(msg)
    if FLEET in plants and simulate:
        msg = f"{NEEDS_FD003} Leave out --simulate, or take --plant {PUMPS}."
        raise click.UsageError(msg)


def against(said: Prediction, truth: float) -> str:
    """What became of one answer, also where it does not look good."""
    unit, chance = said.life_unit, f"{100 * (1 - said.level):g}"
    if said.rul_low <= min(truth, said.cap) <= said.rul_high:  # the cap means "at least that"
        return f"{unit} more: inside the interval."
    return f"{unit} more: outside of the interval, as {chance} of 100 answers are expected to be."
