"""The stages that commands are made of, and an opened home to run them on."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from rul_platform.cli.console import run_stages
from rul_platform.core.architectures import ARCHITECTURES
from rul_platform.core.gate import HOLD, REJECT, Verdict
from rul_platform.core.parents import NEWEST
from rul_platform.errors import (
    CheckFailedError,
    DataNotFoundError,
    GateRefusedError,
)
from rul_platform.operation.parents import selected
from rul_platform.orchestration.assets.deployed_model import way_to_approve
from rul_platform.orchestration.assets.pretrained_checkpoint import PretrainedCheckpointConfig
from rul_platform.orchestration.instance import open_instance
from rul_platform.orchestration.pipeline import Pipeline, Stage
from rul_platform.orchestration.step import current
from rul_platform.settings import Settings
from rul_platform.storage.home import Clock, Home, utc_now
from rul_platform.storage.models import ModelVersion
from rul_platform.storage.plain_files import write_whole


def cmapss_stages(subsets: Sequence[str]) -> list[Stage]:
    """From NASA's text to windows."""
    return [Stage(("raw_cmapss", "cmapss_windows"), subset) for subset in subsets]


def pretraining(
    architectures: Sequence[str],
    subsets: Sequence[str],
    options: Mapping[str, Any] = MappingProxyType({}),
) -> list[Stage]:
    """One checkpoint for each architecture."""
    config = {"pretrained_checkpoint": {**options, "subsets": list(subsets)}}
    return [Stage(("pretrained_checkpoint",), name, config) for name in architectures]


def plant_data(plant: str) -> Stage:
    """From a plant's own files to windows."""
    return Stage(("plant_readings", "plant_windows"), plant)


def judgement(plant: str) -> Stage:
    """Report, gate and deployment."""
    return Stage(("evaluation_report", "deployed_model"), plant)


def benchmark(
    subsets: Sequence[str], architectures: Mapping[str, Mapping[str, Any]]
) -> list[Stage]:
    """Every architecture, with its options, on every subset."""
    return [
        Stage(("cmapss_benchmark",), f"{name}|{subset}", {"cmapss_benchmark": options})
        for subset in subsets
        for name, options in architectures.items()
    ]


