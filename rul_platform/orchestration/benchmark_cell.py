"""One cell of the benchmark: one architecture on one subset, trained, packed and scored.

Belongs here: what `cmapss_benchmark` computes. Does not belong here: reading and publishing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rul_platform.core.artifact_files import MODEL_FILE
from rul_platform.core.benchmark import Answers, BenchmarkRow, beyond_cap, scores
from rul_platform.core.calibration import Calibration
from rul_platform.core.cmapss import SIMULATED
from rul_platform.core.evaluation import BOOSTING, CONSTANT
from rul_platform.core.folds import assign_folds
from rul_platform.core.labels import to_life
from rul_platform.core.metrics import Rows
from rul_platform.core.predicted_units import PredictedUnits
from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows, last_of_each_unit
from rul_platform.orchestration.benchmark_config import BenchmarkConfig
from rul_platform.orchestration.benchmark_facts import notes, training_facts
from rul_platform.orchestration.step import Files
from rul_platform.orchestration.stored_windows import cmapss_test, cmapss_training
from rul_platform.storage.home import Progress

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.inference.predictor import Outputs
    from rul_platform.learning.fitting.loop import Watch
    from rul_platform.learning.trained.trials import Lesson, Trial

ROW_FILE = "benchmark.json"
"""A :class:`~rul_platform.core.benchmark.BenchmarkRow`."""


def nobody(_training: str) -> None:
    """Who watches a training that nobody wants to watch."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the benchmark: what is trained, on what, and how it is scored."""

    subset: str
    name: str
    config: BenchmarkConfig
    stored: Files
    preparation: Preparation
    progress: Progress | None

    def trials(self, *, watch: "Callable[[str], Watch | None]" = nobody) -> "list[Trial]":
        """One training for each seed; none of a constant.

        Args:
            watch: From a training's name to whoever is told how it goes.
        """
        from rul_platform.learning.trained import trials

        if self.name == CONSTANT:
            return []
        lesson = self.lesson()
        seeds = range(self.config.seed, self.config.seed + self.config.seeds)
        lessons = (
            replace(lesson, fit=replace(lesson.fit, seed=seed), watch=watch(f"seed_{seed}"))
            for seed in seeds
        )
        return [trials.train(self.name, each, progress=self.progress) for each in lessons]

    def packaged(self, trial: "Trial") -> dict[str, bytes]:
        """The files of the first seed's model, as they would serve."""
        from rul_platform.learning.trained import packaging

        left_out, cap = trial.left_out, self.preparation.cap
        calibration = _calibrated(trial, cap)
        return packaging.package(
            trial.model,
            self.preparation,
            windows=self._tested(trial.model.window),
            interval=calibration.to_json(),
            facts={
                "subset": self.subset,
                "windows": self.stored.sha256,
                "training": training_facts(self.name, self.config, self.lesson(), trial),
                "units": {"train": sorted(set(self._known().units().tolist()))},
                "valid_rmse": trial.valid_rmse(cap),
                "notes": list(notes(trial)),
            },
            tables={**trial.tables, "left_out": left_out},
        )

    def answers(self, trials: "Sequence[Trial]", files: Mapping[str, bytes]) -> Answers:
        """What every seed's model says of the last flight of each test engine; the first by ONNX."""
        from rul_platform.learning.trained import baselines

        cap, test = self.preparation.cap, self._tested(self.preparation.window)
        said = self._said(trials, files)
        predicted = [to_life(each.rul, cap) for each in said]
        unlimited = [
            below if each.far is None else beyond_cap(below, each.far, cap=cap)
            for each, below in zip(said, predicted, strict=True)
        ]
        usual = [] if trials else [baselines.constant(self._known(), test, cap=cap)]
        return Answers(
            units=test.units(),
            truth=test.rul(),
            cap=cap,
            predicted=[*predicted, *usual],
            unlimited=[*unlimited, *usual],
            has_far=any(each.far is not None for each in said),
            intervals=[
                _calibrated(trial, cap).interval(each)
                for trial, each in zip(trials, predicted, strict=True)
            ],
        )

    def _said(self, trials: "Sequence[Trial]", files: Mapping[str, bytes]) -> "list[Outputs]":
        """What the models' heads say; the first model's as it would serve."""
        from rul_platform.inference.predictor import Outputs, Predictor

        said: list[Outputs] = []
        for trial in trials:
            asked, model = self._tested(trial.model.window), trial.model
            if trial is trials[0]:
                said.append(Predictor.from_files(files).outputs(asked))
            else:
                said.append(Outputs(model.outputs(asked), model.far_outputs(asked)))
        return said

    def row(
        self, trials: "Sequence[Trial]", files: Mapping[str, bytes], answers: Answers
    ) -> BenchmarkRow:
        """The figures of the table."""
        from rul_platform.learning.trained.graphs import learned_numbers

        cap = self.preparation.cap
        valid = [trial.valid_rmse(cap) for trial in trials]
        return BenchmarkRow(
            subset=self.subset,
            architecture=self.name,
            **scores(answers, seed=self.config.seed),
            valid_rmse=float(np.mean(valid)) if valid else None,
            cpu_seconds=float(np.mean([trial.cpu_seconds for trial in trials] or [0.0])),
            parameters=learned_numbers(files[MODEL_FILE]) if trials else 1,
        )

    def side_by_side(
        self, trials: "Sequence[Trial]", files: Mapping[str, bytes], answers: Answers
    ) -> PredictedUnits:
        """The first seed's predictions beside boosting and a constant, for the report."""
        from rul_platform.inference.predictor import Predictor

        test, shown = self._tested(self.preparation.window), {self.name: answers.predicted[0]}
        if answers.has_far:
            shown[f"{self.name}, beyond the cap"] = answers.unlimited[0]
        low = high = None
        if files:
            low, high = Predictor.from_files(files).interval(shown[self.name])
        return PredictedUnits(
            title=f"{self.name} on C-MAPSS {self.subset}",
            life_unit=self.preparation.life_unit,
            cap=answers.cap,
            unit_ids=answers.units,
            life=test.index["life"].to_numpy(),
            truth=answers.truth,
            predictions={**self._baselines(), **shown},
            main=self.name,
            facts={"windows sha256": self.stored.sha256, "seed": self.config.seed},
            notes=notes(trials[0]) if trials else (),
            simulated=self.subset == SIMULATED,
            interval_low=low,
            interval_high=high,
        )

    def _baselines(self) -> dict[str, Rows]:
        """Boosting and a constant, from the same engines."""
        from rul_platform.learning.trained import baselines
        from rul_platform.learning.trained.boosting import fit_boosting
        from rul_platform.learning.trained.ensemble_recipe import EnsembleRecipe

        cap, recipe = self.preparation.cap, EnsembleRecipe()
        test, known = self._tested(recipe.boosting_window), self._known()
        trees = fit_boosting(
            known.of_length(recipe.boosting_window),
            cap=cap,
            seed=self.config.seed,
            leaves=recipe.boosting_leaves,
        )
        return {
            BOOSTING: to_life(trees.outputs(test), cap),
            CONSTANT: baselines.constant(known, test, cap=cap),
        }

    def lesson(self) -> "Lesson":
        """What there is to learn from, and how, with the first seed."""
        from rul_platform.learning.networks.presets import PRESETS
        from rul_platform.learning.trained.ensemble_recipe import EnsembleRecipe
        from rul_platform.learning.trained.trials import Lesson

        known, config = self._known(), self.config
        usual = PRESETS[self.name].loss if self.name in PRESETS else "mse"
        fit = replace(config.fit(), loss=config.loss.value if config.loss else usual)
        return Lesson(
            windows=known,
            channels=self.preparation.channels,
            cap=self.preparation.cap,
            folds=assign_folds(known.units().tolist(), seed=0, source=f"{self.subset} engines"),
            fit=fit,
            hidden_size=config.hidden_size,
            far=config.far,
            recipe=EnsembleRecipe(steps=config.ensemble_steps),
            layers=config.layers,
            dropout=config.dropout,
            bins=config.bins,
        )

    def _known(self) -> Windows:
        return cmapss_training(self.stored)

    def _tested(self, window: int) -> Windows:
        """The last flight of every test engine, with so many readings before it."""
        return last_of_each_unit(cmapss_test(self.stored).of_length(window))


def _calibrated(trial: "Trial", cap: float) -> Calibration:
    """Of the errors on engines that the model did not learn from."""
    said = trial.left_out
    return Calibration.from_errors(said["unit"], said["predicted"], said["rul"], cap=cap)
