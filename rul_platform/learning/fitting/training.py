"""Training a network on windows.

Belongs here: from windows and settings to one training. Does not belong here: the loop itself
(``loop``), which weights may change and where they come from (``finetuning``), what a result is worth
(``core.evaluation``).

Shape letters: B batch, W window length, F channels.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from rul_platform.core.labels import to_target
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows, even_cuts
from rul_platform.errors import TrainingError
from rul_platform.learning.fitting import losses
from rul_platform.learning.fitting.augmentation import augmented
from rul_platform.learning.fitting.batch import Batch
from rul_platform.learning.fitting.batch_size import fitting_batch_size
from rul_platform.learning.fitting.batches import (
    Examples,
    batches,
    refuse_empty,
    refuse_no_numbers,
)
from rul_platform.learning.fitting.best_weights import FitResult
from rul_platform.learning.fitting.devices import Place, place_of
from rul_platform.learning.fitting.loop import Progress, Training, Watch, run
from rul_platform.learning.fitting.steps import Objective, take_step
from rul_platform.learning.networks.models import RulNetwork
from rul_platform.learning.networks.scoring import (
    VALIDATION_CUTS,
    far_outputs,
    one_thread,
    outputs,
    predict,
    validation_rmse,
)

__all__ = [
    "VALIDATION_CUTS", "FitResult", "Progress", "Watch", "far_outputs", "fit", "one_thread",
    "outputs", "overfit_one_batch", "predict", "validation_rmse",
]  # fmt: skip


def fit(
    network: nn.Module,
    train: Windows,
    valid: Windows | None,
    config: FitConfig,
    *,
    cap: float,
    learning_rates: Mapping[str, float] | None = None,
    replay: Windows | None = None,
    watch: Watch | None = None,
    progress: Progress | None = None,
) -> FitResult:
    """Train ``network`` in place and leave it with the weights that validated best.

    The weights that it came with are among them: training that does not help is undone. Without early
    stopping it takes all steps and is left with the last weights. A batch that does not fit into memory
    is halved until it does.

    Args:
        network: Its parameters with ``requires_grad=False`` stay as they are.
        train: Windows to learn from; some may have lower bounds for labels.
        valid: Windows of other units, for early stopping; None only without it.
        config: How to train.
        cap: Label cap, in life units.
        learning_rates: Beginning of a weight's name to a factor on the learning rate; the longest that
            matches counts, 1 where none does.
        replay: Windows of other machines, under the same cap; half of each batch then comes from them.
        watch: Is told of each validation and of the end.
        progress: Told after each validation.

    Raises:
        TooFewUnitsError: There is nothing to train or to validate on.
        TrainingDataError: A feature or a label is no finite number.
        TrainingDivergedError: The loss is lost, or answers to validation windows are no numbers.
        TrainingError: Early stopping was asked for with nothing to validate on.
        DeviceError: CUDA was asked for and there is none.
        NetworkError: The network has no outputs for this loss.
        BatchTooLargeError: Not even one window fits into memory.
    """
    refuse_empty(train, "windows to train on")
    one_thread()
    place = place_of(config)
    far = network.config.far if isinstance(network, RulNetwork) else 0.0
    given = [
        Examples.of(each, cap=cap, far=far, device=place.device)
        for each in (train, replay)
        if each is not None
    ]
    checks = checks_of(valid, config)
    network.to(place.device)
    try:
        batch = fitting_batch_size(network, train, config.batch_size)
        config = replace(config, batch_size=batch.size) if batch.refused else config
        torch.manual_seed(config.seed)
        return run(
            Training(
                network=network,
                batches=augmented(batches(*given, config=config), config),
                objective=objective_of(network, config, place),
                checks=checks,
                config=config,
                cap=cap,
                factors=learning_rates or {},
                precision=place.precision,
                batch=batch,
                watch=watch,
                progress=progress,
            )
        )
    finally:
        network.to("cpu")


def checks_of(valid: Windows | None, config: FitConfig) -> Windows | None:
    """What to validate on: the same number of windows of each unit.

    Raises:
        TooFewUnitsError: There is none.
        TrainingDataError: A feature or a label is no finite number: no error could be measured.
        TrainingError: Early stopping needs some.
    """
    if valid is not None:
        refuse_empty(valid, "windows to validate on")
        refuse_no_numbers(valid, "among the validation windows ")
        return even_cuts(valid, VALIDATION_CUTS)
    if config.early_stopping:
        msg = (
            "Early stopping was asked for with no windows to validate on. Give windows of other units, "
            "or set early_stopping=False to take all steps. Nothing was trained."
        )
        raise TrainingError(msg)
    return None


def objective_of(network: nn.Module, config: FitConfig, place: Place) -> Objective:
    """What ``config`` wants lowered, over whatever outputs the network has.

    Raises:
        NetworkError: The network has no outputs for this loss.
    """
    losses.refuse_misfit(network, config.loss)
    if isinstance(network, RulNetwork) and (network.config.far or network.config.bins):
        return losses.of_answers(network, place.prepared(network.answers), config.loss)
    ask: Callable[[Tensor], Tensor] = network
    return losses.plain(place.prepared(ask), losses.point_loss(config.loss))


def overfit_one_batch(network: nn.Module, windows: Windows, *, cap: float, seed: int) -> float:
    """Train on 32 windows only and return how much of the loss is left, 0 to 1.

    A network that cannot learn 32 examples by heart is wired wrongly, whatever its other scores say.
    """
    one_thread()
    chosen = np.random.default_rng(seed).permutation(len(windows))[:32]
    x_BWF = torch.from_numpy(windows.table[windows.rows()[chosen]])
    y_B = torch.from_numpy(to_target(windows.rul()[chosen], cap))
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    torch.manual_seed(seed)
    network.train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3)
    spread = float(((y_B - y_B.mean()) ** 2).mean())
    loss = spread
    for _ in range(200):
        loss = take_step(network, optimizer, Batch(x_BWF, y_B), clip_norm=1.0)
    return loss / max(spread, 1e-12)
