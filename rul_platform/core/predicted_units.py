"""What several models predicted on the same units whose end is known: the input of an evaluation.

Belongs here: the arrays side by side, and what must hold for them to be compared.
Does not belong here: scores and comparisons (``evaluation``).

Shape letter: N scored rows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rul_platform.core.maintenance import COST_RATIO
from rul_platform.core.metrics import Rows
from rul_platform.core.predicted_lives import PredictedLives
from rul_platform.errors import EvaluationError

_HISTORY = {"step", "train_loss", "valid_rmse"}


@dataclass(frozen=True, kw_only=True, eq=False)
class PredictedUnits:
    """What several models predicted on the same units, and where it all comes from.

    Attributes:
        title: What is evaluated, as a headline: ``"Plant filters"``.
        life_unit: Plural name of the unit of life: ``"cycles"``.
        cap: Where training labels were limited, in the unit of life.
        unit_ids: Shape ``(N,)``, strings.
        life: Shape ``(N,)``, how long the unit had run when it was predicted.
        truth: Shape ``(N,)``, remaining useful life, 0 or more, never limited to ``cap``.
        predictions: Model name to shape ``(N,)``. Those named in ``evaluation`` have a
            meaning to the verdict; others may be used.
        main: Name of the model that the report is about.
        interval_low: Shape ``(N,)``, lower end of the main model's prediction interval, or None.
        interval_high: Shape ``(N,)``, its upper end, or None.
        interval_level: Share of truths that the interval promises to hold.
        cost_ratio: What an unexpected failure costs, in planned replacements.
        lead: What it takes to act on an alarm, in the unit of life.
        cpu_seconds: What training each model took, where it was measured.
        history: Training of the main model: columns ``step``, ``train_loss``, ``valid_rmse``.
        facts: Provenance by name, in the order to show: data sha256, splits, seed, ...
        notes: Sentences that a reader must know.
        simulated: Whether the data comes from a simulator of ours.
        approaches: How each way to learn did in cross-validation, a row each: ``approach``, ``rmse``,
            its interval ``low`` and ``high``, ``chance_of_harm``, ``cpu_seconds``, ``outcome``.
        transfer_verdict: Whether pretraining helps here, by that cross-validation, in a sentence.
        attributions: Which sensors the predictions rest on, a row each: ``sensor``, ``share`` (0 to 1),
            ``direction``; or a sentence that says why that is not known.
        lives: What the main model says at every reading, for all that depends on when it says so; None
            where it was asked at some points only.
    """

    title: str
    life_unit: str
    cap: float
    unit_ids: NDArray[np.str_]
    life: Rows
    truth: Rows
    predictions: Mapping[str, Rows]
    main: str
    interval_low: Rows | None = None
    interval_high: Rows | None = None
    interval_level: float = 0.9
    cost_ratio: float = COST_RATIO
    lead: float = 0.0
    cpu_seconds: Mapping[str, float] = field(default_factory=dict[str, float])
    history: pd.DataFrame | None = None
    facts: Mapping[str, str | int | float] = field(default_factory=dict[str, "str | int | float"])
    notes: tuple[str, ...] = ()
    simulated: bool = False
    approaches: pd.DataFrame | None = None
    transfer_verdict: str | None = None
    attributions: pd.DataFrame | str | None = None
    lives: PredictedLives | None = None

    def __post_init__(self) -> None:
        if problems := list(_problems(self)) or list(_disorder(self)):
            source = f"Evaluation {self.title!r}"
            raise EvaluationError(source, problems)

    @property
    def clipped_truth(self) -> Rows:
        """Shape ``(N,)``, the truth limited to the cap."""
        return np.minimum(self.truth, self.cap)

    @property
    def unit_count(self) -> int:
        """How many machines were scored."""
        return len(set(self.unit_ids.tolist()))


def _problems(given: PredictedUnits) -> Iterator[str]:
    rows = len(given.unit_ids)
    columns = {"life": given.life, "truth": given.truth}
    columns |= {f"predictions of {name}": values for name, values in given.predictions.items()}
    bounds = (given.interval_low, given.interval_high)
    if given.main not in given.predictions:
        yield f"no predictions of the main model {given.main!r}, found {list(given.predictions)}"
    if not (np.isfinite(given.cap) and given.cap > 0):
        yield f"cap is {given.cap}, expected above 0 {given.life_unit}"
    if given.history is not None and (lacking := _HISTORY - {str(c) for c in given.history}):
        yield f"history lacks {', '.join(sorted(lacking))}"
    if rows == 0:
        yield "no rows, expected one for each prediction"
    if (bounds[0] is None) != (bounds[1] is None):
        yield "one end of the prediction interval is missing, expected both or none"
    elif bounds[0] is not None and bounds[1] is not None:
        columns |= {"interval_low": bounds[0], "interval_high": bounds[1]}
    for name, values in columns.items():
        if values.shape != (rows,):
            yield f"{name} has shape {values.shape}, expected ({rows},) as there are unit names"
        elif not np.isfinite(values).all():
            yield f"{name} has values that are not finite; leave out units that have not failed"


def _disorder(given: PredictedUnits) -> Iterator[str]:
    """Problems of rows that are complete."""
    if (given.truth < 0).any():
        yield f"truth falls to {given.truth.min():g}, expected 0 or more"
    low, high = given.interval_low, given.interval_high
    if low is not None and high is not None and (crossed := int((low > high).sum())):
        yield f"{crossed} prediction intervals have their low end above their high end"
