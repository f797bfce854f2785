"""A first plant file from a look at a plant's tables.

Belongs here: the text of the file, with the reason beside each guess.
Does not belong here: the guesses (``column_guesses``), reading the tables (``storage.plant_draft``).

What nobody can see in the data carries the word CHOOSE: in a comment beside a guess that can be parsed,
or as the value itself, which a plant file refuses until a person has decided.
"""

import json
import math
import re
from collections.abc import Mapping

import pandas as pd

from rul_platform.core.column_guesses import (
    Guess,
    Look,
    guess_life,
    guess_life_unit,
    guess_unit,
    look_at,
    shortest_life,
    why_left_out,
)
from rul_platform.core.plant_problems import CHOOSE
from rul_platform.core.plant_sections import is_sensor_name
from rul_platform.core.wording import listing
from rul_platform.errors import DataError

MOST_CONDITIONS = 12
"""A text column with more values than this is not an operating condition."""

_FAILURE = """
# CHOOSE what a failure is. The data alone cannot say it; keep one of these three.
[failure]
kind = "last_row"      # every unit ran to failure, and its last reading is the failure
# kind = "threshold"   # or: the first reading for which a rule is true
# expression = "some_sensor - another_sensor > 20"
# kind = "table"       # or: a CSV with one row for each unit that failed; the others have not
# files = "failures.csv"
# unit = "unit"
# life = "life"
"""

_REST = """
[split]
valid = 0.2            # part of the units for early stopping and intervals
test = 0.3             # part that is only ever tested on, or patterns: ["Validation/*"]

# [resample]
# step = 1.0           # the mean over each step of life, where readings are very dense

# [maintenance]
# cost_ratio = 10.0    # what an unexpected failure costs, in planned replacements
# lead = 0.0           # what it takes to act on an alarm, in the unit of life

# [transfer]
# held_out = ["FD003"] # C-MAPSS subsets that these machines come from, if any
"""


def draft_plant(
    tables: Mapping[str, pd.DataFrame], *, files: str, title: str, decimal: str = "."
) -> str:
    """The text of a plant file, with the reason for each guess beside it.

    Args:
        tables: At least one table by its name; all tables of the source, or some of them.
        files: The pattern that found them, as it shall stand in the file.
        title: For people.
        decimal: The decimal mark that the tables were read with.

    Raises:
        DataError: The tables have no column of numbers in common that could be a life.
    """
    look = look_at(tables)
    unit = guess_unit(look)
    numeric = [column for column in look.numeric if column != unit.value]
    if not numeric:
        message = (
            f"{files}: no column of numbers is in all files; the columns in all of them are "
            f"{listing(look.columns)}. A plant needs a life and at least one sensor as numbers."
        )
        raise DataError(message)
    life = guess_life(look, numeric, unit)
    rest = [column for column in look.columns if column not in (unit.value, life.value)]
    lines = [
        f"title = {_quoted(title)}",
        "\n[source]",
        f"files = {_quoted(files)}  # looked at: {len(look.parts)}",
        *(['decimal = ","  # numbers like 1,5 were found'] if decimal == "," else []),
        *_column_lines(look, unit, life, rest),
        *_sensor_lines(look, rest),
        *_left_out_lines(look, unit, life),
        _FAILURE,
        *_label_lines(look, unit, life),
    ]
    return "\n".join(lines) + "\n" + _REST


def rounded_down(number: float) -> float:
    """``number`` rounded down to two digits; 0 where it is not above 0.

    >>> rounded_down(277.5), rounded_down(0.0372)
    (270.0, 0.037)
    """
    if not (math.isfinite(number) and number > 0):
        return 0.0
    digits = 1 - math.floor(math.log10(number))
    scale = 10.0**digits
    return round(math.floor(number * scale + 1e-9) / scale, max(digits, 0))


