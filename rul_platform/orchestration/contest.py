"""Candidate, champion and rivals, scored on the same test units.

The only place where the network's own framework and ONNX Runtime meet; what the scores mean is decided
in ``core.evaluation`` and ``core.gate``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rul_platform.core import splits
from rul_platform.core.cmapss import SIMULATED
from rul_platform.core.evaluation import BOOSTING, CHAMPION, CONSTANT, FINE_TUNED, Evaluation
from rul_platform.core.fleet import Fleet
from rul_platform.core.gate import Evidence
from rul_platform.core.plant import Plant
from rul_platform.core.predicted_units import PredictedUnits
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows, even_cuts
from rul_platform.errors import LeakError
from rul_platform.inference.predictor import CARD_FILE, MODEL_FILE, Predictor
from rul_platform.orchestration.step import Files
from rul_platform.orchestration.stored_windows import plant_fleet, plant_windows, splits_of
from rul_platform.storage.home import Progress
from rul_platform.storage.models import ModelVersion

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.learning.rivals import Rivals

SIMULATED_PARENT = "The network was pretrained on simulated turbofans, not on NASA's data."

CUTS = 20
"""Points of each test unit's life at which it is scored; every unit weighs the same."""


@dataclass(frozen=True, slots=True)
class Contest:
    """What everyone predicted.

    Attributes:
        predicted: The predictions beside the truth.
        candidate: sha256 of the candidate.
        champion: sha256 of the champion, None before the first.
        evaluation_set: sha256 of the windows.
        onnx_difference: Largest difference between torch and ONNX, as a part of the cap.
    """

    predicted: PredictedUnits
    candidate: str
    champion: str | None
    evaluation_set: str
    onnx_difference: float

    def evidence(self, evaluation: Evaluation, champion: ModelVersion | None) -> Evidence:
        """What the gate looks at."""
        rmse = {score.name: score.clipped.rmse for score in evaluation.scores}
        ours, cap = self.predicted.predictions[FINE_TUNED], self.predicted.cap
        return Evidence(
            candidate=self.candidate,
            champion=self.champion,
            champion_number=champion.number if champion else None,
            evaluation_set=self.evaluation_set,
            candidate_rmse=rmse[FINE_TUNED],
            champion_rmse=rmse.get(CHAMPION, rmse[FINE_TUNED]) if self.champion else None,
            constant_rmse=rmse[CONSTANT],
            boosting_rmse=rmse[BOOSTING],
            is_finite=bool(np.isfinite(ours).all() and (ours >= 0).all() and (ours <= cap).all()),
            onnx_difference=self.onnx_difference,
            units=evaluation.unit_count,
        )


def hold_contest(
    candidate: Files,
    stored: Files,
    parent: Files,
    *,
    champion: Files | None,
    progress: Progress | None,
) -> Contest:
    """Score everyone on the test units of ``stored``.

    Args:
        candidate: A model artifact.
        stored: The plant's windows that the candidate learned from.
        parent: The pretrained checkpoint that it came from.
        champion: The model in charge, if any.
        progress: Told how the rivals' training goes.

    Raises:
        LeakError: The champion learned from a unit that now tests.
    """
    ours = _predictor(candidate)
    fleet = _test_fleet(stored)
    test = _cuts(ours, fleet)
    predictions = {FINE_TUNED: ours.score(test)}
    if champion and champion.sha256 != candidate.sha256:
        predictions[CHAMPION] = _champion(champion, fleet)
    rivals = _rivals(ours, plant_windows(stored), test, parent, progress)
    return Contest(
        _side_by_side(
            ours, test, predictions | rivals.predictions, rivals.cpu_seconds, stored, parent
        ),
        candidate=candidate.sha256,
        champion=champion.sha256 if champion else None,
        evaluation_set=stored.sha256,
        onnx_difference=_onnx_difference(
            candidate, test, predictions[FINE_TUNED], ours.preparation.cap
        ),
    )


def _predictor(files: Files) -> Predictor:
    return Predictor.from_files({name: files.read(name) for name in (MODEL_FILE, CARD_FILE)})


def _test_fleet(stored: Files) -> Fleet:
    tested = [unit for unit, role in splits_of(stored).items() if role == splits.TEST]
    return plant_fleet(stored).take(tested)


def _cuts(model: Predictor, fleet: Fleet) -> Windows:
    return even_cuts(model.preparation.windows(fleet, splits.TEST), CUTS)


def _champion(champion: Files, fleet: Fleet) -> NDArray[np.float64]:
    """The champion's predictions, after making sure that no test unit taught it."""
    model = _predictor(champion)
    taught = {unit for units in model.card["units"].values() for unit in units}
    leaked = sorted(taught & set(fleet.units["unit"]))
    if leaked:
        msg = (
            f"Test units {', '.join(leaked)} taught the champion {champion.sha256[:12]}: a comparison "
            f"would favour it. Give these units back their former role in the plant file's [split]."
        )
        raise LeakError(msg)
    return model.score(_cuts(model, fleet))


def _rivals(
    ours: Predictor, windows: Windows, test: Windows, parent: Files, progress: Progress | None
) -> "Rivals":
    from rul_platform.learning.checkpoints import load
    from rul_platform.learning.rivals import score_rivals

    settings = {k: v for k, v in ours.card["training"].items() if k in FitConfig.__slots__}
    return score_rivals(
        windows,
        test,
        load(parent.read("checkpoint.pt"), source="pretrained_checkpoint"),
        ours.preparation.channels,
        FitConfig(**settings),
        cap=ours.preparation.cap,
        progress=progress,
    )


def _onnx_difference(
    candidate: Files, test: Windows, by_onnx: NDArray[np.float64], cap: float
) -> float:
    """Largest difference between torch and ONNX on the evaluation set, as a part of the cap."""
    from rul_platform.learning.checkpoints import load
    from rul_platform.learning.training import predict

    network = load(candidate.read("checkpoint.pt"), source="candidate").network()
    return float(np.abs(predict(network, test, cap) - by_onnx).max() / cap)


def _side_by_side(
    ours: Predictor,
    test: Windows,
    predictions: Mapping[str, NDArray[np.float64]],
    cpu_seconds: Mapping[str, float],
    stored: Files,
    parent: Files,
) -> PredictedUnits:
    low, high = ours.interval(predictions[FINE_TUNED])
    card, plant = ours.card, Plant.model_validate_json(stored.read("plant.json"))
    pretrained_on = json.loads(parent.read("card.json"))["subsets"]
    return PredictedUnits(
        title=plant.title,
        life_unit=ours.preparation.life_unit,
        cap=ours.preparation.cap,
        unit_ids=test.units(),
        life=test.index["life"].to_numpy(),
        truth=test.rul(),
        predictions=predictions,
        main=FINE_TUNED,
        interval_low=low,
        interval_high=high,
        interval_level=card["interval"]["level"],
        cpu_seconds=cpu_seconds,
        facts={
            "architecture": card["architecture"],
            "pretrained on": ", ".join(pretrained_on),
            "units that taught": len(card["units"][splits.TRAIN]),
            "units that validated": len(card["units"][splits.VALID]),
            "seed": card["training"]["seed"],
            "checkpoint sha256": parent.sha256,
            "windows sha256": stored.sha256,
        },
        notes=(SIMULATED_PARENT,) if SIMULATED in pretrained_on else (),
        simulated=plant.simulated,
    )
