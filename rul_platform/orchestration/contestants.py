"""Who is scored beside a candidate: the champion, the rivals, and the candidate's own recipe again.

Belongs here: what each of them predicts on the test cuts, and the candidate at every reading. Does not
belong here: what is made of the predictions (``contest``).
"""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rul_platform.core import splits
from rul_platform.core.artifact_files import CARD_FILE, MODEL_FILE
from rul_platform.core.evaluation import CONSTANT
from rul_platform.core.fleet import Fleet
from rul_platform.core.gate_statistics import SeedNoise
from rul_platform.core.metrics import unit_rmse
from rul_platform.core.parents import PRETRAINED
from rul_platform.core.predicted_lives import PredictedLives
from rul_platform.core.windows import CUTS_OF_A_LIFE, Windows, even_cuts
from rul_platform.errors import DataError, LeakError, LineageError, MissingExtraError
from rul_platform.inference.predictor import Predictor
from rul_platform.orchestration.finetuning_config import trained_with
from rul_platform.orchestration.lessons import Lessons, card_of, rival_file, taught_by
from rul_platform.orchestration.step import Champion, Files, Step
from rul_platform.orchestration.stored_models import stored_model
from rul_platform.orchestration.stored_windows import plant_fleet, preparation_of, splits_of
from rul_platform.storage.home import Progress

RECIPE = ("columns", "sensors", "resample", "failure")
"""What of a plant file decides how a reading becomes a row; models of other recipes see other rows."""

