"""Windows, and what they are made from, as the assets store them, read back.

Belongs here: file names of these artifacts. Nothing else opens the official test set than
``cmapss_test``, and nothing calls that but the benchmark, the last section of a method's log
(``studies``) and ``rul windows export --test``: no training.
"""

import json
from collections.abc import Iterator, Mapping

from rul_platform.core.fleet import Fleet
from rul_platform.core.outcomes import Told
from rul_platform.core.parquet import read_windows
from rul_platform.core.preparation import Preparation
from rul_platform.core.windows import Windows
from rul_platform.errors import LineageError
from rul_platform.orchestration.step import Files
from rul_platform.storage.stored_fleet import held_fleet, held_windows, window_parts_of


def preparation_of(files: Files) -> Preparation:
    """How the stored windows were prepared."""
    return Preparation.from_json(json.loads(files.read("preparation.json")))


def cmapss_training(files: Files) -> Windows:
    """Training and validation windows of a C-MAPSS subset."""
    return _read(files, "train_cycles.parquet", "train_windows.parquet")


def cmapss_test(files: Files) -> Windows:
    """The official test set of a C-MAPSS subset: for evaluation and export, never for training."""
    return _read(files, "test_cycles.parquet", "test_windows.parquet")


def plant_windows(files: Files) -> Windows:
    """A plant's windows, whatever their split; of a long plant those of the units that are held.

    Censored units have none.

    Raises:
        LongUnitError: The units of a role are too long to be held.
    """
    preparation = preparation_of(files)
    return held_windows(
        files.store, files.artifact, channels=preparation.channels, length=preparation.window
    )


def all_plant_windows(files: Files) -> Iterator[Windows]:
    """All windows of a plant, however many, part by part."""
    preparation = preparation_of(files)
    return window_parts_of(
        files.store, files.artifact, channels=preparation.channels, length=preparation.window
    )


def splits_of(files: Files) -> dict[str, str]:
    """The role of each unit that the plant has now."""
    return json.loads(files.read("splits.json"))


def roles_ever_given(files: Files) -> dict[str, str]:
    """The role of each unit that ever had one, also of units that the plant lacks now.

    Artifacts from before ``roles.json`` know only the units that they hold.
    """
    name = "roles.json" if "roles.json" in files.artifact.files else "splits.json"
    return json.loads(files.read(name))


def plant_fleet(files: Files) -> Fleet:
    """A plant's histories as they were checked, before scaling; of a long one the units that are held.

    Raises:
        LongUnitError: As :func:`plant_windows`.
    """
    return held_fleet(files.store, files.artifact)


def told_by(feedback: Files | None) -> Told:
    """What the labels of a collected feedback say; nothing where none was collected."""
    return Told() if feedback is None else Told.from_labels(feedback.table("labels.parquet"))


def common_preparation(stored: Mapping[str, Files]) -> Preparation:
    """The preparation of several subsets that are trained on together.

    Raises:
        LineageError: They were cut differently; says how.
    """
    prepared = {name: preparation_of(files) for name, files in stored.items()}
    shapes = {name: (p.window, p.cap, p.channels) for name, p in prepared.items()}
    if len(set(shapes.values())) != 1:
        found = "; ".join(f"{name}: window {w}, cap {c:g}" for name, (w, c, _) in shapes.items())
        msg = f"These windows cannot be trained on together ({found}). Materialise them alike."
        raise LineageError(msg)
    return next(iter(prepared.values()))


def _read(files: Files, cycles: str, index: str) -> Windows:
    preparation = preparation_of(files)
    return read_windows(
        files.path(cycles),
        files.path(index),
        channels=preparation.channels,
        length=preparation.window,
    )
