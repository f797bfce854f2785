"""How each unit's history ends, decided from a few numbers for each unit.

The same ends, refusals and counts as ``readings.build_whole_fleet`` finds in readings in memory.

Belongs here: which end counts for which unit. Does not belong here: the numbers (``reading_survey``),
the rules themselves (``failures``, ``outcomes``).

Shape letters: U units.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rul_platform.core.failures import listed, short_histories
from rul_platform.core.landed_rows import LandedRows
from rul_platform.core.outcomes import Beside, settle
from rul_platform.core.plant import Plant
from rul_platform.core.plant_sections import FailureTable, LastRow, Threshold
from rul_platform.core.reading_survey import Survey, Until
from rul_platform.core.readings import refuse_too_few
from rul_platform.errors import PlantFileError


@dataclass(frozen=True, slots=True)
class HistoryEnds:
    """How each unit's history ends.

    Attributes:
        names: Of all units, in order.
        limit: Shape ``(U,)``, the life up to which readings are kept.
        end: Shape ``(U,)``, the life of the last of them.
        left_out: Shape ``(U,)``, units that only landed, and lack their beginning.
        failed_at: Life at which units failed.
        known: The life that units which outlived a prediction are known to have reached.
        last: Life of the last reading that is kept, by unit.
        counts: For people.
    """

    names: list[str]
    limit: NDArray[np.float64]
    end: NDArray[np.float64]
    left_out: NDArray[np.bool_]
    failed_at: dict[str, float]
    known: dict[str, float]
    last: dict[str, float]
    counts: dict[str, int | str]

    @classmethod
    def of(
        cls,
        survey: Survey,
        names: list[str],
        plant: Plant,
        failures: pd.DataFrame | None,
        beside: Beside,
        landed: LandedRows,
    ) -> "HistoryEnds":
        """Decide it.

        Args:
            survey: What was found in all readings.
            names: Of all units, in order.
            plant: What its file says.
            failures: The failure table, where ``[failure]`` asks for one.
            beside: Landed readings, outcomes and predictions.
            landed: Usable landed readings, compared with the plant's own.

        Raises:
            PlantFileError: Lists every problem.
            TooFewUnitsError: Too few units ran to failure.
        """
        is_new = np.isnan(survey.first_own) & ~np.isnan(survey.first_landed)
        left_out = is_new & (survey.first_landed > np.nanmax(survey.first_own))
        has_readings = (survey.every.rows > 0) & ~left_out
        problems = list(survey.problems)
        rule_until, by_rule = _by_rule(survey, names, has_readings, plant, failures, problems)
        number = {name: at for at, name in enumerate(names)}
        told = beside.told

        def until(unit: str, life: float) -> tuple[int, float]:
            at = number[unit]
            if by_rule.get(unit) == life:
                return int(rule_until.rows[at]), float(rule_until.last[at])
            kind = "failed" if told.failed_at.get(unit) == life else "ended"
            return int(survey.until[kind].rows[at]), float(survey.until[kind].last[at])

        units = {name for name, there in zip(names, has_readings, strict=True) if there}
        ends = settle(
            by_rule,
            told,
            units,
            only_landed={names[at] for at in np.flatnonzero(is_new & ~left_out)},
            rows_until=lambda lives: {unit: until(unit, life)[0] for unit, life in lives.items()},
        )
        problems += short_histories(
            ends.failed_at, {unit: until(unit, life)[0] for unit, life in ends.failed_at.items()}
        )
        if problems:
            source = f"plant {plant.name}"
            raise PlantFileError(source, problems)
        limit, end = np.full(len(names), np.inf), survey.every.last.copy()
        for unit, life in (ends.censored_at | ends.failed_at).items():
            limit[number[unit]], end[number[unit]] = life, until(unit, life)[1]
        there = has_readings & ~np.isnan(end)
        refuse_too_few(plant, list(ends.failed_at), int(there.sum()))
        last = {names[at]: float(end[at]) for at in np.flatnonzero(there)}
        known = told.known_lives(last, ends.failed_at)
        counts = _landed_counts(beside, landed, is_new, left_out)
        return cls(names, limit, end, left_out, ends.failed_at, known, last, counts | ends.counts)

    def units(self, made: Until) -> pd.DataFrame:
        """The ``units`` table of the readings that were made."""
        there = np.flatnonzero(made.rows > 0)
        names = [self.names[at] for at in there]
        rul = [round(self.failed_at.get(u, np.nan) - self.last[u], 9) for u in names]
        known = [self.known.get(unit, np.nan) for unit in names]
        return pd.DataFrame(
            {
                "unit": pd.Series(names, dtype="str"),
                "rows": made.rows[there],
                "end_life": made.last[there],
                "rul_at_end": np.array(rul, dtype=np.float64),
                "known_life": np.array(known, dtype=np.float64),
            }
        )


def _by_rule(
    survey: Survey,
    names: list[str],
    has_readings: NDArray[np.bool_],
    plant: Plant,
    failures: pd.DataFrame | None,
    problems: list[str],
) -> tuple[Until, dict[str, float]]:
    """How far histories go up to the failures of the plant's own rule, and these failures."""
    match plant.failure:
        case LastRow():
            until, lives = Until(survey.at_last_own, survey.own.last), survey.own.last
        case Threshold():
            until, lives = survey.crossed, survey.crossed.last
        case FailureTable() as rule:
            if failures is None:
                problems.append("[failure]: the table of failures was not given.")
                return Until.nothing(len(names)), {}
            known = [name for name, there in zip(names, has_readings, strict=True) if there]
            return survey.until["listed"], listed(failures, rule, known, problems)
    found = np.flatnonzero(~np.isnan(lives) & has_readings)
    return until, {names[at]: float(lives[at]) for at in found}


def _landed_counts(
    beside: Beside,
    landed: LandedRows,
    is_new: NDArray[np.bool_],
    left_out: NDArray[np.bool_],
) -> dict[str, int | str]:
    """As ``landed.merge`` counts."""
    taken = landed.is_fresh & ~left_out[landed.rows.unit]
    return {
        "rows_from_landing": int(taken.sum()),
        "rows_in_both": landed.in_both,
        "rows_contradicting": landed.differing,
        "rows_incomplete": len(beside.landed) - len(landed.rows),
        "units_from_landing": int(is_new.sum()) - int(left_out.sum()),
        "units_without_beginning": int(left_out.sum()),
    }
