"""Who is scored beside a candidate: the champion, the rivals, and the candidate's own recipe again.

Belongs here: what each of them predicts on the test cuts. Does not belong here: what is made of the
predictions (``contest``).
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rul_platform.core import splits
from rul_platform.core.fleet import Fleet
from rul_platform.core.gate_statistics import SeedNoise
from rul_platform.core.recipe import FitConfig
from rul_platform.core.windows import Windows, even_cuts
from rul_platform.errors import DataError, LeakError
from rul_platform.inference.predictor import CARD_FILE, MODEL_FILE, Predictor
from rul_platform.orchestration.step import Champion, Files, Step
from rul_platform.orchestration.stored_windows import plant_fleet, splits_of
from rul_platform.storage.home import Progress

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.learning.rivals import Rivals

CUTS = 20
"""Points of each test unit's life at which it is scored; every unit weighs the same."""

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
        stored: The plant's windows that it learned from.
        parent: The pretrained checkpoint that it descends from.
        start: The artifact with the ``checkpoint.pt`` that its training began with: ``parent``, or the
            champion of that time.
    """

    candidate: Files
    stored: Files
    parent: Files
    start: Files


def entry_of(step: Step, plant: str) -> Entry:
    """A plant's newest candidate, and by the hashes on its card all that it was made from."""
    candidate = step.read("finetuned_model", plant)
    card = json.loads(candidate.read(CARD_FILE))
    parent = step.read_exactly("pretrained_checkpoint", card["architecture"], card["parent"])
    start = card.get("start", {"from": "pretrained"})  # older cards know no other start
    began_as_champion = start["from"] == "champion"
    return Entry(
        candidate=candidate,
        stored=step.read_exactly("plant_windows", plant, card["windows"]),
        parent=parent,
        start=step.read_exactly("finetuned_model", plant, start["sha256"])
        if began_as_champion
        else parent,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """Where all are scored.

    Attributes:
        ours: The candidate, as it would serve.
        windows: All windows of the plant.
        test: The windows that are scored.
        progress: Told how trainings go.
    """

    ours: Predictor
    windows: Windows
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
    return even_cuts(model.preparation.windows(fleet, splits.TEST).exact(), CUTS)


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
        return model.score(cuts_of(model, fleet)), None
    except DataError as error:
        return None, str(error)


def rivals_of(entry: Entry, arena: Arena) -> "Rivals":
    """What was trained on the same units for comparison."""
    from rul_platform.learning.checkpoints import load
    from rul_platform.learning.rivals import score_rivals

    ours = arena.ours
    return score_rivals(
        arena.windows,
        arena.test,
        load(entry.parent.read("checkpoint.pt"), source="pretrained_checkpoint"),
        ours.preparation.channels,
        _fit(ours.card["training"]),
        cap=ours.preparation.cap,
        progress=arena.progress,
    )


def repeated(entry: Entry, arena: Arena, own_rmse: float) -> SeedNoise:
    """The candidate's recipe with other seeds, on the same windows and from the same start."""
    from rul_platform.learning.checkpoints import load
    from rul_platform.learning.finetuning import FinetuneConfig
    from rul_platform.learning.seed_noise import seed_noise

    ours, training = arena.ours, arena.ours.card["training"]
    return seed_noise(
        load(entry.start.read("checkpoint.pt"), source=f"model {entry.start.sha256[:12]}"),
        ours.preparation.channels,
        arena.windows,
        arena.test,
        FinetuneConfig(
            fit=_fit(training),
            freeze=training["freeze"],
            pretrained_rate=training["pretrained_rate"],
        ),
        own_rmse=own_rmse,
        cap=ours.preparation.cap,
        progress=arena.progress,
    )


def _fit(training: dict[str, Any]) -> FitConfig:
    """The loop's settings as the candidate's card tells them."""
    return FitConfig(**{k: v for k, v in training.items() if k in FitConfig.__slots__})
