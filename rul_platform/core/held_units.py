"""Which units of a long fleet are held in memory, where not all of them can be.

Training, judging and explaining hold their windows. Of a plant with more readings than ``HELD_READINGS``
they hold whole units, so that a division by units stays one: of each role at least one, and of what is
left its share, the units of a role in the order of a hash of their names. The rule looks at names, roles
and lengths alone, so the same artifact always gives the same units.

Belongs here: the rule. Does not belong here: reading the units (``storage.stored_fleet``).
"""

import hashlib
from collections.abc import Mapping

from rul_platform.errors import LongUnitError

HELD_READINGS = 2**22
"""Readings that are held at most: of 41 channels (20 sensors) they are 656 MiB, beside their index."""


def held_units(
    rows: Mapping[str, int], roles: Mapping[str, str], *, most: int = HELD_READINGS
) -> frozenset[str]:
    """The units that are held.

    Args:
        rows: Readings of each unit.
        roles: Role of each unit.
        most: Readings that are held at most.

    Raises:
        LongUnitError: Not one unit of each role fits.

    >>> sorted(held_units({"a": 3, "b": 3, "c": 2}, {"a": "train", "b": "train", "c": "test"}, most=5))
    ['b', 'c']
    """
    total = sum(rows.values())
    if total <= most:
        return frozenset(rows)
    of_role = {
        role: sorted((unit for unit in rows if roles.get(unit) == role), key=_order)
        for role in sorted({roles[unit] for unit in rows})
    }
    shortest = {role: min(rows[unit] for unit in units) for role, units in of_role.items()}
    rest = most - sum(shortest.values())
    if rest < 0:
        worst = max(shortest, key=shortest.__getitem__)
        raise LongUnitError(worst, shortest=shortest[worst], total=total, most=most)
    chosen: set[str] = set()
    for role, units in of_role.items():
        share = rest * sum(rows[unit] for unit in units) // total
        chosen.update(_that_fit(units, rows, shortest[role] + share))
    return frozenset(chosen)


def _that_fit(units: list[str], rows: Mapping[str, int], room: int) -> list[str]:
    taken: list[str] = []
    for unit in units:
        if rows[unit] <= room:
            taken.append(unit)
            room -= rows[unit]
    return taken


def _order(unit: str) -> str:
    return hashlib.sha256(f"held:{unit}".encode()).hexdigest()