def _column_lines(look: Look, unit: Guess, life: Guess, rest: list[str]) -> list[str]:
    life_unit = guess_life_unit(life.value)
    named = f"unit = {_quoted(unit.value)}" if unit.value else "unit_from_file = true"
    lines = [
        "\n[columns]",
        f"{named}  # {unit.why}",
        f"life = {_quoted(life.value)}  # {_comment(life.why)}",
        f'life_unit = "{life_unit.value}"  # {life_unit.why}',
    ]
    for column in rest:  # commented out: only a person knows whether it is the machine's duty
        if _may_be_condition(look, column):
            found = _quoted(listing(look.distinct(column)))
            lines.append(
                f"# condition = {_quoted(column)}  # CHOOSE: operating conditions? {found}"
            )
    return lines


def _may_be_condition(look: Look, column: str) -> bool:
    return look.is_text(column) and 1 < len(look.distinct(column)) <= MOST_CONDITIONS


def _sensor_lines(look: Look, rest: list[str]) -> list[str]:
    """One line for each column of numbers; what does not change is commented out."""
    lines = ["\n# Short name = column. Take out what is not known in service.", "[sensors]"]
    taken: set[str] = set()
    for column in [c for c in rest if c in look.numeric and c not in look.stamps]:
        short = _short_name(column, taken)
        gaps = int(look.values(column).isna().sum())
        if len(look.distinct(column)) > 1:
            taken.add(short)
            note = f"  # CHOOSE: {gaps} empty cells; fill them, or take it out" if gaps else ""
            lines.append(f"{short} = {_quoted(column)}{note}")
        else:
            lines.append(f"# {short} = {_quoted(column)}  # always the same")
    if not taken:
        lines.append(f'sensor = "{CHOOSE}"  # no other column of numbers changes')
    return lines


def _left_out_lines(look: Look, unit: Guess, life: Guess) -> list[str]:
    """Every column that is in no other line, with the reason."""
    lines = ["\n# Left out, and why; put the line into [sensors] once the data is right."]
    every = dict.fromkeys(str(name) for table in look.parts.values() for name in table.columns)
    for column in every:
        is_sensor = column in look.numeric and column not in look.stamps
        is_used = column in look.columns and (is_sensor or _may_be_condition(look, column))
        if not is_used and column not in (unit.value or None, life.value):
            why = _comment(why_left_out(look, column))
            lines.append(f"# {_short_name(column, set())} = {_quoted(column)}  # {why}")
    return lines if len(lines) > 1 else []


def _label_lines(look: Look, unit: Guess, life: Guess) -> list[str]:
    life_unit = guess_life_unit(life.value).value
    cap = rounded_down(shortest_life(look, life.value, unit) / 2)
    why = "half of the shortest life, rounded down, until you know the horizon"
    if cap == 0:
        cap, why = 1.0, f"{CHOOSE}: about half of the shortest life of a unit that failed"
    return [
        "# The cap is the horizon in which wear shows: how long before a failure the readings begin to",
        "# change. Labels never exceed it. Near a whole life, a model learns the age, not the wear.",
        "[label]",
        f"cap = {cap}  # {life_unit}; {why}",
    ]


def _short_name(column: str, taken: set[str]) -> str:
    """The column's own name where it can be one, else ``Flow_Rate(ml/m)`` as flow_rate_ml_m."""
    short = column
    if not (short.isascii() and is_sensor_name(short)):
        short = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_") or "sensor"
    short = short.removesuffix("_dev") or "sensor"  # the drift channels of other sensors end so
    if not is_sensor_name(short):
        short = f"sensor_{short}"
    number, unique = 2, short
    while unique in taken:
        unique, number = f"{short}_{number}", number + 1
    return unique


def _quoted(text: str) -> str:
    """A TOML string on one line; JSON escapes all that TOML wants escaped but one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(text: str) -> str:
    """Text that may hold anything, as the rest of a TOML line."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", text.encode("utf-8", "backslashreplace").decode())
