"""What became of machines, as labels.

A failure that somebody reported is one like any other. A machine that was replaced or repaired has not
failed: its history ends there without a label. And a machine that went on running after the model had
said that it would have failed by then teaches a lower bound: at each of its readings, at least the time
that it is known to have run on.

Belongs here: which label follows from outcomes and predictions, and what it does to a plant's failures.
Does not belong here: the plant's own rule (``failures``), tables (``storage``).
"""

import math
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import numpy as np
import pandas as pd

from rul_platform.core.failures import READINGS_NEEDED
from rul_platform.core.fleet import FIXED_COLUMNS
from rul_platform.core.landed import Merged

FAILED, ENDED, RUNNING = "failed", "ended", "running"
PROMISED, AT_LEAST = "promised", "at_least"
"""Kinds of labels; ``life`` is when the unit failed, was taken out of service, was last seen running,
should have failed at the latest by the most pessimistic prediction, and is known to have reached
although that prediction said otherwise."""

LABEL_COLUMNS = ("unit", "kind", "life", "source")
Lives = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Told:
    """What outcomes and predictions say of units, each by unit, in the plant's unit of life.

    Attributes:
        failed_at: Life at which it failed.
        ended_at: Life at which it was replaced or repaired.
        running_at: The largest life at which somebody saw it running.
        promised: The life by which a prediction said that it would have failed.
        ran_until: Of units that outlived such a promise: the life that they are known to have reached.
    """

    failed_at: Lives = field(default_factory=dict)
    ended_at: Lives = field(default_factory=dict)
    running_at: Lives = field(default_factory=dict)
    promised: Lives = field(default_factory=dict)
    ran_until: Lives = field(default_factory=dict)

    @classmethod
    def from_labels(cls, labels: pd.DataFrame) -> "Told":
        """The inverse of :func:`labels_of`."""
        by_kind = {
            str(kind): dict(zip(rows["unit"].tolist(), rows["life"].tolist(), strict=True))
            for kind, rows in labels.groupby("kind")
        }
        kinds = (FAILED, ENDED, RUNNING, PROMISED, AT_LEAST)
        return cls(*(by_kind.get(kind, {}) for kind in kinds))

    def known_lives(self, last_lives: Lives, failed_at: Lives) -> dict[str, float]:
        """The life that each contradicted unit is known to have reached.

        Args:
            last_lives: Life at the last reading of each unit.
            failed_at: Units that failed: their end is known, so they have no lower bound.
        """
        reached = {u: max(life, self.ran_until.get(u, life)) for u, life in last_lives.items()}
        return {
            unit: life
            for unit, life in reached.items()
            if unit not in failed_at
            and (unit in self.ran_until or life > self.promised.get(unit, life))
        }


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of a plant's units beside its own tables.

    Attributes:
        landed: Readings that came with predictions, as ``landed.newest`` gives them; none without any.
        told: What outcomes and predictions say.
    """

    landed: pd.DataFrame
    told: Told


NOTHING = Beside(pd.DataFrame(columns=list(FIXED_COLUMNS)), Told())


@dataclass(frozen=True, slots=True)
class Ends:
    """How each history ends.

    Attributes:
        failed_at: Life at which units failed.
        censored_at: Life at which other units left service; nothing after it is theirs.
        counts: For people; ``outcomes_overruled`` names units.
    """

    failed_at: dict[str, float]
    censored_at: dict[str, float]
    counts: dict[str, int | str]


def end_moments(outcomes: pd.DataFrame) -> dict[str, datetime]:
    """When each unit failed or left service; what comes under its name later is another machine's.

    Args:
        outcomes: Columns ``unit``, ``kind``, ``observed_at``.
    """
    ends = outcomes[outcomes["kind"] != RUNNING]
    return dict(zip(ends["unit"], ends["observed_at"], strict=True))


def labels_of(outcomes: pd.DataFrame, predictions: pd.DataFrame, *, cap: float) -> pd.DataFrame:
    """Every label that outcomes and predictions give.

    A prediction whose upper end is the cap or more says "at least", and promises no failure. Of a unit
    that was taken out of service, predictions made afterwards are those of another machine.

    Args:
        outcomes: Columns ``id``, ``unit``, ``kind``, ``life``, ``observed_at``.
        predictions: Columns ``id``, ``unit``, ``life``, ``rul_high``, ``created_at``: what was
            answered.
        cap: Label cap, in the plant's unit of life.

    Returns:
        Columns ``unit``, ``kind``, ``life`` and ``source`` (the outcome or the prediction), ordered by
        unit, then by kind; each kind once for each unit.
    """
    ends = outcomes[outcomes["kind"] != RUNNING]
    failed = ends[ends["kind"] == FAILED]
    ended = ends[ends["kind"] != FAILED]
    running = outcomes[outcomes["kind"] == RUNNING].sort_values(["life", "id"])
    running = running.drop_duplicates("unit", keep="last")

    over = end_moments(outcomes)
    made = zip(predictions["unit"], predictions["created_at"], strict=True)
    is_its_own = np.array([at <= over.get(unit, at) for unit, at in made], dtype=np.bool_)
    asked = predictions[is_its_own & ~predictions["unit"].isin(failed["unit"]).to_numpy()]
    promises = asked[asked["rul_high"] < cap]
    promises = promises.assign(life=promises["life"] + promises["rul_high"])
    promises = promises.sort_values(["life", "id"]).drop_duplicates("unit")
    outlived = _outlived(promises, asked, running, ended)
    parts = [
        _labels(failed, FAILED, "outcome"),
        _labels(ended, ENDED, "outcome"),
        _labels(running, RUNNING, "outcome"),
        _labels(promises, PROMISED, "prediction"),
        _labels(outlived, AT_LEAST, "prediction"),
    ]
    together = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return together.sort_values(["unit", "kind"], ignore_index=True)


def settle_ends(by_rule: Lives, told: Told, merged: Merged) -> Ends:
    """Join the failures that the plant's own rule found with what people reported.

    The plant's rule counts where both know of a failure, and where it finds one before the unit was
    taken out of service. A unit of which nothing but landed readings is known and that has too few of
    them up to its failure only ends there: a plant's own such unit would be refused.

    Args:
        by_rule: Life at which units failed by the plant's rule.
        told: What was reported.
        merged: All readings, not yet cut.
    """
    units = set(merged.readings["unit"])
    count = partial(_rows_until, merged.readings)
    return settle(by_rule, told, units, only_landed=merged.only_landed, rows_until=count)


def settle(
    by_rule: Lives,
    told: Told,
    units: AbstractSet[str],
    *,
    only_landed: AbstractSet[str],
    rows_until: Callable[[Lives], dict[str, int]],
) -> Ends:
    """As :func:`settle_ends`, of readings that need not be held.

    Args:
        by_rule: As there.
        told: As there.
        units: Those that have readings.
        only_landed: Those that have landed readings alone.
        rows_until: Says how many readings some units have up to a life.
    """
    failed, censored = dict(by_rule), dict[str, float]()
    unknown = told.failed_at.keys() - by_rule.keys()
    failed |= {unit: told.failed_at[unit] for unit in sorted(units & unknown)}
    for unit in sorted(units & told.ended_at.keys()):
        if by_rule.get(unit, math.inf) > told.ended_at[unit]:
            censored[unit] = told.ended_at[unit]
            failed.pop(unit, None)
    reported = failed.keys() - by_rule.keys()
    unsure = reported | (failed.keys() & only_landed)
    rows = rows_until({unit: failed[unit] for unit in unsure})
    short = {unit for unit, count in rows.items() if count < READINGS_NEEDED}
    ended = len(censored)
    censored |= {unit: failed.pop(unit) for unit in short}
    return Ends(
        failed,
        censored,
        {
            "failed_by_outcome": len(reported - short),
            "ended_by_outcome": ended,
            "failed_with_too_few_readings": len(short),
            "outcomes_without_readings": len(_named(told) - units),
            "outcomes_overruled": ", ".join(sorted(_overruled(by_rule, told))) or "none",
        },
    )


def _overruled(by_rule: Lives, told: Told) -> set[str]:
    """Units of which people say something else than the plant's rule, and the rule counts."""
    other = {u for u, life in told.failed_at.items() if by_rule.get(u, life) != life}
    earlier = {u for u, life in told.ended_at.items() if by_rule.get(u, math.inf) <= life}
    later = {u for u, life in told.running_at.items() if by_rule.get(u, life) < life}
    return other | earlier | later


