"""Divide machines into training, validation and test. By unit, never by window.

A unit that once had a role keeps it: otherwise new data could move a machine that the model in
charge was trained on into the set that judges its successor. That holds too for a unit that is absent
from the data for a while, or looks unfailed again: :func:`remember` keeps every role ever given.
"""

import fnmatch
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rul_platform.core.fleet import Fleet
from rul_platform.errors import DataError, LeakError, TooFewUnitsError

if TYPE_CHECKING:
    import pandas as pd

TRAIN, VALID, TEST, CENSORED = "train", "valid", "test", "censored"
"""The roles. A unit that has not failed has no label, so it is ``censored``; unless it outlived a
prediction: then it trains, on lower bounds."""


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
        previous: Every role given earlier (:func:`remember`), to absent units too; they stay.

    Returns:
        Role of each unit, in the order given.

    Raises:
        TooFewUnitsError: No unit would be left for one of the roles.
        LeakError: ``always_test`` names a unit that was trained on earlier.
    """
    fixed = {unit: TEST for unit in units if _is_listed(unit, policy.always_test)}
    given = previous or {}
    kept = {u: given[u] for u in units if given.get(u, CENSORED) != CENSORED}
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
    """As :func:`assign_units`, of the units of ``fleet``."""
    return assign_units(fleet.units, policy, source=source, previous=previous)


def assign_units(
    units: "pd.DataFrame",
    policy: SplitPolicy,
    *,
    source: str,
    previous: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Give every unit of a fleet's ``units`` its role; those that have not failed are ``censored``.

    A unit that has not failed, but is known to have outlived a prediction, trains from now on, also once
    it has failed: what it taught can no longer be tested on it. One that was to judge stays a judge, and
    is ``censored`` until it fails.

    Raises:
        TooFewUnitsError: As :func:`assign`.
        LeakError: As :func:`assign`.
    """
    has_failed = units["rul_at_end"].notna()
    roles = assign(tuple(units.loc[has_failed, "unit"]), policy, source=source, previous=previous)
    given = previous or {}
    roles |= {
        unit: TRAIN
        for unit in _outlived(units)
        if given.get(unit, TRAIN) == TRAIN and not _is_listed(unit, policy.always_test)
    }
    return {unit: roles.get(unit, CENSORED) for unit in units["unit"]}


def _outlived(units: "pd.DataFrame") -> list[str]:
    """Units that have no label but a lower bound."""
    import pandas as pd

    known = units.get("known_life", pd.Series(np.nan, index=units.index))
    return units.loc[known.notna() & units["rul_at_end"].isna(), "unit"].tolist()


def remember(previous: Mapping[str, str] | None, roles: Mapping[str, str]) -> dict[str, str]:
    """Every role ever given: what the next :func:`assign` must be told as ``previous``.

    Args:
        previous: Roles given earlier, of units that may be absent now.
        roles: Roles of the units that are there now.

    Returns:
        Role of each unit that ever had one; ``censored`` is none.
    """
    given = {**(previous or {}), **{u: r for u, r in roles.items() if r != CENSORED}}
    return {unit: role for unit, role in given.items() if role != CENSORED}


def with_role(fleet: Fleet, roles: Mapping[str, str], *wanted: str) -> Fleet:
    """The units of ``fleet`` that have one of the ``wanted`` roles."""
    return fleet.take([unit for unit, role in roles.items() if role in wanted])


def require_known_conditions(fleet: Fleet, roles: Mapping[str, str], *, source: str) -> None:
    """Refuse a division in which a unit worked in a condition that no training unit knows.

    Censored units are not asked: nothing is learned from them, and they judge nothing.

    Args:
        fleet: Histories.
        roles: Role of each unit.
        source: What to name in the error.

    Raises:
        DataError: Names each such unit with its role and the condition.
    """
    worked = fleet.readings[["unit", "condition"]].drop_duplicates()
    require_known(worked.itertuples(index=False, name=None), roles, source=source)


def require_known(
    worked: Iterable[tuple[str, str]], roles: Mapping[str, str], *, source: str
) -> None:
    """As :func:`require_known_conditions`, of pairs of a unit and a condition in which it worked."""
    pairs = list(dict.fromkeys(worked))
    known = {condition for unit, condition in pairs if roles[unit] == TRAIN}
    strange = [
        f"{roles[unit]} unit {unit} in condition {condition}"
        for unit, condition in pairs
        if roles[unit] in (VALID, TEST) and condition not in known
    ]
    if not strange:
        return
    msg = (
        f"{source}: units worked in an operating condition that no training unit knows: "
        f"{'; '.join(strange)}. "
        f"Training knows {', '.join(sorted(known))}. Set another seed in the launchpad's "
        f"plant_windows config, or change [split] in the plant file, so that a unit that worked "
        f"there trains. A unit that has a role already keeps it: leave its readings in that "
        f"condition out until a training unit knows it."
    )
    raise DataError(msg)


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
