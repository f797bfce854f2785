"""A first plant file from a look at a plant's files.

Belongs here: reading the files to look at. Does not belong here: the guesses (``core.plant_draft``).
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from rul_platform.core.plant_draft import draft_plant
from rul_platform.errors import PlantFileError
from rul_platform.storage.plant_source import fixed_part, match_files
from rul_platform.storage.source_blocks import blocks

MOST_FILES = 50
"""A look is enough: this many files are read at most, evenly spread over all, and of each the first
block, which is all of most files."""


def draft_from_files(folder: Path, pattern: str, *, title: str) -> str:
    """The text of a plant file for the readings that ``pattern`` names.

    Args:
        folder: Where the plant file will stand.
        pattern: As it will stand in the plant file: below ``folder``, or absolute.
        title: For people.

    Raises:
        PlantFileError: Nothing matches, or a file cannot be read; lists every problem.
        DataError: The files have no column of numbers in common.
    """
    root = fixed_part(folder, pattern)
    paths = match_files(folder, pattern)
    if not paths:
        raise PlantFileError(pattern, [f"matches no file; looked below {root}. Is the path right?"])
    step = -(-len(paths) // MOST_FILES)
    some = {path.relative_to(root).as_posix(): path for path in paths[::step]}
    problems: list[str] = []
    tables, decimal = _read(some, ".", problems), "."
    if problems:
        raise PlantFileError(pattern, problems)
    with_commas = _read(some, ",", problems)
    if not problems and _numeric_columns(with_commas) > _numeric_columns(tables):
        tables, decimal = with_commas, ","
    return draft_plant(tables, files=pattern, title=title, decimal=decimal)


def _read(files: Mapping[str, Path], decimal: str, problems: list[str]) -> dict[str, pd.DataFrame]:
    tables: dict[str, pd.DataFrame] = {}
    for label, path in files.items():
        found: list[str] = []
        first = next(blocks(path, text=(), decimal=decimal, problems=found), None)
        problems += [f"{label}: {problem}" for problem in found]
        if first is not None:
            tables[label] = first.table
    return tables


def _numeric_columns(tables: Mapping[str, pd.DataFrame]) -> int:
    """How many columns of all tables hold numbers: most with the decimal mark that is right."""
    return sum(len(table.select_dtypes("number").columns) for table in tables.values())