def _rows_until(readings: pd.DataFrame, ends: Lives) -> dict[str, int]:
    """How many readings each of the units in ``ends`` has up to its end."""
    limit = readings["unit"].map(dict(ends))
    counts = readings.loc[readings["life"] <= limit, "unit"].value_counts()
    return {unit: int(counts.get(unit, 0)) for unit in ends}


def _named(told: Told) -> set[str]:
    return told.failed_at.keys() | told.ended_at.keys() | told.running_at.keys()


def _outlived(
    promises: pd.DataFrame, asked: pd.DataFrame, running: pd.DataFrame, ended: pd.DataFrame
) -> pd.DataFrame:
    """Promises of units that are known to have run on, with the life that they reached.

    To be asked about is to run: a unit reached the life of each of its predictions.
    """
    seen = pd.concat([asked[["unit", "life"]], running[["unit", "life"]]]).groupby("unit")["life"]
    latest = promises["unit"].map(ended.set_index("unit")["life"]).astype("float64")
    reached = promises["unit"].map(seen.max()).astype("float64")
    reached = reached.where(latest.isna() | (reached < latest), latest)
    return promises.assign(life=reached)[reached > promises["life"]]


def _labels(rows: pd.DataFrame, kind: str, source: str) -> pd.DataFrame:
    columns = {
        "unit": rows["unit"].astype(str),
        "kind": kind,
        "life": rows["life"].astype("float64"),
        "source": f"{source} " + rows["id"].astype(str),
    }
    return pd.DataFrame(columns, columns=list(LABEL_COLUMNS))
