"""Checkpoint files, exports, and training all architectures by settings.

Belongs here: files and settings. Does not belong here: any computation (``learning``), what a home
folder holds (``platform``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from rul_platform.core.architectures import ARCHITECTURES, Architecture
from rul_platform.core.labels import DEFAULT_CAP_CYCLES
from rul_platform.learning.arrays import all_architectures
from rul_platform.learning.arrays.all_architectures import TrainedAll
from rul_platform.learning.arrays.transfer_learning import RulModel, Training
from rul_platform.learning.networks import checkpoints
from rul_platform.learning.networks.checkpoints import Checkpoint
from rul_platform.learning.trained.model_export import network_files
from rul_platform.storage.checkpoint_files import read_checkpoint_file
from rul_platform.storage.plain_files import write_folder, write_whole


def load_pretrained(architecture: Architecture, path: str | Path) -> Checkpoint:
    """A pretrained model from a checkpoint file. Only plain tensors are read: no code in it can run.

    Args:
        architecture: ``lstm``, ``gru`` or ``tcn``: what the file must hold.
        path: A file in the documented format, such as :func:`save_checkpoint` writes.

    Raises:
        CheckpointError: Lists all that does not fit: no such file, too large, another format, another
            architecture, weights of another shape or that are no finite numbers.

    >>> load_pretrained("lstm", "nowhere.pt")
    Traceback (most recent call last):
    rul_platform.errors.CheckpointError: nowhere.pt does not fit and was not loaded:
      - file: found 'No such file or directory', expected 'a checkpoint file that can be read'
    """
    data = read_checkpoint_file(Path(path))
    return checkpoints.load_given(data, source=str(path), architecture=architecture)


def save_checkpoint(model: RulModel, path: str | Path) -> Path:
    """Write the documented checkpoint format, in place of what is there; whole or not at all.

    Raises:
        StoreFullError: The disk has no room; what was there is untouched.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> saved = save_checkpoint(RulModel("gru", ["heat"], hidden_size=4), folder / "gru.pt")
    >>> load_pretrained("gru", saved).channels
    ('heat',)
    """
    target = Path(path)
    write_whole(target, model.checkpoint())
    return target


def export_model(model: RulModel, folder: str | Path) -> Path:
    """Write weights, architecture and ``model_info.json`` into a new folder: all of it or none.

    Raises:
        FileExistsError: There is something already.
        StoreFullError: The disk has no room; there is no folder.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "export"
    >>> done = export_model(RulModel("tcn", ["heat"], cap=60, hidden_size=4), folder)
    >>> sorted(path.name for path in done.iterdir())
    ['architecture.json', 'model_info.json', 'weights.pt']
    """
    checkpoint = checkpoints.load(model.checkpoint(), source="the model")
    about = {
        "architecture": model.architecture,
        "channels": list(model.channels),
        "cap": model.cap,
        "transfer": model.report.to_json() if model.report else None,
    }
    target = Path(folder)
    write_folder(target, network_files(checkpoint, about))
    return target


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferSettings:
    """Which pretrained models :func:`train_all` starts from.

    Attributes:
        transfer_learning_enabled: False: all start from random weights.
        lstm_pretrained_path: A checkpoint file, or None: random weights.
        gru_pretrained_path: The same for the GRU.
        tcn_pretrained_path: The same for the TCN.
        lstm_freeze_layers: Leave the pretrained encoder as it is.
        gru_freeze_layers: The same for the GRU.
        tcn_freeze_layers: The same for the TCN.
    """

    transfer_learning_enabled: bool = True
    lstm_pretrained_path: str | Path | None = None
    gru_pretrained_path: str | Path | None = None
    tcn_pretrained_path: str | Path | None = None
    lstm_freeze_layers: bool = False
    gru_freeze_layers: bool = False
    tcn_freeze_layers: bool = False

    def pretrained(self) -> dict[Architecture, Checkpoint]:
        """What there is to start from, by architecture; all files are read and checked here.

        Raises:
            CheckpointError: As :func:`load_pretrained`.
        """
        given = asdict(self)
        if not self.transfer_learning_enabled:
            return {}
        return {
            name: load_pretrained(name, path)
            for name in ARCHITECTURES
            if (path := given[f"{name}_pretrained_path"])
        }

    def freezes(self, architecture: Architecture) -> bool:
        """Whether the pretrained encoder of this architecture stays as it is."""
        return asdict(self)[f"{architecture}_freeze_layers"]


def train_all(
    x: ArrayLike,
    y: ArrayLike,
    channels: Sequence[str],
    *,
    units: ArrayLike | None = None,
    how: Training = Training(),  # noqa: B008  frozen
    settings: TransferSettings = TransferSettings(),
    cap: float = DEFAULT_CAP_CYCLES,
    hidden_size: int = 64,
    life_unit: str | None = None,
    scaler: str | Mapping[str, Any] | None = None,
) -> TrainedAll:
    """Train LSTM, GRU and TCN alike; each starts from its pretrained model where there is one.

    Args:
        x: Shape ``(N, W, F)``, scaled, oldest reading first.
        y: Shape ``(N,)``, true RUL in life units.
        channels: Names of the F channels: weights are inherited by name.
        units: Shape ``(N,)``, which machine each sample is of.
        how: How to train, the same for all.
        settings: Which pretrained models to start from.
        cap: Limit of labels, in life units.
        hidden_size: Of those that start from random weights.
        life_unit: As of :class:`RulModel`.
        scaler: As of :class:`RulModel`.

    Raises:
        CheckpointError: A pretrained model does not fit; nothing was trained.
        ArraysError: The arrays do not fit.
        TooFewUnitsError: Nothing would be left to learn from or to measure on.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(40, 3, 1))
    >>> y, units = np.tile(np.arange(10.0)[::-1], 4), np.repeat(list("abcd"), 10)
    >>> done = train_all(x, y, ["heat"], units=units, how=Training(epochs=1), hidden_size=4)
    >>> done.table["architecture"].tolist()
    ['lstm', 'gru', 'tcn', 'constant']
    """
    pretrained = settings.pretrained()
    models = [
        RulModel(
            name,
            channels,
            cap=cap,
            hidden_size=hidden_size,
            seed=how.seed,
            life_unit=life_unit,
            scaler=scaler,
        )
        for name in ARCHITECTURES
    ]
    for model in models:
        if model.architecture in pretrained:
            frozen = settings.freezes(model.architecture)
            model.apply(pretrained[model.architecture], freeze_encoder=frozen)
    return all_architectures.train_all(x, y, how, units=units, models=models)
