"""What searches and the method share: their ground, where their trials are kept, and one at a time.

Belongs here: from stored windows to what ``learning`` takes, and what these assets say alike. Does not
belong here: the searching.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg
from filelock import FileLock, Timeout
from pydantic import Field

from rul_platform.core.canonical import canonical_json, fingerprint
from rul_platform.core.cmapss import SUBSETS
from rul_platform.core.plant import Plant
from rul_platform.core.plant_recipe import BATCH_SIZE, LEARNING_RATE, PRETRAINED_RATE, STEPS
from rul_platform.core.preparation import Preparation
from rul_platform.core.recipe import FitConfig
from rul_platform.core.splits import TEST, TRAIN, VALID
from rul_platform.core.windows import Windows, even_cuts, last_of_each_unit, pool
from rul_platform.errors import SearchError
from rul_platform.operation.parents import parent_of
from rul_platform.orchestration.finetuning_config import ArchitectureName
from rul_platform.orchestration.partitions import PLANT, SUBSET
from rul_platform.orchestration.step import STUDY_CODE, Files, Step, current
from rul_platform.orchestration.step_needs import TRAINS
from rul_platform.orchestration.stored_windows import (
    cmapss_test,
    cmapss_training,
    plant_windows,
    preparation_of,
)
from rul_platform.storage.artifacts import ArtifactStore
from rul_platform.storage.home import Home
from rul_platform.storage.studies import study_place

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.learning.networks.models import ModelConfig
    from rul_platform.learning.transfer.finetuning import FinetuneConfig

_STUDY: dict[str, Any] = {
    "kinds": {"pytorch"},
    "owners": ["team:learning"],
    "code_version": STUDY_CODE,
    "op_tags": TRAINS,
}
SUBSET_STUDY: dict[str, Any] = {
    **_STUDY,
    "partitions_def": SUBSET,
    "group_name": "evaluation",
}
"""What assets that study a C-MAPSS subset say alike; each says which windows it reads."""

PLANT_STUDY: dict[str, Any] = {
    **_STUDY,
    "partitions_def": PLANT,
    "group_name": "plant",
    "deps": [
        "plant_windows",
        dg.AssetDep("pretrained_checkpoint", partition_mapping=dg.AllPartitionMapping()),
    ],
}
"""The same of assets that study a plant; what :func:`known_of_plant` reads is among it."""

TEST_CUTS = 20
"""A plant's test units are judged at so many points of their life."""


class StudyConfig(dg.Config):
    """What a search and the method have in common in the launchpad."""

    architecture: ArchitectureName = Field(
        default=ArchitectureName.lstm, description="Of every network that is tried."
    )
    seed: int = Field(default=0, description="Of the draws and of all trainings.")
    new: bool = Field(default=False, description="Begin anew, beside what was tried before.")


@dataclass(frozen=True, slots=True)
class Known:
    """What may be learned from and chosen by, and what may only judge at the end.

    Attributes:
        name: Of the subset or the plant.
        stored: The windows' artifact.
        preparation: How they were made.
        windows: Of training and validation units.
        checkpoint: A pretrained network, where one is there and may be used.
        is_plant: Whether it is a plant.
        goes_on: Whether networks go on from the checkpoint; else only its shape is theirs.
    """

    name: str
    stored: Files
    preparation: Preparation
    windows: Windows
    checkpoint: Files | None
    is_plant: bool
    goes_on: bool = True

    def test(self) -> Windows:
        """Windows of the units that judge: for the last section of a method's log, and nothing else."""
        if self.is_plant:
            return even_cuts(plant_windows(self.stored).select(TEST), TEST_CUTS)
        return last_of_each_unit(cmapss_test(self.stored))

    def start(self) -> bytes | None:
        """Bytes of the network to go on from; None: every network begins anew."""
        if self.checkpoint is None or not self.goes_on:
            return None
        return self.checkpoint.read("checkpoint.pt")

    def shape(self) -> "ModelConfig | None":
        """Of a network that begins anew: the checkpoint's, as `from scratch` has; None: the usual."""
        from rul_platform.learning.networks import checkpoints

        if self.checkpoint is None:
            return None
        data = self.checkpoint.read("checkpoint.pt")
        return checkpoints.load(data, source="the pretrained checkpoint").config

    def plain(self, seed: int) -> "FinetuneConfig | None":
        """How a plant's networks are trained where nobody asks otherwise; None of a subset."""
        from rul_platform.learning.transfer.finetuning import FinetuneConfig

        if not self.is_plant:
            return None
        fit = FitConfig(seed=seed, steps=STEPS, batch_size=BATCH_SIZE, learning_rate=LEARNING_RATE)
        return FinetuneConfig(fit=fit, pretrained_rate=PRETRAINED_RATE)