def benchmark_table(home: Home, subsets: Sequence[str]) -> str:
    """Clipped RMSE of every model that the benchmark scored, a line for each subset."""
    lines = [
        "\nRMSE in cycles on the official test sets, truth clipped at the label cap, one seed:"
    ]
    for subset in subsets:
        scores: dict[str, float] = {}
        for name in ARCHITECTURES:
            files = current(home, "cmapss_benchmark", f"{name}|{subset}")
            rows = json.loads(files.read("scores.json"))
            scores |= {row["model"]: row["clipped_rmse"] for row in rows}
        order = [*ARCHITECTURES, *(model for model in scores if model not in ARCHITECTURES)]
        lines.append(f"  {subset}  " + "  ".join(f"{m} {scores[m]:.2f}" for m in order))
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Work:
    """An opened home folder that stages run on.

    Attributes:
        home: The folder.
        pipeline: Runs stages on it.
        instance: Its Dagster instance, for those in ``orchestration`` who ask for one.
    """

    home: Home
    pipeline: Pipeline
    instance: Any  # the command line knows no Dagster

    def run(self, stages: list[Stage], *, again: bool = False, aside: bool = False) -> None:
        """Run stages in order, with progress; ``aside``: told on the error stream."""
        run_stages(self.home, self.pipeline, stages, again=again, aside=aside)

    def require_plant(self, plant: str) -> None:
        """Refuse a plant that has no file.

        Raises:
            DataNotFoundError: Names the plants that have one.
        """
        if self.home.plant_file(plant).is_file():
            return
        known = ", ".join(sorted(path.stem for path in self.home.plants.glob("*.toml"))) or "none"
        msg = (
            f"There is no plant file {self.home.plant_file(plant)}; plants found: {known}. Make one "
            f"with `rul plant init {plant} --files 'data/*.csv'`."
        )
        raise DataNotFoundError(msg)

    def pretrained_with(self, architecture: str) -> dict[str, Any]:
        """The options of the newest pretraining but for its subsets; none where there is none."""
        made = self.home.lineage.current("pretrained_checkpoint", architecture)
        kept = set(PretrainedCheckpointConfig.model_fields) - {"subsets"}
        return {} if made is None else {k: v for k, v in made.parameters.items() if k in kept}

    def pinned_parent(self, architecture: str) -> str | None:
        """What trainings start from whatever `rul pretrain` makes, for people; None where nothing is."""
        chosen = selected(self.home, architecture)
        if chosen is None or chosen.name == NEWEST:
            return None
        return chosen.name or f"checkpoint {chosen.sha256[:12]}"

    def report(self, plant: str) -> Path:
        """Copy the plant's newest report to where a person finds it."""
        target = self.home.report_file(plant)
        write_whole(target, current(self.home, "evaluation_report", plant).read("report.html"))
        return target

    def candidate(self, plant: str) -> ModelVersion:
        """The version that the plant's newest training made, or made again.

        Raises:
            NotMaterializedError: The plant has no model yet.
        """
        sha256 = current(self.home, "finetuned_model", plant).sha256
        return next(v for v in self.home.registry.versions(plant) if v.sha256 == sha256)

    def choice(self, plant: str) -> tuple[str, ...]:
        """Why the plant's newest model is made as it is, and whether pretraining helps here."""
        card = json.loads(current(self.home, "finetuned_model", plant).read("card.json"))
        return tuple(card.get("choice", {}).get("reasons", ()))

    def judge(self, stages: list[Stage], plant: str, *, again: bool) -> None:
        """Run stages that judge the candidate, and say what came out, also when it is held or refused.

        Raises:
            GateRefusedError: The gate said no, now or when it was asked before.
        """
        self.candidate(plant)
        try:
            self.run(stages, again=again)
        except CheckFailedError:
            if self.verdict(plant).is_open:
                raise
        click.echo(self.summary(plant))
        verdict = self.verdict(plant)
        number = self._number(plant, verdict)
        if verdict.verdict == REJECT:
            raise GateRefusedError(plant, number, verdict.reasons)
        if self._waits_for_a_person(plant, number, verdict):
            click.echo(f"To let it through: {way_to_approve(self.home, plant, number)}")

    def _waits_for_a_person(self, plant: str, number: int, verdict: Verdict) -> bool:
        """Whether the gate or the policy left it to a person, who has not decided yet."""
        is_asked = (
            verdict.verdict == HOLD or self.home.configured(plant).policy.approval == "always"
        )
        return is_asked and self.home.registry.version(plant, number).state == "candidate"

    def verdict(self, plant: str) -> Verdict:
        """What the gate said last."""
        report = current(self.home, "evaluation_report", plant)
        return Verdict.from_json(json.loads(report.read("gate.json")))

    def gate_line(self, plant: str) -> str:
        """What the gate said last, in one line."""
        verdict = self.verdict(plant)
        reasons = "; ".join(verdict.reasons[:2])
        if len(verdict.reasons) > 2:
            reasons += f"; and {len(verdict.reasons) - 2} more, see the report"
        return f"Gate on version {self._number(plant, verdict)}: {verdict.verdict} ({reasons})."

    def _number(self, plant: str, verdict: Verdict) -> int:
        found = [
            v for v in self.home.registry.versions(plant) if v.sha256 == verdict.evidence.candidate
        ]
        return found[0].number

    def summary(self, plant: str) -> str:
        """Who is in charge and why, and where the report is."""
        champion = self.home.registry.champion(plant)
        in_charge = f"version {champion.number}" if champion else "no model"
        return (
            f"{self.gate_line(plant)}\n"
            f"In charge of {plant}: {in_charge}.\n"
            f"Report: {self.report(plant)}"
        )


@contextmanager
def opened(settings: Settings, *, clock: Clock = utc_now) -> Iterator[Work]:
    """Open the home folder and its embedded Dagster instance."""
    home = Home(settings, clock=clock)
    with open_instance(home) as instance:
        yield Work(home, Pipeline(home, instance), instance)
