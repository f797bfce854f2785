"""Which retraining settings a run goes by.

Belongs here: choosing between a retrain's own settings and those of the plant. Does not belong here:
what they mean (``core.policy``).
"""

from rul_platform.core.policy import Policy
from rul_platform.storage.home import Home


def settings_in_force(home: Home, plant: str, retrain_id: int | None) -> tuple[Policy, str]:
    """The settings that the retrain was asked for with; without one, those of the plant now.

    Returns:
        The policy, and the sha256 under which it is kept.
    """
    if retrain_id is not None:
        kept = home.retrains.get(retrain_id).snapshot
        return Policy(**home.snapshots.get(kept)), kept
    configured = home.configured(plant)
    return configured.policy, home.snapshots.keep(configured, home.now())
