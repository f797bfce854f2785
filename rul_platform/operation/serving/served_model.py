"""A version in memory, loaded by hash and signature, that has answered once already.

Belongs here: what must hold before a version answers callers. Does not belong here: which version that
is (``slots``).
"""

import json
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from rul_platform.core.artifact_files import CARD_FILE
from rul_platform.core.plant import Plant
from rul_platform.core.statement import MANIFEST
from rul_platform.errors import NotSignedError
from rul_platform.operation.asking import load
from rul_platform.operation.provenance import opened
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion

if TYPE_CHECKING:
    from rul_platform.inference.predictor import Predictor

WARM_UP = 3
"""Questions before the first caller's: the first allocates, the fastest of the others is the time."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A version that answers.

    Attributes:
        version: Which.
        predictor: Its network and what goes with it.
        plant: What the plant's columns meant when it learned.
        run_ms: What its network takes for one window, in milliseconds.
    """

    version: ModelVersion
    predictor: "Predictor"
    plant: Plant
    run_ms: float


def load_served(home: Home, version: ModelVersion) -> ServedModel:
    """Hash every file of a version anew, check its signature, load it and ask it once.

    Raises:
        StoreError: A file is missing or changed.
        OSError: A file cannot be reached.
        NotSignedError: Nobody signed how it was made, or a statement about another artifact.
        EnvelopeError: Nobody known signed it.
        InferenceError: It is no network that runs.
    """
    artifact = home.store.artifact(version.sha256)
    for name in artifact.files:
        home.store.path(artifact, name)
    _require_signed(home, version)
    predictor = load(home, version)
    windows = json.loads(home.store.read(artifact, CARD_FILE))["windows"]
    described = home.store.read(home.store.artifact(windows), "plant.json")
    plant = Plant.model_validate_json(described)
    return ServedModel(version, predictor, plant, _warm(predictor))


def _require_signed(home: Home, version: ModelVersion) -> None:
    """The newest statement about a version is by a known key, and about these very files."""
    told = home.provenance.of_version(version.plant, version.number)
    who = f"{version.plant} version {version.number}"
    if not told:
        raise NotSignedError(who)
    if opened(home, told[-1]).subjects.get(MANIFEST) != version.sha256:
        other = f"{who} with these files"
        raise NotSignedError(other)


def _warm(predictor: "Predictor") -> float:
    preparation = predictor.preparation
    shape = 1, preparation.window, len(preparation.channels)
    x, took = np.zeros(shape, dtype=np.float32), list[float]()
    for _ in range(WARM_UP):
        begin = perf_counter()
        predictor.run(x)
        took.append(1000.0 * (perf_counter() - begin))
    return min(took)
