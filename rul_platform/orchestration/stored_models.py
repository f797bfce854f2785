"""A plant's model as its asset stores it, read back, with the windows that it learned from.

Belongs here: from an artifact to something to look into. Does not belong here: what is seen there
(``learning``), answering for machines at work (``operation``).
"""

import json
from typing import TYPE_CHECKING

from rul_platform.core import splits
from rul_platform.orchestration.step import Files
from rul_platform.orchestration.stored_windows import plant_windows
from rul_platform.storage.home import Home

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from rul_platform.core.windows import Windows
    from rul_platform.learning.trained.stored_models import StoredModel


def stored_model(files: Files) -> "StoredModel":
    """A model artifact as something that answers windows; every file's hash is checked."""
    from rul_platform.learning.trained.stored_models import StoredModel

    return StoredModel.from_files({name: files.read(name) for name in files.artifact.files})


def taught_with(home: Home, files: Files) -> Files:
    """The plant's windows that a model artifact learned from."""
    learned_from = json.loads(files.read("card.json"))["windows"]
    return Files(home.store, home.store.artifact(learned_from))


def taught(home: Home, files: Files) -> "Windows":
    """Of those the windows of the units that taught it, as long as the model looks at."""
    looked_at = json.loads(files.read("card.json"))["preparation"]["window"]
    windows = plant_windows(taught_with(home, files)).longer(looked_at)
    return windows.select(splits.TRAIN, splits.VALID)