OTHER_RECIPE = (
    "the champion reads this plant differently ({differs} of the plant file changed), so the two cannot "
    "be scored on the same rows; undo the change, or give the changed machines a plant file of their own"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A candidate, with what it was made from.

    Attributes:
        candidate: A model artifact.
        lessons: What it learned from; its champion is the one that its networks began with.
    """

    candidate: Files
    lessons: Lessons

    @property
    def stored(self) -> Files:
        """The plant's windows that it learned from."""
        return self.lessons.stored

    @property
    def parent(self) -> Files:
        """The checkpoint that it descends from, of the asset or imported."""
        return self.lessons.parent


def entry_of(step: Step, plant: str) -> Entry:
    """A plant's newest candidate, and by the hashes on its card all that it was made from.

    Raises:
        LineageError: It is of a kind that this version does not judge any more.
    """
    candidate = step.read("finetuned_model", plant)
    card = card_of(candidate)
    if "approach" not in card:
        msg = (
            f"The newest model of {plant}, {candidate.sha256[:12]}, was made before approaches were "
            f"compared, so it cannot be judged any more. Make a new one: `rul train {plant}`."
        )
        raise LineageError(msg)
    start = card["start"]
    return Entry(
        candidate=candidate,
        lessons=Lessons(
            stored=step.read_exactly("plant_windows", plant, card["windows"]),
            parent=step.read_exactly(
                card.get("parent_origin", PRETRAINED), card["parent_architecture"], card["parent"]
            ),
            source={
                name: step.read_exactly("cmapss_windows", name, sha)
                for name, sha in card["source"].items()
            },
            champion=step.read_exactly("finetuned_model", plant, start["sha256"])
            if start["from"] == "champion"
            else None,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """Where all are scored.

    Attributes:
        ours: The candidate, as it would serve.
        fleet: The units that only judge.
        test: The windows that are scored.
        progress: Told how trainings go.
    """

    ours: Predictor
    fleet: Fleet
    test: Windows
    progress: Progress | None


def predictor_of(files: Files) -> Predictor:
    """A model artifact, verified and ready to answer."""
    return Predictor.from_files({name: files.read(name) for name in (MODEL_FILE, CARD_FILE)})


def tested_fleet(stored: Files) -> Fleet:
    """The units that only judge."""
    tested = [unit for unit, role in splits_of(stored).items() if role == splits.TEST]
    return plant_fleet(stored).take(tested)


def cuts_of(model: Predictor, fleet: Fleet) -> Windows:
    """The points at which units are scored, as this model looks at them: the same for every model."""
    return even_cuts(model.preparation.windows(fleet, splits.TEST).exact(), CUTS_OF_A_LIFE)


def answers_of(model: Predictor, windows: Windows) -> NDArray[np.float64]:
    """What a candidate says, shape ``(N,)``, in life units; the cap where that is no number.

    The gate refuses a model that says such a thing; the report is written all the same.
    """
    return np.nan_to_num(model.score(windows), nan=model.preparation.cap)


def lives_of(model: Predictor, fleet: Fleet) -> PredictedLives | None:
    """What this model says at every reading, as it would at work; None where no unit has failed.

    A unit that still runs is left out: whether an alarm would have come in time is not known.
    """
    failed = fleet.units[fleet.units["rul_at_end"].notna()]
    every = model.preparation.windows(fleet, splits.TEST).of_units(failed["unit"])
    if not len(every):
        return None
    predicted = answers_of(model, every)
    return PredictedLives(
        unit_ids=every.units(),
        life=every.index["life"].to_numpy(dtype=np.float64),
        truth=every.rul(),
        predicted=predicted,
        interval_low=model.interval(predicted)[0],
        readings=dict(zip(failed["unit"].astype(str), failed["rows"].astype(int), strict=True)),
    )


def recipe_problem(champion: Champion, stored: Files) -> str | None:
    """Why the champion's rows are other rows than the candidate's, or None."""
    then, now = (json.loads(files.read("plant.json")) for files in (champion.windows, stored))
    differs = [key for key in RECIPE if then[key] != now[key]]
    return (
        OTHER_RECIPE.format(differs=", ".join(f"[{key}]" for key in differs)) if differs else None
    )


def champion_answers(
    champion: Champion, fleet: Fleet
) -> tuple[NDArray[np.float64] | None, str | None]:
    """The champion's predictions, or why it has none.

    Raises:
        LeakError: A test unit taught it.
    """
    model = predictor_of(champion.model)
    leaked = sorted(taught_by(model.card) & set(fleet.units["unit"]))
    if leaked:
        msg = (
            f"Test units {', '.join(leaked)} taught the champion {champion.model.sha256[:12]}: a "
            f"comparison would favour it. Give these units back their former role in the plant file's "
            f"[split]."
        )
        raise LeakError(msg)
    try:
        return model.score(cuts_of(model, fleet)), None
    except DataError as error:
        return None, str(error)


def rivals_of(entry: Entry, arena: Arena) -> dict[str, NDArray[np.float64]]:
    """Predictions of those that the candidate is measured against, of the same units, in life units."""
    from rul_platform.learning.trained.baselines import constant

    ours, rivals = arena.ours, arena.ours.card["rivals"]
    windows = preparation_of(entry.stored).windows(arena.fleet, splits.TEST)
    windows = windows.longer(max(rivals.values(), default=0))
    points = windows.only(windows.index["last_row"].isin(arena.test.index["last_row"]))
    scores = {
        name: Predictor(entry.candidate.read(rival_file(name)), ours.card).score(
            points.shorter(length)
        )
        for name, length in rivals.items()
    }
    usual = constant(entry.lessons.known, arena.test, cap=ours.preparation.cap)
    return scores | {CONSTANT: usual}


def repeated(entry: Entry, arena: Arena, own: NDArray[np.float64]) -> SeedNoise:
    """The candidate's approach with other seeds, on the same folds and from the same start.

    Args:
        entry: The candidate.
        arena: Where it was scored, on N windows.
        own: Its own predictions, shape ``(N,)``, in life units.
    """
    from rul_platform.learning.transfer.seed_noise import seed_noise

    card = arena.ours.card
    config, test, cap = trained_with(card), arena.test, arena.ours.preparation.cap
    return seed_noise(
        card["approach"],
        entry.lessons.known,
        card["folds"],
        entry.lessons.setting(config),
        test,
        seed=config.seed,
        own_rmse=unit_rmse(test.units(), test.rul(), own, cap),
        progress=arena.progress,
    )


def attributions_of(entry: Entry, test: Windows) -> pd.DataFrame | str:
    """Which sensors the candidate's predictions rest on, or why that is not known."""
    from rul_platform.learning.inspection.attribution import explain_fleet

    model = stored_model(entry.candidate)
    usual = entry.lessons.known.of_length(model.window)
    try:
        return explain_fleet(model, test, usual, preparation_of(entry.stored).channels)
    except MissingExtraError as error:
        return str(error)
