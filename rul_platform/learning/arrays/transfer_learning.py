"""Transfer learning on arrays, step by step: what a notebook does by hand.

Belongs here: one network with its names, fed with arrays. Does not belong here: what is loaded and
what is frozen (``finetuning``), the loop (``training``), files (``rul_platform.notebook``).

Shape letters: N samples, W readings of each, F channels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rul_platform.core.architectures import Architecture
from rul_platform.core.arrays import as_windows, divide
from rul_platform.core.labels import DEFAULT_CAP_CYCLES
from rul_platform.core.recipe import FitConfig, steps_of
from rul_platform.core.terms import Terms
from rul_platform.core.windows import Windows
from rul_platform.errors import ArraysError, CheckpointError
from rul_platform.learning.arrays.given_options import (
    fingerprints_of,
    require_model,
    require_training,
)
from rul_platform.learning.arrays.scores import FineTuned, Score, measured
from rul_platform.learning.fitting import training
from rul_platform.learning.networks import checkpoints
from rul_platform.learning.networks.checkpoints import Checkpoint
from rul_platform.learning.networks.models import build, default_config
from rul_platform.learning.transfer.finetuning import (
    FinetuneConfig,
    TransferReport,
    finetune,
    transfer,
)

PRETRAINED_RATE = 0.2
"""Factor on the learning rate of the pretrained encoder: as in ``finetuning``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How to train on arrays.

    Attributes:
        epochs: How often every training sample is seen, at most: the weights that validated best stay.
        learning_rate: Peak for the model's own parts; a pretrained encoder learns at a fifth of it.
        batch_size: Samples in a batch.
        validation: Share that is held out, of the units or of the samples; between 0 and 1.
        seed: Which units are held out, order of the batches, dropout.

    Raises:
        OptionsError: Lists every one that does not fit.
    """

    epochs: int = 20
    learning_rate: float = 5e-3
    batch_size: int = 256
    validation: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        require_training(**asdict(self))


class RulModel:
    """A network that maps samples ``(N, W, F)`` to remaining useful life ``(N,)``.

    Args:
        hidden_size: Units of a state, where no pretrained model brings its own.
        seed: Of the weights that are drawn.
        life_unit: ``cycles``, ``hours`` or ``seconds``; None: not said.
        scaler: What scaled the samples: ``scaler`` of ``PlantArrays``, or any plain numbers of your own,
            such as ``{"mean": [...], "spread": [...]}``; None: not said. It scales nothing: a checkpoint
            keeps its fingerprint, so that :meth:`apply` can tell of another one.

    Attributes:
        architecture: ``lstm``, ``gru`` or ``tcn``.
        channels: Names of the F channels, in order; weights are inherited by these names.
        cap: Limit of labels and predictions, in life units.
        config: What the network was built from.
        network: The torch module.
        report: What became of a checkpoint's weights; None without :meth:`apply`.
        terms: What its numbers mean, as a checkpoint says; the window is known from the first samples
            that it learns from.

    Raises:
        OptionsError: Lists every option that does not fit.
    """

    def __init__(
        self,
        architecture: Architecture,
        channels: Sequence[str],
        *,
        cap: float = DEFAULT_CAP_CYCLES,
        hidden_size: int = 64,
        seed: int = 0,
        life_unit: str | None = None,
        scaler: str | Mapping[str, Any] | None = None,
    ) -> None:
        require_model(
            architecture=architecture,
            channels=channels,
            cap=cap,
            hidden_size=hidden_size,
            seed=seed,
            life_unit=life_unit,
            scaler=scaler,
        )
        self.architecture, self.channels, self.cap, self._seed = (
            architecture, tuple(str(name) for name in channels), float(cap), int(seed),
        )  # fmt: skip
        self.config = default_config(architecture, len(self.channels), hidden_size=int(hidden_size))
        self.network = build(self.config, seed=self._seed)
        self.report: TransferReport | None = None
        self.terms = Terms(cap=self.cap, life_unit=life_unit, scalers=fingerprints_of(scaler))
        self._pretrained: Checkpoint | None = None
        self._is_frozen, self._foreign_answers = False, None

    def apply(self, pretrained: Checkpoint, *, freeze_encoder: bool = False) -> TransferReport:
        """Start from a pretrained model: take on its sizes, and its weights as far as they fit.

        Args:
            pretrained: Of the same architecture. Input weights are taken by channel name.
            freeze_encoder: Leave the encoder as it is in :meth:`fine_tune`.

        Returns:
            Which weights were loaded, skipped and frozen, and why; and, as ``remarks``, what was
            different where it learned, as far as both say so.

        Raises:
            CheckpointError: It is of another architecture.
        """
        if pretrained.config.name != self.architecture:
            found = {"model_name": (pretrained.config.name, self.architecture)}
            raise CheckpointError("The pretrained model", found)
        freeze = "encoder" if freeze_encoder else "nothing"
        self.network, self.config, self.report = transfer(
            pretrained, self.channels, seed=self._seed, freeze=freeze, terms=self.terms
        )
        self._pretrained, self._is_frozen = pretrained, freeze_encoder
        self._foreign_answers = pretrained.terms.foreign_answers(self.terms)
        return self.report

    def fine_tune(
        self,
        x: ArrayLike,
        y: ArrayLike,
        how: Training = Training(),
        *,
        units: ArrayLike | None = None,
    ) -> FineTuned:
        """Learn from samples, hold a part of them out, and keep the weights that did best on it.

        Args:
            x: Shape ``(N, W, F)``, scaled, oldest reading first.
            y: Shape ``(N,)``, true RUL in life units.
            how: How to train.
            units: Shape ``(N,)``, which machine each sample is of: whole machines are held out.
                Without them the last samples are.

        Raises:
            ArraysError: The arrays do not fit each other or the channels.
            TooFewUnitsError: Nothing would be left to learn from or to measure on.
        """
        given = divide(self.windows(x, y, units), share=how.validation, seed=how.seed)
        self._learns_from(given.train.length)
        config = FinetuneConfig(
            fit=_fit_config(how, len(given.train)),
            freeze="encoder" if self._is_frozen else "nothing",
            pretrained_rate=PRETRAINED_RATE if self.report else 1.0,
        )
        own_input = self.report is None or self.report.has_own_input
        done = finetune(
            self.network, given.train, given.held_out, config, cap=self.cap, own_input=own_input
        )
        score = self._score(given.held_out, given.measured_on)
        return FineTuned(
            score.mae, score.rmse, score.measured_on, done.history, done.best_step, done.cpu_seconds
        )

    def predict(self, x: ArrayLike) -> NDArray[np.float64]:
        """Remaining useful life of samples ``(N, W, F)``, shape ``(N,)``, in life units.

        Raises:
            ArraysError: The samples do not fit the channels.
            CheckpointError: It is a pretrained model as it is, of another cap or unit of life.
        """
        windows = self.windows(x, None, None)
        self._require_own_answers()
        return training.predict(self.network, windows, self.cap)

    def score(self, x: ArrayLike, y: ArrayLike, *, units: ArrayLike | None = None) -> Score:
        """Compare predictions with the truth, on samples that nothing was learned from.

        Raises:
            ArraysError: The arrays do not fit each other or the channels.
            CheckpointError: It is a pretrained model as it is, of another cap or unit of life.
        """
        windows = self.windows(x, y, units)
        self._require_own_answers()
        each = "every sample counts once" if units is None else "every unit counts once"
        return self._score(windows, f"the {len(windows)} samples given; {each}")

    def checkpoint(self) -> bytes:
        """The documented checkpoint format; the same weights give the same bytes."""
        return checkpoints.dump(self.network, self.config, self.channels, self.terms)

    def _learns_from(self, window: int) -> None:
        """From here on the answers are its own, and what the checkpoint's window was can be compared."""
        self.terms, self._foreign_answers = replace(self.terms, window=window), None
        if self.report is not None and self._pretrained is not None:
            remarks = self._pretrained.differences(self.terms)
            self.report = replace(self.report, remarks=remarks)

    def _require_own_answers(self) -> None:
        """Refuse to read answers in units of one cap as if they were of another."""
        if self._foreign_answers is not None:
            expected = "fine_tune first, or a RulModel with the checkpoint's cap and unit of life"
            found = {"as it is, it cannot answer": (self._foreign_answers, expected)}
            raise CheckpointError("The pretrained model", found)

    def windows(self, x: ArrayLike, y: ArrayLike | None, units: ArrayLike | None) -> Windows:
        """Samples as windows of this model's channels.

        Raises:
            ArraysError: The arrays do not fit each other or the channels.
        """
        windows = as_windows(x, y, units=units)
        found = windows.table.shape[1]
        if found != len(self.channels):
            names = ", ".join(self.channels)
            raise ArraysError(
                [f"x has {found} features, the model has {len(self.channels)} channels: {names}"]
            )
        return windows

    def _score(self, windows: Windows, measured_on: str) -> Score:
        predicted = training.predict(self.network, windows, self.cap)
        return measured(windows, predicted, self.cap, measured_on)


def _fit_config(how: Training, samples: int) -> FitConfig:
    """One validation in each epoch."""
    steps = steps_of(how.epochs, windows=samples, batch_size=how.batch_size)
    return FitConfig(
        seed=how.seed,
        steps=steps,
        batch_size=how.batch_size,
        learning_rate=how.learning_rate,
        validate_every=max(1, steps // max(1, how.epochs)),
    )
