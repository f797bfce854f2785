"""Removing the files of models that nobody needs any more. What is recorded of them stays.

Belongs here: which versions can go, and in which order. Does not belong here: whether a plant wants that
(``Policy.cleanup``, asked by whoever calls).
"""

from datetime import datetime

from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion
from rul_platform.storage.version_states import CLEANABLE


def clean_up(home: Home, plant: str, now: datetime) -> tuple[int, ...]:
    """Remove the files of versions that neither serve, nor may soon, nor are to go back to.

    There stay: the champion and ``keep_versions`` before it, candidates and a challenger, the model that
    was made last, and everything while a retraining is not over. Files that another artifact holds too
    stay in any case, and so does a model that another plant's version holds too.

    Killed half way, the next call removes what is left.

    Returns:
        Numbers of the versions whose files were removed now.
    """
    if home.retrains.current(plant) is not None:
        return ()
    with home.registry.alone():
        going = _not_needed(home, plant)
        for version in going:
            home.registry.mark_cleaned(plant, version.number, now=now)
        if going:
            gone = [{"number": each.number, "sha256": each.sha256} for each in going]
            home.ledger.append("cleanup", plant=plant, body={"versions": gone}, now=now)
    with home.registry.alone():  # who registers one again waits, and is refused: it is gone
        versions = home.registry.versions()
        held = {version.sha256 for version in versions if version.cleaned_at is None}
        for version in versions:
            if version.plant == plant and version.sha256 not in held:
                home.store.remove(version.sha256)
    return tuple(version.number for version in going)


def _not_needed(home: Home, plant: str) -> list[ModelVersion]:
    keep = home.configured(plant).policy.keep_versions
    needed = {version.number for version in home.registry.predecessors(plant)[:keep]}
    made_last = home.lineage.current("finetuned_model", plant)
    return [
        version
        for version in home.registry.versions(plant)
        if version.state in CLEANABLE
        and version.cleaned_at is None
        and version.number not in needed
        and (made_last is None or version.sha256 != made_last.sha256)
    ]
