"""Divide machines into training, validation and test. By unit, never by window.

A unit that once had a role keeps it: otherwise new data could move a machine that the model in
charge was trained on into the set that judges its successor.
"""

import fnmatch
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rul_platform.core.fleet import Fleet
from rul_platform.errors import LeakError, TooFewUnitsError

TRAIN, VALID, TEST, CENSORED = "train", "valid", "test", "censored"
"""The roles. A unit that has not failed has no label, so it is ``censored``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitPolicy:
    """How to divide.

    Attributes:
        valid: Part of the units for early stopping and for intervals.
        test: Part of the units that only the evaluation report opens; 0 where a test set exists.
        seed: Another seed gives another division.
        always_test: Patterns (``fnmatch``) of units that are only ever tested on.
    """

    valid: float = 0.2
    test: float = 0.0
    seed: int = 0
    always_test: tuple[str, ...] = ()


def assign(
    units: Sequence[str],
    policy: SplitPolicy,
    *,
    source: str,
    previous: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Give every unit its role.

    The order is a hash of seed and name, so it depends neither on the order of the rows nor on the
    other units.

    Args:
        units: Units that ran to failure.
        policy: How to divide.
        source: What to name in an error.
        previous: Roles given earlier; they stay.

    Returns:
        Role of each unit, in the order given.

    Raises:
        TooFewUnitsError: No unit would be left for one of the roles.
        LeakError: ``always_test`` names a unit that was trained on earlier.
    """
    fixed = {unit: TEST for unit in units if _is_listed(unit, policy.always_test)}
    kept = {u: r for u, r in (previous or {}).items() if u in set(units) and r != CENSORED}
    moved = sorted(u for u in fixed if kept.get(u, TEST) != TEST)
    if moved:
        msg = (
            f"{source}: {', '.join(moved)} served for training before and cannot become test units. "
            f"Take them out of [split] test, or start a new plant."
        )
        raise LeakError(msg)
    roles = kept | fixed
    free = sorted((u for u in units if u not in roles), key=lambda u: _order(policy.seed, u))
    quotas = {} if policy.test == 0 or fixed else {TEST: policy.test}
    quotas[VALID] = policy.valid
    pool = [u for u in units if u not in fixed]
    for role, share in quotas.items():
        wanted = max(1, round(share * len(pool))) - sum(roles.get(u) == role for u in pool)
        for unit in free[: max(0, wanted)]:
            roles[unit] = role
        free = free[max(0, wanted) :]
    roles |= dict.fromkeys(free, TRAIN)
    _refuse_empty(roles, quotas, source)
    return {unit: roles[unit] for unit in units}


def assign_fleet(
    fleet: Fleet,
    policy: SplitPolicy,
    *,
    source: str,
    previous: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Give every unit of ``fleet`` its role; units that have not failed are ``censored``.

    Raises:
        TooFewUnitsError: As :func:`assign`.
        LeakError: As :func:`assign`.
    """
    has_failed = fleet.units["rul_at_end"].notna()
    roles = assign(
        tuple(fleet.units.loc[has_failed, "unit"]), policy, source=source, previous=previous
    )
    return {unit: roles.get(unit, CENSORED) for unit in fleet.units["unit"]}


def _is_listed(unit: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(unit, pattern) for pattern in patterns)


def _order(seed: int, unit: str) -> str:
    return hashlib.sha256(f"{seed}:{unit}".encode()).hexdigest()


def _refuse_empty(roles: Mapping[str, str], quotas: Iterable[str], source: str) -> None:
    empty = [role for role in (TRAIN, *quotas) if role not in roles.values()]
    if empty:
        raise TooFewUnitsError(
            source,
            found=len(roles),
            needed=len(roles) + len(empty),
            what=f"units that ran to failure, none is left for {' and '.join(empty)}",
        )
