"""Live figures of a training, for those who watch: JSON lines, or TensorBoard.

Belongs here: where figures go. Does not belong here: which figures there are, and what happens where
they cannot be written (``loop``). So folders are made with the first figure, not before.
"""

import json
import math
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rul_platform.errors import MissingExtraError
from rul_platform.learning.fitting.best_weights import FitResult
from rul_platform.learning.fitting.loop import Watch

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


def watch_of(name: Literal["none", "json_lines", "tensorboard"], folder: Path) -> Watch | None:
    """Who is told of each validation; ``folder`` is made with the first.

    Raises:
        MissingExtraError: As of :class:`TensorBoard`.
    """
    match name:
        case "json_lines":
            return JsonLines(folder / "progress.jsonl")
        case "tensorboard":
            return TensorBoard(folder)
        case "none":
            return None


class JsonLines:
    """One JSON object for each validation and one for the end, each on its own line, written at once.

    Args:
        path: File to add to; its folder is made.

    Each method raises ``OSError`` where the line cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def validated(self, row: Mapping[str, float]) -> None:
        """As of :class:`~.loop.Watch`."""
        self._write(row)

    def finished(self, result: FitResult) -> None:
        """As of :class:`~.loop.Watch`."""
        self._write(
            {
                "best_step": result.best_step,
                "best_valid_rmse": result.best_valid_rmse,
                "cpu_seconds": result.cpu_seconds,
            }
        )

    def _write(self, row: Mapping[str, float]) -> None:
        """JSON knows no NaN: what is not a finite number is null."""
        plain = {key: value if math.isfinite(value) else None for key, value in row.items()}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(plain) + "\n")


class TensorBoard:
    """Scalars as ``tensorboard --logdir`` reads them.

    Args:
        folder: For the event file; is made.

    Each method raises ``OSError`` where the figures cannot be written.

    Raises:
        MissingExtraError: The package ``tensorboard`` is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise MissingExtraError(
                "TensorBoard logs", package="tensorboard", extra="tensorboard"
            ) from error
        self._kind, self._folder = SummaryWriter, folder

    @cached_property
    def _writer(self) -> "SummaryWriter":
        return self._kind(str(self._folder))

    def validated(self, row: Mapping[str, float]) -> None:
        """As of :class:`~.loop.Watch`."""
        for name, value in row.items():
            if name != "step" and math.isfinite(value):
                self._writer.add_scalar(name, value, global_step=int(row["step"]))
        self._writer.flush()

    def finished(self, result: FitResult) -> None:
        """As of :class:`~.loop.Watch`."""
        self._writer.add_scalar(
            "best_valid_rmse", result.best_valid_rmse, global_step=result.best_step
        )
        self._writer.close()
