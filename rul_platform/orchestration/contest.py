"""Candidate, champion and rivals, scored on the same test units.

The only place where the network's own framework and ONNX Runtime meet; what the scores mean is decided
in ``core.evaluation`` and ``core.gate``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rul_platform.core.canonical import canonical_json, fingerprint
from rul_platform.core.cmapss import SIMULATED
from rul_platform.core.evaluation import BOOSTING, CHAMPION, CONSTANT, FINE_TUNED, Evaluation
from rul_platform.core.fleet import Fleet
from rul_platform.core.gate_evidence import Evidence, evaluation_set
from rul_platform.core.gate_statistics import Paired, ScoredRows, SeedNoise, compare
from rul_platform.core.parents import told_seen
from rul_platform.core.plant import Plant
from rul_platform.core.predicted_units import PredictedUnits
from rul_platform.core.windows import Windows
from rul_platform.inference.predictor import Predictor
from rul_platform.orchestration.choice_report import mean_history
from rul_platform.orchestration.contestants import (
    Arena,
    Entry,
    answers_of,
    attributions_of,
    champion_answers,
    cuts_of,
    lives_of,
    predictor_of,
    recipe_problem,
    repeated,
    rivals_of,
    tested_fleet,
)
from rul_platform.orchestration.lessons import card_of, origin_of, taught_by
from rul_platform.orchestration.step import Champion, Files
from rul_platform.orchestration.stored_windows import preparation_of
from rul_platform.storage.home import Progress

REMARKS = {
    "not_replayed": "What the pretrained network learned from was not used again",
    "not_from_champion": "The champion's networks were not gone on with",
}
"""What a remark on a card is about."""

SIMULATED_PARENT = "The network was pretrained on simulated turbofans, not on NASA's data."
UNKNOWN_PARENT = "The network was imported; on which machines it was pretrained is not known."


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
    arena = Arena(ours=ours, fleet=fleet, test=test, progress=progress)
    own = answers_of(ours, test)
    theirs = incomparable = silent = None
    predicts = predicts_by(entry.candidate), predicts_by(champion.model) if champion else None
    if champion and predicts[0] != predicts[1]:
        incomparable = recipe_problem(champion, entry.stored)
        if incomparable is None:
            theirs, silent = champion_answers(champion, fleet)
    in_charge = {} if theirs is None else {CHAMPION: theirs}
    return Contest(
        side_by_side(
            FINE_TUNED,
            ours,
            test,
            {FINE_TUNED: own} | in_charge | rivals_of(entry, arena),
            attributions=attributions_of(entry, test),
            lives=lives_of(ours, fleet),
            **_about(entry),
        ),
        facts={
            "candidate": entry.candidate.sha256,
            "champion": champion.model.sha256 if champion else None,
            "champion_number": champion.number if champion else None,
            "candidate_predicts": predicts[0],
            "champion_predicts": predicts[1],
            "evaluation_set": evaluation_set(fleet, test),
            "incomparable": incomparable,
            "champion_silent": silent,
            **_smoke(ours, test),
        },
        conditions=_conditions(fleet, test),
        noise=None if theirs is None else repeated(entry, arena, own),
        cap=min(ours.preparation.cap, preparation_of(champion.windows).cap if champion else np.inf),
    )


def predicts_by(model: Files) -> str:
    """Hash of all that a model's predictions come from: the graph, and how its input is made."""
    preparation = canonical_json(card_of(model)["preparation"])
    return fingerprint({"graph": model.read("model.onnx"), "preparation": preparation})


def _conditions(fleet: Fleet, test: Windows) -> NDArray[np.str_]:
    """The operating condition in which each window ends."""
    newest = test.index["last_row"].to_numpy(dtype=np.intp)
    return fleet.readings["condition"].to_numpy(dtype=np.str_)[newest]


def _smoke(ours: Predictor, test: Windows) -> dict[str, float | None]:
    """The candidate's outputs before limits, and how its graph compares with what it was made from."""
    outputs = ours.raw(test)
    if not np.isfinite(outputs).all():
        return {"lowest_output": None, "highest_output": None, "onnx_difference": None}
    return {
        "lowest_output": float(outputs.min()),
        "highest_output": float(outputs.max()),
        "onnx_difference": float(ours.card["onnx"]["largest_difference"]),
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
    candidate, card = entry.candidate, card_of(entry.candidate)
    plant = Plant.model_validate_json(entry.stored.read("plant.json"))
    pretrained_on = card_of(entry.parent)["subsets"]
    return {
        "title": plant.title,
        "history": mean_history(candidate.table("history.parquet")),
        "approaches": candidate.table("approaches.parquet"),
        "transfer_verdict": card["transfer_verdict"],
        "facts": {
            "plant": card["plant"],
            "model sha256": candidate.sha256,
            "approach": card["choice"]["name"],
            "architecture": card["architecture"],
            "folds": len(card["member_folds"]),
            "pretrained on": told_seen(pretrained_on),
            "checkpoint from": origin_of(entry.parent).replace("_", " "),
            "units that taught": len(taught_by(card)),
            "seed": card["training"]["seed"],
            "checkpoint sha256": entry.parent.sha256,
            "windows sha256": entry.stored.sha256,
        },
        "notes": tuple(_notes(card, pretrained_on)),
        "simulated": plant.simulated,
        "cost_ratio": plant.maintenance.cost_ratio,
        "lead": plant.maintenance.lead,
    }


def _notes(card: Mapping[str, Any], pretrained_on: Sequence[str] | None) -> Iterator[str]:
    if pretrained_on is None:
        yield UNKNOWN_PARENT
    elif SIMULATED in pretrained_on:
        yield SIMULATED_PARENT
    for what, why in card["remarks"].items():
        yield f"{REMARKS[what]}: {why}."
