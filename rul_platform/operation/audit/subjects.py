"""What a person asks about: a prediction, a version, a plant's champion, an artifact.

Belongs here: from what was typed to a version. Does not belong here: what is said of it (``dossier``).
"""

from rul_platform.errors import AuditSubjectError, UnknownPredictionError
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion
from rul_platform.storage.predictions import LoggedPrediction

EXPECTED = (
    "a prediction's id, a version as PLANT:NUMBER, a plant with a model in charge, or the first twelve "
    "digits or more of a model's sha256"
)
_DIGITS = 12


def found(home: Home, text: str) -> tuple[ModelVersion, LoggedPrediction | None]:
    """The version that is meant, and the prediction where it was one.

    Args:
        home: Where to look.
        text: See ``EXPECTED``; of a sha256, twelve digits are enough where they are one version's.

    Raises:
        AuditSubjectError: Nothing is called so, or several things are.
    """
    try:
        prediction = home.predictions.get(text)
    except UnknownPredictionError:
        return version(home, text), None
    return home.registry.version(prediction.plant, prediction.number), prediction


def version(home: Home, text: str) -> ModelVersion:
    """The version that is meant.

    Raises:
        AuditSubjectError: Nothing is called so, or several things are.
    """
    plant, colon, number = text.rpartition(":")
    every = home.registry.versions()
    if colon and number.isdecimal():
        matching = [each for each in every if each.plant == plant and each.number == int(number)]
    else:
        matching = [each for each in every if each.plant == text and each.state == "champion"]
        matching = matching or [
            each for each in every if len(text) >= _DIGITS and each.sha256.startswith(text)
        ]
    if len(matching) == 1:
        return matching[0]
    several = ", ".join(f"{each.plant}:{each.number}" for each in matching)
    raise AuditSubjectError(text, found=several or "nothing of this name", expected=EXPECTED)
