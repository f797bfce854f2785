"""A small network that learns from a large model's answers as well as from the labels: for the edge.

Knowledge distillation (Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015).
For regression the student's loss is the mean of its squared error to the label and to the teacher. The
two parabolas add up to one: up to a constant, it is the squared error to a target between the two
(a(s-y)^2 + (1-a)(s-t)^2 = (s - (ay + (1-a)t))^2 + something without s). So the ordinary training loop
distils, once the labels are softened. Where the label is only a lower bound, the teacher alone teaches,
and never below the bound.

Belongs here: softened labels, and training a student on them. Does not belong here: which model is the
teacher, and what the student is worth (``orchestration``).

Shape letter: N windows.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.architectures import Architecture
from rul_platform.core.labels import to_life
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows
from rul_platform.learning.fitting.training import FitResult, Progress, Watch, fit
from rul_platform.learning.networks import models
from rul_platform.learning.trained.learned import NetworkModel

TEACHER_SHARE = 0.5
"""As much from the teacher as from the label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentConfig:
    """What the student is, and how it learns.

    Attributes:
        fit: The loop's settings.
        family: Of the student.
        hidden_size: Its hidden units.
        bins: Of a label distribution, whose expectation is its answer; 0: it answers with a number.
        teacher_share: How much the teacher counts beside the label, from 0 (not at all) to 1.
    """

    fit: FitConfig
    family: Architecture = "gru"
    hidden_size: int = 16
    bins: int = 0
    teacher_share: float = TEACHER_SHARE


def softened(
    windows: Windows, teacher: NDArray[np.floating], *, share: float, cap: float
) -> Windows:
    """The same windows, with labels between the truth and what the teacher says.

    Args:
        windows: N windows.
        teacher: Shape ``(N,)``, its answers in units of the cap.
        share: How much the teacher counts, from 0 to 1.
        cap: Label cap, in life units.

    Returns:
        Windows none of whose labels is a lower bound: those take the teacher's answer, or the bound
        where it says less.
    """
    label, said = np.minimum(windows.rul(), cap), to_life(teacher, cap)
    mixed = share * said + (1 - share) * label
    soft = np.where(windows.at_least(), np.maximum(said, label), mixed)
    return Windows(windows.table, windows.index.assign(rul=soft, at_least=False), windows.length)


def distil(
    teacher: NDArray[np.floating],
    train: Windows,
    valid: Windows,
    channels: tuple[str, ...],
    config: StudentConfig,
    *,
    cap: float,
    watch: Watch | None = None,
    progress: Progress | None = None,
) -> tuple[NetworkModel, FitResult]:
    """Train a student.

    Args:
        teacher: Shape ``(N,)``, answers to ``train`` in units of the cap.
        train: N windows to learn from; some may have lower bounds for labels.
        valid: Windows of other units, with their true labels: for early stopping, where ``config.fit``
            asks for it, else for the history only.
        channels: Names of the channels.
        config: What the student is, and how it learns.
        cap: Label cap, in life units.
        watch: Is told of each validation and of the end.
        progress: Told after each validation.

    Raises:
        TooFewUnitsError: There is nothing to train or to validate on.
        NetworkError: A label distribution is asked for, and there are no bins.
    """
    size = models.default_config(config.family, len(channels), hidden_size=config.hidden_size)
    size = replace(size, bins=config.bins)
    network = models.build(size, seed=config.fit.seed)
    soft = softened(train, teacher, share=config.teacher_share, cap=cap)
    fitted = fit(network, soft, valid, config.fit, cap=cap, watch=watch, progress=progress)
    return NetworkModel(network.eval(), size, channels, train.length), fitted
