"""Candidate, champion and rivals, scored on the same test units.

The only place where the network's own framework and ONNX Runtime meet; what the scores mean is decided
in ``core.evaluation`` and ``core.gate``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
from rul_platform.errors import DataError, LeakError
from rul_platform.inference.predictor import CARD_FILE, MODEL_FILE, Predictor
from rul_platform.orchestration.step import Champion, Files
from rul_platform.orchestration.stored_windows import plant_fleet, plant_windows, splits_of
from rul_platform.storage.home import Progress

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.learning.rivals import Rivals

SIMULATED_PARENT = "The network was pretrained on simulated turbofans, not on NASA's data."

CUTS = 20
"""Points of each test unit's life at which it is scored; every unit weighs the same."""


RECIPE = ("columns", "sensors", "resample", "failure")
"""What of a plant file decides how a reading becomes a row; models of other recipes see other rows."""

OTHER_RECIPE = (
    "the champion reads this plant differently ({differs} of the plant file changed), so the two cannot "
    "be scored on the same rows; undo the change, or give the changed machines a plant file of their own"
)


@dataclass(frozen=True, slots=True)
class Contest:
    """What everyone predicted, and what the gate asks beside it.

    Attributes:
        predicted: The predictions beside the truth.
        facts: Of :class:`~rul_platform.core.gate.Evidence`, all that is no score.
    """

    predicted: PredictedUnits
    facts: Mapping[str, Any]

    def evidence(self, evaluation: Evaluation) -> Evidence:
        """What the gate looks at."""
        rmse = {score.name: score.clipped.rmse for score in evaluation.scores}
        return Evidence(
            **self.facts,
            candidate_rmse=rmse[FINE_TUNED],
            champion_rmse=rmse.get(CHAMPION),
            constant_rmse=rmse[CONSTANT],
            boosting_rmse=rmse[BOOSTING],
            units=evaluation.unit_count,
        )


def hold_contest(
    candidate: Files,
    stored: Files,
    parent: Files,
    *,
    champion: Champion | None,
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
    ours, fleet = predictor_of(candidate), _test_fleet(stored)
    test = _cuts(ours, fleet)
    predictions = {FINE_TUNED: np.nan_to_num(ours.score(test), nan=ours.preparation.cap)}
    incomparable = silent = None
    if champion and champion.model.sha256 != candidate.sha256:
        incomparable = _recipe_problem(champion, stored)
        if incomparable is None:
            theirs, silent = _champion(champion, fleet)
            predictions |= {} if theirs is None else {CHAMPION: theirs}
    rivals = _rivals(ours, plant_windows(stored), test, parent, progress)
    return Contest(
        side_by_side(
            FINE_TUNED,
            ours,
            test,
            predictions | rivals.predictions,
            cpu_seconds=rivals.cpu_seconds,
            **_about(candidate, stored, parent),
        ),
        facts={
            "candidate": candidate.sha256,
            "champion": champion.model.sha256 if champion else None,
            "champion_number": champion.number if champion else None,
            "evaluation_set": stored.sha256,
            "incomparable": incomparable,
            "champion_silent": silent,
            **_smoke(candidate, ours, test),
        },
    )


def predictor_of(files: Files) -> Predictor:
    """A model artifact, verified and ready to answer."""
    return Predictor.from_files({name: files.read(name) for name in (MODEL_FILE, CARD_FILE)})


def _test_fleet(stored: Files) -> Fleet:
    tested = [unit for unit, role in splits_of(stored).items() if role == splits.TEST]
    return plant_fleet(stored).take(tested)


def _cuts(model: Predictor, fleet: Fleet) -> Windows:
    return even_cuts(model.preparation.windows(fleet, splits.TEST), CUTS)


def _recipe_problem(champion: Champion, stored: Files) -> str | None:
    """Why the champion's rows are other rows than the candidate's, or None."""
    then, now = (json.loads(files.read("plant.json")) for files in (champion.windows, stored))
    differs = [key for key in RECIPE if then[key] != now[key]]
    return (
        OTHER_RECIPE.format(differs=", ".join(f"[{key}]" for key in differs)) if differs else None
    )


def _champion(champion: Champion, fleet: Fleet) -> tuple[NDArray[np.float64] | None, str | None]:
    """The champion's predictions, or why it has none; no test unit may have taught it."""
    model = predictor_of(champion.model)
    taught = {unit for units in model.card["units"].values() for unit in units}
    leaked = sorted(taught & set(fleet.units["unit"]))
    if leaked:
        msg = (
            f"Test units {', '.join(leaked)} taught the champion {champion.model.sha256[:12]}: a "
            f"comparison would favour it. Give these units back their former role in the plant file's "
            f"[split]."
        )
        raise LeakError(msg)
    try:
        return model.score(_cuts(model, fleet)), None
    except DataError as error:
        return None, str(error)


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


def _smoke(candidate: Files, ours: Predictor, test: Windows) -> dict[str, float | None]:
    """The candidate's outputs before limits, by ONNX and by torch, on the evaluation set."""
    from rul_platform.learning.checkpoints import load
    from rul_platform.learning.training import outputs

    network = load(candidate.read("checkpoint.pt"), source="candidate").network()
    by_onnx, by_torch = ours.raw(test), outputs(network, test)
    if not (np.isfinite(by_onnx).all() and np.isfinite(by_torch).all()):
        return {"lowest_output": None, "highest_output": None, "onnx_difference": None}
    return {
        "lowest_output": float(by_onnx.min()),
        "highest_output": float(by_onnx.max()),
        "onnx_difference": float(np.abs(by_onnx - by_torch).max()),
    }


def side_by_side(
    main: str,
    model: Predictor,
    test: Windows,
    predictions: Mapping[str, NDArray[np.float64]],
    **about: Any,
) -> PredictedUnits:
    """Predictions beside the truth, with the main model's interval.

    Args:
        main: The model that the report is about.
        model: The same, as it serves.
        test: N windows.
        predictions: Name to shape ``(N,)``, in life units.
        **about: What else :class:`PredictedUnits` takes: title, facts, history, ...
    """
    low, high = model.interval(predictions[main])
    return PredictedUnits(
        main=main,
        predictions=predictions,
        life_unit=model.preparation.life_unit,
        cap=model.preparation.cap,
        unit_ids=test.units(),
        life=test.index["life"].to_numpy(),
        truth=test.rul(),
        interval_low=low,
        interval_high=high,
        interval_level=model.card["interval"]["level"],
        **about,
    )


def _about(candidate: Files, stored: Files, parent: Files) -> dict[str, Any]:
    """Title, provenance and notes of a plant's report."""
    card, plant = json.loads(candidate.read(CARD_FILE)), _plant(stored)
    pretrained_on = json.loads(parent.read("card.json"))["subsets"]
    return {
        "title": plant.title,
        "history": candidate.table("history.parquet"),
        "facts": {
            "plant": card["plant"],
            "model sha256": candidate.sha256,
            "architecture": card["architecture"],
            "pretrained on": ", ".join(pretrained_on),
            "units that taught": len(card["units"][splits.TRAIN]),
            "units that validated": len(card["units"][splits.VALID]),
            "seed": card["training"]["seed"],
            "checkpoint sha256": parent.sha256,
            "windows sha256": stored.sha256,
        },
        "notes": (SIMULATED_PARENT,) if SIMULATED in pretrained_on else (),
        "simulated": plant.simulated,
    }


def _plant(stored: Files) -> Plant:
    return Plant.model_validate_json(stored.read("plant.json"))
