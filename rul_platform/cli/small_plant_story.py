"""The second part of `rul demo-feedback`: a plant with too few machines for the gate's statistics."""

from dataclasses import dataclass

import click

from rul_platform.cli.line_story import free_name
from rul_platform.cli.stages import Work, judgement, plant_data
from rul_platform.core.examples import FILTERS, PUMPS
from rul_platform.operation import deploying, triggering
from rul_platform.orchestration.pipeline import Stage
from rul_platform.orchestration.retraining import run_retrain
from rul_platform.storage.plant_examples import write_filters, write_simulated_pumps

BRIEF = {"approach": "full_fine_tuning", "steps": 30}
"""The first model is trained briefly, so that a retrain has something to improve."""


@dataclass(frozen=True, slots=True)
class SmallPlantStory:
    """HOLD, its reason, and the approval.

    Attributes:
        work: The opened home folder.
        plant: The filters where their data is there, simulated pumps otherwise.
    """

    work: Work
    plant: str

    @classmethod
    def prepare(cls, work: Work) -> "SmallPlantStory":
        """Write the plant, and put a briefly trained model in charge."""
        home = work.home
        if home.settings.filters is not None:
            plant = free_name(work, FILTERS)
            write_filters(home.plants, home.settings.filters, name=plant)
        else:
            plant = free_name(work, PUMPS)
            write_simulated_pumps(home.plants, name=plant)
        click.echo(f"\nA plant with few machines, {plant}; its first model is trained briefly:")
        work.run([plant_data(plant)], again=True)
        work.run([Stage(("finetuned_model",), plant, {"finetuned_model": BRIEF})])
        work.run([judgement(plant)])
        return cls(work, plant)

    def play(self) -> None:
        """Force a retrain; the gate holds its verdict back; a person approves."""
        home, plant = self.work.home, self.plant
        actor = home.people.of("demo", home.now())
        retrain = triggering.force(
            home, plant, actor=actor, reason="demonstration", flags={}, now=home.now()
        )
        run_retrain(home, self.work.instance, retrain.id)
        click.echo(self.work.gate_line(plant))
        verdict = self.work.verdict(plant)
        if verdict.verdict != "HOLD":
            return
        version = self.work.candidate(plant)
        deploying.approve(
            home,
            plant,
            version.number,
            actor=actor,
            reason="demonstration: seen and accepted",
            now=home.now(),
        )
        click.echo(f"Approved: version {version.number} is in charge of {plant} now.")
