"""Which machines a plant's own readings tell of.

Belongs here: names. Does not belong here: machines that only predictions know (``storage.outcomes``).
"""

from rul_platform.storage.home import Home


def stored_units(home: Home, plant: str) -> frozenset[str]:
    """Units in the plant's stored readings; none before these were made."""
    from rul_platform.core.parquet import from_parquet

    made = home.lineage.current("plant_readings", plant)
    if made is None:
        return frozenset()
    artifact = home.store.artifact(made.sha256)
    units = from_parquet(str(home.store.path(artifact, "units.parquet")))
    return frozenset(units["unit"].astype(str))