def known_of_subset(step: Step, subset: str) -> Known:
    """A C-MAPSS subset."""
    stored = step.read("cmapss_windows", subset)
    return Known(
        subset, stored, preparation_of(stored), cmapss_training(stored), None, is_plant=False
    )


def known_of_plant(
    step: Step, home: Home, plant: str, config: StudyConfig, *, goes_on: bool = True
) -> Known:
    """A plant, with the checkpoint that its model would start from.

    One that has seen the plant's machines, or may have, is left out, and is not recorded as read.
    """
    stored, architecture = step.read("plant_windows", plant), config.architecture.value
    parent, checkpoint = parent_of(home, architecture), None
    if parent is not None and not _may_have_seen(home.store, parent.sha256, stored):
        checkpoint = step.read_exactly(parent.origin, architecture, parent.sha256)
    windows = plant_windows(stored).select(TRAIN, VALID)
    return Known(
        plant,
        stored,
        preparation_of(stored),
        windows,
        checkpoint,
        is_plant=True,
        goes_on=goes_on,
    )


def other_subsets(step: Step, home: Home, known: Known) -> dict[str, Files]:
    """Windows of the other turbofans that are made and have the same channels; the reads are noted."""
    if known.is_plant or known.name not in SUBSETS:
        return {}
    others = {
        subset: _made(home, "cmapss_windows", subset) for subset in SUBSETS if subset != known.name
    }
    return {
        subset: step.read_exactly("cmapss_windows", subset, files.sha256)
        for subset, files in others.items()
        if files is not None and _is_alike(preparation_of(files), known.preparation)
    }


def pooled(stored: Mapping[str, Files]) -> Windows | None:
    """Training and validation windows of several turbofans; None of none."""
    windows = {subset: cmapss_training(files) for subset, files in stored.items()}
    return pool(windows) if windows else None


@contextmanager
def study_of(home: Home, name: str, facts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Name, database and driver's arguments of the study of exactly these facts, for one at a time.

    Raises:
        SearchError: Somebody else is at work on it.
    """
    digest = fingerprint({"facts.json": canonical_json(dict(facts))})[:12]
    locks = home.folder / "studies"
    locks.mkdir(exist_ok=True)
    try:
        with FileLock(locks / f"{digest}.lock").acquire(timeout=0):
            place = study_place(home.settings.database_url, home.folder)
            yield {
                "name": f"{name} {digest}",
                "url": place.url,
                "connect_args": place.connect_args,
            }
    except Timeout as error:
        msg = f"Another run is at work on the study of {name}. Wait for its end, or stop it first."
        raise SearchError(msg) from error


def _made(home: Home, asset: str, partition: str) -> Files | None:
    """The current artifact, to look at: whoever uses it records that."""
    is_there = home.lineage.current(asset, partition) is not None
    return current(home, asset, partition) if is_there else None


def _may_have_seen(store: ArtifactStore, checkpoint: str, stored: Files) -> bool:
    held_out = Plant.model_validate_json(stored.read("plant.json")).transfer.held_out
    seen = json.loads(store.read(store.artifact(checkpoint), "card.json"))["subsets"]
    return bool(held_out) if seen is None else not set(seen).isdisjoint(held_out)


def _is_alike(one: Preparation, other: Preparation) -> bool:
    return (one.window, one.cap, one.channels) == (other.window, other.cap, other.channels)
