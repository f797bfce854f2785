"""A student beside its teacher, on machines that neither learned from; and its files.

Only those are untouched. A student trains on training units alone, but what it imitates there is a
teacher that has learned from validation units too.

Belongs here: is the small model worth having, honestly compared. Does not belong here: how it is
trained (``distillation``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from rul_platform.core import splits
from rul_platform.core.calibration import Calibration
from rul_platform.core.evaluation import Evaluation, evaluate
from rul_platform.core.metrics import rmse, unit_weights
from rul_platform.core.predicted_units import PredictedUnits
from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows, even_cuts
from rul_platform.learning.fitting.training import FitResult, Progress, Watch
from rul_platform.learning.trained.learned import Learned, NetworkModel, predictions
from rul_platform.learning.trained.packaging import package
from rul_platform.learning.transfer.distillation import StudentConfig, distil

TEACHER_KNEW_THEM = (
    "The units that the student's interval comes from had no part in its own training, but its teacher "
    "learned from them too, and it imitates the teacher: the interval is somewhat optimistic. The units "
    "that only judge were unknown to both."
)
"""Said beside the interval. Without it the teacher would have to be trained once more on fewer units."""

STUDENT, TEACHER, ALONE = "student", "teacher", "student without a teacher"

CUTS = 20
"""Points of each unit's life that are scored, as in the plant's report."""


@dataclass(frozen=True, slots=True)
class Graduated:
    """A student that was taught and judged.

    Attributes:
        student: Trained.
        fitted: What its training did.
        evaluation: Of the student, the teacher, and a student of the same size that had only labels, on
            the units that only judge.
        off_teacher: Root mean squared difference from the teacher there, in life units.
        interval: Where its predictions may lie, as plain values: from the validation units, which had no
            part in its own training, but in its teacher's (``TEACHER_KNEW_THEM``).
        sizes: ``parameters``, ``onnx_bytes`` and ``teacher_onnx_bytes``.
    """

    student: NetworkModel
    fitted: FitResult
    evaluation: Evaluation
    off_teacher: float
    interval: Mapping[str, Any]
    sizes: Mapping[str, int]

    @property
    def rmse(self) -> dict[str, float]:
        """Of each on truth limited to the cap, in life units."""
        return {score.name: score.clipped.rmse for score in self.evaluation.scores}

    def to_json(self) -> dict[str, Any]:
        """Plain values for the card."""
        found = self.evaluation.differences.items()
        return {
            **self.sizes,
            "rmse": self.rmse,
            "rmse_against_teacher": self.off_teacher,
            "difference": {
                name: {"mean": d.mean, "low": d.low, "high": d.high, "verdict": d.verdict}
                for name, d in found
            },
            "judged_on_units": self.evaluation.unit_count,
            "interval_note": TEACHER_KNEW_THEM,
        }


def graduate(
    teacher: Learned,
    windows: Windows,
    preparation: Preparation,
    config: StudentConfig,
    *,
    title: str,
    watch: Watch | None = None,
    progress: Progress | None = None,
) -> Graduated:
    """Teach a student on training units and judge it on those that only judge.

    Args:
        teacher: A trained model of this plant.
        windows: All windows of the plant. Validation units calibrate, and have no part in the student's
            training: it takes all its steps.
        preparation: What they were made with.
        config: What the student is, and how it learns.
        title: Of the comparison.
        watch: Is told how the student learns; nobody is told of the one without a teacher.
        progress: Told after each validation.

    Raises:
        TooFewUnitsError: There is nothing to train or to validate on.
        EvaluationError: No unit only judges.
    """
    windows = windows.longer(
        teacher.window
    )  # the student looks at as many readings as the plant says
    valid, judges = (
        windows.select(splits.VALID),
        even_cuts(windows.select(splits.TEST).exact(), CUTS),
    )
    channels, cap = preparation.channels, preparation.cap
    config = replace(config, fit=replace(config.fit, early_stopping=False))
    teach = partial(_taught, teacher, window=preparation.window, cap=cap, progress=progress)
    student, fitted = teach(windows, channels, config, watch=watch)
    labels_only = replace(config, teacher_share=0.0)
    alone, _ = teach(windows.exact(), channels, labels_only)
    answers = {
        name: predictions(model, judges, cap=cap)
        for name, model in ((STUDENT, student), (TEACHER, teacher), (ALONE, alone))
    }
    weights = unit_weights(judges.units())
    return Graduated(
        student=student,
        fitted=fitted,
        evaluation=_judged(answers, judges, preparation, title=title, seed=config.fit.seed),
        off_teacher=float(rmse(answers[TEACHER], answers[STUDENT], weights)),
        interval=_interval(student, valid, cap=cap),
        sizes={
            "parameters": sum(each.numel() for each in student.network.parameters()),
            "onnx_bytes": len(student.graph(channels=len(channels))),
            "teacher_onnx_bytes": len(teacher.graph(channels=len(channels))),
        },
    )


def _taught(
    teacher: Learned,
    windows: Windows,
    channels: tuple[str, ...],
    config: StudentConfig,
    *,
    window: int,
    **more: Any,
) -> tuple[NetworkModel, FitResult]:
    train = windows.select(splits.TRAIN)
    said, valid = teacher.outputs(train), windows.select(splits.VALID)
    return distil(said, train.shorter(window), valid.shorter(window), channels, config, **more)


def _judged(
    answers: Mapping[str, Any], judges: Windows, preparation: Preparation, *, title: str, seed: int
) -> Evaluation:
    given = PredictedUnits(
        title=title,
        life_unit=preparation.life_unit,
        cap=preparation.cap,
        unit_ids=judges.units(),
        life=judges.index["life"].to_numpy(dtype=np.float64),
        truth=judges.rul(),
        predictions=answers,
        main=STUDENT,
    )
    return evaluate(given, seed=seed)


def files_of(
    graduated: Graduated, windows: Windows, preparation: Preparation, facts: Mapping[str, Any]
) -> dict[str, bytes]:
    """The student as a model artifact, which answers like any other.

    Args:
        graduated: The student and how it was judged.
        windows: All windows of the plant: on each its graph is compared with the network.
        preparation: What they were made with.
        facts: Where it comes from.

    Raises:
        FidelityError: The graph does not say what the student says.
    """
    return package(
        graduated.student,
        preparation,
        windows=windows,
        interval=graduated.interval,
        facts={**facts, "student": graduated.to_json()},
        tables={"history": graduated.fitted.history},
    )


def _interval(student: NetworkModel, valid: Windows, *, cap: float) -> dict[str, Any]:
    cuts = even_cuts(valid.exact(), CUTS)
    said = predictions(student, cuts, cap=cap)
    return Calibration.from_errors(cuts.units(), said, cuts.rul(), cap=cap).to_json()
