"""Whether the files of a version are whole and make a model that answers.

Damage is for good. Absence may pass, as of a folder that is not mounted or a bucket that does not
answer: it is not held against a version.

Belongs here: reading, hashing and loading them. Does not belong here: what follows if not.
"""

import json
from dataclasses import dataclass

from rul_platform.errors import (
    InferenceError,
    MissingArtifactError,
    StoreError,
    StoreUnreachableError,
)
from rul_platform.operation.answering import load
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion

ABSENT = (MissingArtifactError, StoreUnreachableError, OSError)
"""What reading raises where files cannot be reached, though nothing says that they changed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a version cannot answer.

    Attributes:
        problem: In words.
        is_lasting: It is damaged; otherwise its files are only not there now.
    """

    problem: str
    is_lasting: bool


def verify(home: Home, version: ModelVersion) -> None:
    """Read and hash every file of a version, and load it as for an answer.

    Raises:
        StoreError: A file is missing or changed.
        OSError: A file cannot be reached.
        InferenceError: It is no network that runs.
    """
    _read_all(home, version)
    load(home, version)


def fault_of(home: Home, version: ModelVersion) -> Fault | None:
    """What makes a version unfit to answer; None where it is whole and loads."""
    try:
        verify(home, version)
    except ABSENT as error:
        return Fault(str(error), is_lasting=False)
    except (StoreError, InferenceError) as error:
        return Fault(str(error), is_lasting=True)
    return None


def absence_of(home: Home, version: ModelVersion) -> str | None:
    """Why a version's files cannot be read now; None where they can be, be they changed or not."""
    try:
        _read_all(home, version)
    except ABSENT as error:
        return str(error)
    except StoreError:
        return None
    return None


def label_cap(home: Home, sha256: str) -> float:
    """Cap of the labels that a model learned from, in life units.

    Raises:
        StoreError: Its card is missing or changed.
        OSError: Its card cannot be reached.
    """
    card = json.loads(home.store.read(home.store.artifact(sha256), "card.json"))
    return float(card["preparation"]["cap"])


def _read_all(home: Home, version: ModelVersion) -> None:
    artifact = home.store.artifact(version.sha256)
    for name in artifact.files:
        home.store.path(artifact, name)
