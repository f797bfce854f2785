"""Whether the files of a version are whole and make a model that answers.

Belongs here: reading, hashing and loading them. Does not belong here: what follows if not.
"""

import json

from rul_platform.errors import InferenceError, StoreError
from rul_platform.operation.answering import load
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion


def verify(home: Home, version: ModelVersion) -> None:
    """Read and hash every file of a version, and load it as for an answer.

    Raises:
        StoreError: A file is missing or changed.
        InferenceError: It is no network that runs.
    """
    artifact = home.store.artifact(version.sha256)
    for name in artifact.files:
        home.store.path(artifact, name)
    load(home, version)


def wrong_with(home: Home, version: ModelVersion) -> str | None:
    """What makes a version unfit to answer, in words; None where it is whole and loads."""
    try:
        verify(home, version)
    except (StoreError, InferenceError) as error:
        return str(error)
    return None


def label_cap(home: Home, sha256: str) -> float:
    """Cap of the labels that a model learned from, in life units.

    Raises:
        StoreError: Its card is missing or changed.
    """
    card = json.loads(home.store.read(home.store.artifact(sha256), "card.json"))
    return float(card["preparation"]["cap"])
