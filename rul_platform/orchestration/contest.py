"""Candidate, champion and rivals, scored on the same test units.

The only place where the network's own framework and ONNX Runtime meet; what the scores mean is decided
in ``core.evaluation`` and ``core.gate``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rul_platform.core import splits
from rul_platform.core.cmapss import SIMULATED
from rul_platform.core.evaluation import BOOSTING, CHAMPION, CONSTANT, FINE_TUNED, Evaluation
from rul_platform.core.fleet import Fleet
from rul_platform.core.gate_evidence import Evidence, evaluation_set
from rul_platform.core.gate_statistics import Paired, ScoredRows, SeedNoise, compare
from rul_platform.core.metrics import rmse, unit_weights
from rul_platform.core.plant import Plant
from rul_platform.core.predicted_units import PredictedUnits
from rul_platform.core.windows import Windows
from rul_platform.inference.predictor import CARD_FILE, Predictor
from rul_platform.orchestration.contestants import (
    Arena,
    Entry,
    champion_answers,
    cuts_of,
    predictor_of,
    recipe_problem,
    repeated,
    rivals_of,
    tested_fleet,
)
from rul_platform.orchestration.step import Champion, Files
from rul_platform.orchestration.stored_windows import plant_windows, preparation_of
from rul_platform.storage.home import Progress

SIMULATED_PARENT = "The network was pretrained on simulated turbofans, not on NASA's data."


@dataclass(frozen=True, slots=True)
class Contest:
    """What everyone predicted, and what the gate asks beside it.

    Attributes:
        predicted: The predictions beside the truth.
        facts: Of :class:`~rul_platform.core.gate_evidence.Evidence`, all that is no score.
        conditions: Shape ``(N,)``, the operating condition of each row.
        noise: The candidate's recipe with other seeds; None where no champion was scored.
        cap: What both models can say at most: beyond it neither is held to account, in life units.
    """

    predicted: PredictedUnits
    facts: Mapping[str, Any]
    conditions: NDArray[np.str_]
    noise: SeedNoise | None
    cap: float

    def evidence(self, evaluation: Evaluation, *, seed: int) -> Evidence:
        """What the gate looks at.

        Args:
            evaluation: Of :attr:`predicted`.
            seed: Of the resampling.
        """
        rmse_of = {score.name: score.clipped.rmse for score in evaluation.scores}
        return Evidence(
            **self.facts,
            life_unit=evaluation.life_unit,
            candidate_rmse=rmse_of[FINE_TUNED],
            champion_rmse=rmse_of.get(CHAMPION),
            constant_rmse=rmse_of[CONSTANT],
            boosting_rmse=rmse_of[BOOSTING],
            units=evaluation.unit_count,
            comparison=self._comparison(seed) if CHAMPION in rmse_of else (),
            noise=self.noise,
            cap=self.cap,
        )

    def _comparison(self, seed: int) -> tuple[Paired, ...]:
        given = self.predicted
        rows = ScoredRows(
            unit_ids=given.unit_ids,
            truth=np.minimum(given.truth, self.cap),
            conditions=self.conditions,
            cap=self.cap,
            life_unit=given.life_unit,
        )
        ours, theirs = (
            np.minimum(given.predictions[name], self.cap) for name in (FINE_TUNED, CHAMPION)
        )
        return compare(rows, ours, theirs, seed=seed)


def hold_contest(entry: Entry, champion: Champion | None, progress: Progress | None) -> Contest:
    """Score everyone on the test units, now and by the same code.

    Args:
        entry: The candidate and what it was made from.
        champion: The model in charge, if any.
        progress: Told how the trainings go.

    Raises:
        LeakError: The champion learned from a unit that now tests.
    """
    ours, fleet = predictor_of(entry.candidate), tested_fleet(entry.stored)
    test = cuts_of(ours, fleet)
    arena = Arena(ours=ours, windows=plant_windows(entry.stored), test=test, progress=progress)
    own = np.nan_to_num(ours.score(test), nan=ours.preparation.cap)
    theirs = incomparable = silent = None
    if champion and champion.model.sha256 != entry.candidate.sha256:
        incomparable = recipe_problem(champion, entry.stored)
        if incomparable is None:
            theirs, silent = champion_answers(champion, fleet)
    rivals = rivals_of(entry, arena)
    in_charge = {} if theirs is None else {CHAMPION: theirs}
    return Contest(
        side_by_side(
            FINE_TUNED,
            ours,
            test,
            {FINE_TUNED: own} | in_charge | rivals.predictions,
            cpu_seconds=rivals.cpu_seconds,
            **_about(entry),
        ),
        facts={
            "candidate": entry.candidate.sha256,
            "champion": champion.model.sha256 if champion else None,
            "champion_number": champion.number if champion else None,
            "evaluation_set": evaluation_set(fleet, test),
            "incomparable": incomparable,
            "champion_silent": silent,
            **_smoke(entry.candidate, ours, test),
        },
        conditions=_conditions(fleet, test),
        noise=None if theirs is None else repeated(entry, arena, _clipped_rmse(own, ours, test)),
        cap=min(ours.preparation.cap, preparation_of(champion.windows).cap if champion else np.inf),
    )


def _conditions(fleet: Fleet, test: Windows) -> NDArray[np.str_]:
    """The operating condition in which each window ends."""
    newest = test.index["last_row"].to_numpy(dtype=np.intp)
    return fleet.readings["condition"].to_numpy(dtype=np.str_)[newest]


def _clipped_rmse(predicted: NDArray[np.float64], ours: Predictor, test: Windows) -> float:
    truth = np.minimum(test.rul(), ours.preparation.cap)
    return float(rmse(truth, predicted, unit_weights(test.units())))


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


def _about(entry: Entry) -> dict[str, Any]:
    """Title, provenance and notes of a plant's report."""
    candidate, parent = entry.candidate, entry.parent
    card = json.loads(candidate.read(CARD_FILE))
    plant = Plant.model_validate_json(entry.stored.read("plant.json"))
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
            "windows sha256": entry.stored.sha256,
        },
        "notes": (SIMULATED_PARENT,) if SIMULATED in pretrained_on else (),
        "simulated": plant.simulated,
    }
