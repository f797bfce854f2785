"""Making a plant's windows part by part, so that a killed build goes on where it stopped.

Every part is in the store before the journal tells of it, and the artifact names the parts at the end:
nothing half written is ever met. Preparing is a step of the journal as well.

Belongs here: the order of the steps. Does not belong here: what is computed (``core.preparation``,
``core.window_parts``), where the journal is (``builds``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from rul_platform.core.long_fleet import LongFleet
from rul_platform.core.parquet import to_parquet
from rul_platform.core.parts import PART_ROWS, part_name
from rul_platform.core.preparation import Preparation, PreparationFit
from rul_platform.core.splits import TRAIN, require_known
from rul_platform.core.window_parts import Reached, window_parts
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.builds import Build
from rul_platform.storage.manifests import FileEntry
from rul_platform.storage.stored_fleet import CYCLES, INDEX, LABELLED

SHOWN_WINDOWS = PART_ROWS
"""So many windows at most are told to the UI's plot of labels, evenly spread."""

Told = Callable[[int, int], None]
"""Told how many readings of how many were seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRecipe:
    """How windows are to be made.

    Attributes:
        roles: Role of each unit.
        window: W, in readings.
        cap: Label cap, in ``life_unit``.
        life_unit: ``cycles``, ``hours`` or ``seconds``.
        source: What to name in errors.
    """

    roles: Mapping[str, str]
    window: int
    cap: float
    life_unit: str
    source: str

    @property
    def labelled(self) -> dict[str, str]:
        """Role of each unit of which windows are cut."""
        return {unit: role for unit, role in self.roles.items() if role in LABELLED}


@dataclass(frozen=True, slots=True)
class BuiltWindows:
    """What was made.

    Attributes:
        preparation: Fitted on training units.
        files: The parts of both tables, by name.
        windows: How many there are.
        at_least: Of how many the RUL is only a lower bound.
        shown: Rows of the index, all or evenly spread ones, for a plot.
    """

    preparation: Preparation
    files: dict[str, FileEntry]
    windows: int
    at_least: int
    shown: pd.DataFrame


def build_windows(
    store: ArtifactStore,
    work: Build,
    fleet: LongFleet,
    recipe: WindowRecipe,
    *,
    told: Told | None = None,
    part_rows: int = PART_ROWS,
) -> BuiltWindows:
    """Make what of a plant's windows is not there yet.

    Args:
        store: Where parts are kept.
        work: The journal; what it tells of and the store holds is not made again.
        fleet: Histories.
        recipe: How.
        told: Told how far it is.
        part_rows: Rows of every part but the last.

    Raises:
        DataError: A unit worked in a condition that no training unit knows.
    """
    preparation = _prepared(work, fleet, recipe, told)
    done = _whole_parts(store, work)
    begin = Reached.from_json(done[-1]["reached"]) if done else None
    total = int(fleet.bounds[-1])
    for part in window_parts(fleet, recipe.labelled, preparation, begin=begin, part_rows=part_rows):
        done.append(
            {
                "number": len(done),
                CYCLES: _kept(store, part.cycles),
                INDEX: _kept(store, part.index),
                "reached": part.reached.to_json(),
                "at_least": int(np.count_nonzero(part.index["at_least"].to_numpy())),
            }
        )
        work.note("part", **done[-1])
        if told is not None:
            told(part.reached.row, total)
    return _built(store, preparation, done)


def _prepared(
    work: Build, fleet: LongFleet, recipe: WindowRecipe, told: Told | None
) -> Preparation:
    """Fit on the training units, and make sure that they know what the others went through."""
    for step in work.of_kind("preparation"):
        return Preparation.from_json(step["preparation"])
    names = fleet.units["unit"].to_numpy()
    is_training = np.array([recipe.roles[unit] == TRAIN for unit in names], dtype=np.bool_)
    fit = PreparationFit(fleet.sensors, window=recipe.window)
    worked: dict[tuple[str, str], None] = {}
    for piece in fleet.pieces():
        codes, labels = pd.factorize(piece.readings["condition"])
        pairs = np.unique(piece.unit * len(labels) + codes)
        worked |= {(names[at // len(labels)], str(labels[at % len(labels)])): None for at in pairs}
        fit.add(piece.only(is_training[piece.unit]))
        if told is not None:
            told(piece.begin + len(piece), int(fleet.bounds[-1]))
    require_known(worked, recipe.roles, source=recipe.source)
    units = tuple(names[is_training])
    preparation = fit.preparation(units, cap=recipe.cap, life_unit=recipe.life_unit)
    work.note("preparation", preparation=preparation.to_json())
    return preparation


def _whole_parts(store: ArtifactStore, work: Build) -> list[dict[str, Any]]:
    """Parts that are done and still there, up to the first that is not."""
    noted = {step["number"]: step for step in work.of_kind("part")}
    done: list[dict[str, Any]] = []
    for number in range(len(noted)):
        step = {key: value for key, value in noted[number].items() if key != "kind"}
        if not all(store.holds(FileEntry(**step[table])) for table in (CYCLES, INDEX)):
            break
        done.append(step)
    return done


def _kept(store: ArtifactStore, table: pa.Table) -> dict[str, Any]:
    entry = store.keep(to_parquet(table))
    return {"sha256": entry.sha256, "size": entry.size}


def _built(
    store: ArtifactStore, preparation: Preparation, done: list[dict[str, Any]]
) -> BuiltWindows:
    windows = done[-1]["reached"]["windows"]
    files = {
        part_name(table, step["number"], len(done)): FileEntry(**step[table])
        for table in (CYCLES, INDEX)
        for step in done
    }
    indexes = [FileEntry(**step[INDEX]) for step in done]
    at_least = sum(step["at_least"] for step in done)
    return BuiltWindows(preparation, files, windows, at_least, _shown(store, indexes, windows))


def _shown(store: ArtifactStore, indexes: list[FileEntry], windows: int) -> pd.DataFrame:
    """Split and RUL of so many windows that a plot can be drawn of them."""
    every, offset = -(-windows // SHOWN_WINDOWS), 0
    shown: list[pa.Table] = []
    for entry in indexes:
        part = pq.read_table(store.kept_path(entry), columns=["split", "rul"])
        shown.append(part.take(pa.array(np.arange(-offset % every, part.num_rows, every))))
        offset += part.num_rows
    return pa.concat_tables(shown).to_pandas()
