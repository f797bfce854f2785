"""Would a rollback work? The version that it would take is loaded and asked, before anybody needs it.

Belongs here: the rehearsal. Does not belong here: rolling back (``deploying``), and saying that the
rehearsal failed.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rul_platform.errors import RulPlatformError
from rul_platform.operation.answering import load
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Drill:
    """How a rehearsal went.

    Attributes:
        number: The version that a rollback would take; None where there is none.
        problem: Why it would not serve; None where it would.
        rul: What it answered for a machine whose readings are stored, in the plant's unit of time.
    """

    number: int | None
    problem: str | None
    rul: float | None = None


def rehearse(home: Home, plant: str) -> Drill:
    """Load the champion's predecessor, hash its files anew and ask it once. Nothing is logged."""
    predecessors = home.registry.predecessors(plant)
    if not predecessors:
        return Drill(None, "there is no version that a rollback could take")
    return _ask(home, home.registry.version(plant, predecessors[0].number))


def _ask(home: Home, version: ModelVersion) -> Drill:
    try:
        problems = home.store.verify(version.sha256)
        if problems:
            return Drill(version.number, "; ".join(problems))
        model = load(home, version)
        question = model.question(_readings(home, model.card["windows"]))
        (answer,) = model.answers(question, model.run(question.x))
    except RulPlatformError as error:
        return Drill(version.number, str(error))
    return Drill(version.number, None, answer.rul)


def _readings(home: Home, windows: str) -> "pd.DataFrame":
    """One machine's readings, of those that the version learned from: it has to understand them.

    Of a plant in many parts, those of the machine's that stand in the first one.
    """
    import pyarrow.parquet as pq

    from rul_platform.core.parts import part_names

    artifact = home.store.artifact(windows)
    first = part_names(artifact.files, "readings")[0]
    readings = pq.read_table(home.store.path(artifact, first)).to_pandas()
    return readings[readings["unit"] == readings["unit"].iloc[0]]
