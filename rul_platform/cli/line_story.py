"""What `rul demo-feedback` plays on a line of pumps, day by day on a clock of its own."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import click
import numpy as np

from rul_platform.cli.stages import Work, cmapss_stages, judgement, plant_data, pretraining
from rul_platform.cli.walkthrough import Walkthrough
from rul_platform.core.examples import PUMP_LINE, PUMPS
from rul_platform.core.simulated_line import DAY_HOURS, Line, LinePump, opinion
from rul_platform.errors import CheckFailedError, GateRefusedError
from rul_platform.operation import deploying
from rul_platform.operation.answering import answer
from rul_platform.operation.intake import FeedbackRow, OutcomeRow, add_feedback, add_outcomes
from rul_platform.orchestration.pipeline import Stage
from rul_platform.orchestration.step import current
from rul_platform.orchestration.ticks import tick_feedback, tick_guard
from rul_platform.storage.plant_examples import write_pump_line

POSITIONS = 40
"""Pumps at work at a time."""

USUAL_DAYS = 28
"""Before the liquid turns harsh."""

ANSWERS_EVERY_DAYS = 2
RATED_SHARE = 0.3
"""Part of the answers that somebody rates ..."""

RATED_AFTER_DAYS = 8
"""... once it has turned out how good they were."""

TOLD_SHARE = 0.9
"""Part of the failures that somebody reports; the others are never heard of."""

OPERATORS = tuple(f"operator {letter}" for letter in "ABCDEF")
BAD_MODEL = {"approach": "full_fine_tuning", "steps": 3, "learning_rate": 1e-7, "seed": 99}
"""Training that teaches nothing: what a broken pipeline might produce."""

WEEK_DAYS = 7


class SimulatedClock:
    """A clock that stands still until somebody moves it; begins some weeks ago and ends now."""

    def __init__(self, begin: datetime) -> None:
        self.begin = self._now = begin

    @classmethod
    def weeks_ago(cls, weeks: int) -> "SimulatedClock":
        """So that the last of the weeks ends now."""
        return cls(datetime.now(UTC) - timedelta(weeks=weeks))

    def __call__(self) -> datetime:
        """What it shows."""
        return self._now

    def move(self, hour: float) -> None:
        """To an hour after the beginning."""
        self._now = self.begin + timedelta(hours=hour)


@dataclass(slots=True)
class Week:
    """What happened in a week, for its line in the terminal."""

    answers: int = 0
    positive: int = 0
    negative: int = 0
    failures: int = 0
    versions: set[int] = field(default_factory=set[int])

    @property
    def satisfaction(self) -> str:
        """In per cent, or a dash."""
        rated = self.positive + self.negative
        return f"{self.positive / rated:.0%}" if rated else "-"


@dataclass(slots=True)
class LineStory:
    """The weeks on one plant.

    Attributes:
        work: The opened home folder, whose clock is ``clock``.
        clock: Moved forward day by day.
        plant: Made for this story.
        line: Everything that will happen to the machines.
        weeks: How many to play.
        cap_hours: The label cap: beyond it every answer near the cap is right.
        random: Who rates, and what is reported.
        week: What happened in this week so far.
        seen: Units that were ever predicted; nobody reports the others.
        unrated: Ratings by the hour at which they will be given.
    """

    work: Work
    clock: SimulatedClock
    plant: str
    line: Line
    weeks: int
    cap_hours: float
    random: np.random.Generator
    week: Week = field(default_factory=Week)
    seen: set[str] = field(default_factory=set[str])
    unrated: dict[float, list[FeedbackRow]] = field(default_factory=dict[float, list[FeedbackRow]])

    @classmethod
    def prepare(
        cls, work: Work, clock: SimulatedClock, *, weeks: int, seed: int, simulate: bool
    ) -> "LineStory":
        """Pretrain, write the plant's past, and put a first model in charge."""
        subsets = Walkthrough.plan(work, ("FD001",), (PUMPS,), ("lstm",), simulate=simulate).subsets
        work.run(cmapss_stages(subsets) + pretraining(("lstm",), subsets))
        plant = free_name(work, PUMP_LINE)
        write_pump_line(work.home.plants, seed=seed + 1, name=plant)
        work.run([plant_data(plant)], again=True)
        work.run([Stage(("finetuned_model",), plant), judgement(plant)])
        click.echo(work.summary(plant))
        line = Line.simulate(
            positions=POSITIONS,
            days=weeks * WEEK_DAYS,
            harsh_from_day=USUAL_DAYS,
            seed=seed + 2,
        )
        cap = json.loads(current(work.home, "plant_windows", plant).read("preparation.json"))["cap"]
        return cls(work, clock, plant, line, weeks, cap, np.random.default_rng(seed + 3))

    def play(self) -> None:
        """Day by day: answers, ratings, failures, and what the sensors make of them."""
        at_work = len(self.line.at_work(0.0))
        click.echo(f"\n{at_work} pumps at work, {self.weeks} weeks on a clock of their own:")
        for day in range(1, self.weeks * WEEK_DAYS):
            self.clock.move(day * DAY_HOURS)
            if day == USUAL_DAYS:
                click.echo("          The liquid turns harsh: pumps run hotter and wear faster.")
            if day == (self.weeks - 3) * WEEK_DAYS:
                self._force_bad_model()
            self._live(day)
            self._watch()
            if day % WEEK_DAYS == 0:
                self._tell_week(day // WEEK_DAYS)

    def say_where_to_look(self, seconds: float) -> None:
        """The end: the next commands."""
        click.echo(
            f"\nDone in {seconds:.0f} s. Next:\n"
            f"  rul retrain history {self.plant}    what was asked for, why, and what came of it\n"
            f"  rul retrain check {self.plant}      whether it would happen again now\n"
            f"  rul models {self.plant}             every version\n"
            f"  rul ui                              the same in Dagster: assets, runs, sensors"
        )

    def _live(self, day: int) -> None:
        """What happens to machines and people in a day."""
        hour = day * DAY_HOURS
        if day % ANSWERS_EVERY_DAYS == 1:
            self._answer(hour)
        self._rate(hour)
        self._report(self.line.failed(hour - DAY_HOURS, hour))

    def _answer(self, hour: float) -> None:
        home, random = self.work.home, self.random
        at_work = {pump.name: pump for pump in self.line.at_work(hour)}
        for given in answer(home, self.plant, {"line.csv": self.line.readings(hour)}):
            self.week.answers += 1
            self.week.versions.add(given.number)
            self.seen.add(given.prediction.unit)
            if random.random() >= RATED_SHARE:
                continue
            said = given.prediction
            truth = at_work[said.unit].ends - hour
            rating, reason = opinion(said.rul, truth, cap=self.cap_hours, random=random)
            person = OPERATORS[int(random.integers(len(OPERATORS)))]
            row = FeedbackRow(given.id, rating, reason=reason, person=person)
            self.unrated.setdefault(hour + RATED_AFTER_DAYS * DAY_HOURS, []).append(row)

    def _rate(self, hour: float) -> None:
        rows = self.unrated.pop(hour, [])
        self.week.positive += sum(row.rating == "positive" for row in rows)
        self.week.negative += sum(row.rating == "negative" for row in rows)
        add_feedback(self.work.home, self.plant, rows, now=self.clock())

    def _report(self, failed: tuple[LinePump, ...]) -> None:
        told = [
            OutcomeRow(pump.name, "failed", pump.failed_at)
            for pump in failed
            if pump.name in self.seen and self.random.random() < TOLD_SHARE
        ]
        self.week.failures += len(failed)
        add_outcomes(self.work.home, self.plant, told, now=self.clock())

    def _watch(self) -> None:
        """One tick of the sensors, and the runs that they ask for."""
        home, before = self.work.home, self._in_charge()
        tick_guard(home, self.work.instance)
        for number in tick_feedback(home, self.work.instance):
            retrain = home.retrains.get(number)
            reasons = "; ".join(retrain.cause["reasons"])
            click.echo(f"          Retrain {number} ({reasons}): {retrain.state}.")
            click.echo("          " + self.work.gate_line(self.plant))
        if self._in_charge() != before:
            deployment = home.registry.deployments(self.plant)[-1]
            why = deployment.evidence.get("reason", "better by more than chance")
            click.echo(
                f"          Version {self._in_charge()} is in charge ({deployment.kind}): {why}."
            )

    def _force_bad_model(self) -> None:
        """Train a model that learned nothing, and put it in charge against the gate's verdict."""
        config = {"finetuned_model": BAD_MODEL}
        try:
            self.work.run([Stage(("finetuned_model",), self.plant, config), judgement(self.plant)])
        except (CheckFailedError, GateRefusedError):
            click.echo("          " + self.work.gate_line(self.plant))
        sha256 = current(self.work.home, "finetuned_model", self.plant).sha256
        number = next(
            v.number for v in self.work.home.registry.versions(self.plant) if v.sha256 == sha256
        )
        deploying.approve(
            self.work.home,
            self.plant,
            number,
            actor=self.work.home.people.of("demo", self.clock()),
            reason="demonstration: a bad model, forced in",
            force=True,
            now=self.clock(),
        )
        click.echo(f"          Version {number} is forced in all the same.")

    def _in_charge(self) -> int | None:
        champion = self.work.home.registry.champion(self.plant)
        return champion.number if champion else None

    def _tell_week(self, number: int) -> None:
        week, self.week = self.week, Week()
        click.echo(
            f"  week {number:>2}  {week.answers:>4} answers  {week.positive + week.negative:>4} rated  "
            f"{week.satisfaction:>4} satisfied  {week.failures:>3} failures  "
            f"version {' and '.join(map(str, sorted(week.versions)))}"
        )


def free_name(work: Work, wanted: str) -> str:
    """The first of ``wanted``, ``wanted_2``, … that no plant has."""
    taken = {path.stem for path in work.home.plants.glob("*.toml")}
    taken |= {version.plant for version in work.home.registry.versions()}
    names = [wanted, *(f"{wanted}_{n}" for n in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)
