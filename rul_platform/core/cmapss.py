"""Text of a C-MAPSS file to a checked table of cycles, and to a fleet.

Belongs here: NASA's checksums and the form of its bytes, and how a file becomes a fleet.
Does not belong here: where the files come from (``storage.cmapss_source``), the rules of a single
row (``cmapss_rows``), labels, scaling.

A file has no header: 26 numbers in each line, one line for each flight of each engine.
"""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from rul_platform.core.canonical import sha256
from rul_platform.core.cmapss_rows import LARGEST_WHOLE, NAMES, parse_rul, read_by_row
from rul_platform.core.columns import CYCLE, INFORMATIVE, UNIT
from rul_platform.core.fleet import Fleet, summarise_units
from rul_platform.core.subsets import SIMULATED as SIMULATED
from rul_platform.core.subsets import SUBSETS as SUBSETS
from rul_platform.errors import WrongHashError

if TYPE_CHECKING:
    import pandas as pd

PUBLISHED_SHA256 = {
    "train_FD001.txt": "963b5e22825b34d8b21c69e1aeb4af3e647050eb672ee8834ba4b5d91d2de0f8",
    "train_FD002.txt": "dac6c4dbc4e7c1bdeb5747da3d313d05c395bb99801b44a002b26a2ba13d788f",
    "train_FD003.txt": "2abbe9968cc5e8eb091980f51b20f62bb4127336d3482cb52071d53bf23329e2",
    "train_FD004.txt": "27ef6160b6a1dcb2613a88de9c239f763b223f02cdc41dc5cdedc5dc189b6218",
    "test_FD001.txt": "3cda7109ce17bafb5443f2ac926cfcf88154b941b8c4cf95eb55d1ddd6f52851",
    "test_FD002.txt": "de7b5bf7e998a985c378488480528b7c02cff1406a46740def362dda8d9b4e02",
    "test_FD003.txt": "299babd63c8d987cef079c4a425429f33b3a34797d803bbe2ad48c29dbd0d790",
    "test_FD004.txt": "1dc675fff0624bac10786927c6715b37d1297657137400d2b1a3138d777a3ba5",
    "RUL_FD001.txt": "a19c8ec94931949d0485bdc35118206e9c81c4547b422efb9cf86f4ceddbceca",
    "RUL_FD002.txt": "c851dd96a6ea6998d3c4a8f834d3c8013aa90e93a6ed950dc826ad0655b2906b",
    "RUL_FD003.txt": "df1e0566306b174a2de41c67a3e7a51877889598b78643fc3e5685259091b7cb",
    "RUL_FD004.txt": "196b836b85a95ac7fdbbf29c5fdf1657382eafa445644d114ffaaf50dc2975e1",
}
"""sha256 of the twelve files as NASA published them (three independent copies agree)."""

CONDITION_ALTITUDES_KFT = (0, 10, 20, 25, 35, 42)
"""The six operating conditions of FD002 and FD004, told apart by their altitude. Counted in
the files: no row is further than 0.01 kft from one of them; FD001 and FD003 stay at sea level."""


def file_names(subset: str) -> tuple[str, str, str]:
    """Names of a subset's three files: training, test, RUL of the test engines.

    >>> file_names("FD001")
    ('train_FD001.txt', 'test_FD001.txt', 'RUL_FD001.txt')
    """
    return f"train_{subset}.txt", f"test_{subset}.txt", f"RUL_{subset}.txt"


def published_form(data: bytes) -> bytes:
    r"""The same numbers, spaced as NASA spaces them.

    NASA puts one blank between two numbers, ends a row of readings with two blanks and a row of a
    RUL file with one, and a line with a bare line feed, the last one too.

    >>> published_form(b"1 1\t0.5\r\n1 2 0.7")
    b'1 1 0.5  \n1 2 0.7  \n'
    >>> published_form(b"112\r\n98\r\n")
    b'112 \n98 \n'
    """
    rows = (line.split() for line in data.splitlines())
    return b"".join(b" ".join(row) + (b" \n" if len(row) == 1 else b"  \n") for row in rows if row)


def check_published(name: str, data: bytes, *, source: str | None = None) -> bytes:
    """NASA's own bytes of one of the twelve files, from a copy of it.

    Args:
        name: The file's name, a key of ``PUBLISHED_SHA256``.
        data: The copy; line ends and trailing blanks may differ.
        source: Where the copy was found, for the message.

    Raises:
        WrongHashError: The copy differs in content.
    """
    expected = PUBLISHED_SHA256[name]
    found = sha256(data)
    if found == expected:
        return data
    respaced = published_form(data)
    if sha256(respaced) == expected:
        return respaced
    raise WrongHashError(source or name, found=found, expected=expected)


def parse_cycles(data: bytes, name: str) -> "pd.DataFrame":
    """The rows of a training or test file, in the order of the file, every rule checked.

    The fast reader answers only if all is well. Otherwise the file is read again row by row, which
    finds either the first line that breaks a rule, or nothing but odd spacing.

    Args:
        data: The file's bytes.
        name: How to call the file in a message.

    Returns:
        The 26 columns of ``core.columns``: ``unit`` and ``cycle`` int64, the others float64.

    Raises:
        MalformedRowError: A row does not have 26 finite numbers, an engine's cycles do not count
            from 1 without gap or double, engines do not ascend, or there is no row at all.
    """
    import pandas as pd

    values = _read_at_once(data)
    if values is None:
        values = read_by_row(data, name)
    table = pd.DataFrame(values, columns=list(NAMES), copy=False)
    return table.astype({UNIT.name: np.int64, CYCLE.name: np.int64})


def _read_at_once(data: bytes) -> NDArray[np.float64] | None:
    """All rows, shape ``(rows, 26)``, or None if there is anything to doubt."""
    first = data.partition(b"\n")[0].removesuffix(b"\r")
    blanks = [f"blank{i}" for i in range(len(first) - len(first.rstrip(b" ")))]
    types = dict.fromkeys(NAMES, pa.float64()) | dict.fromkeys(blanks, pa.null())
    try:
        table = csv.read_csv(
            pa.py_buffer(data),
            read_options=csv.ReadOptions(column_names=[*NAMES, *blanks]),
            parse_options=csv.ParseOptions(delimiter=" ", quote_char=False),
            convert_options=csv.ConvertOptions(column_types=types, null_values=[""]),
        )
    except pa.ArrowInvalid:
        return None
    columns = [table.column(name).to_numpy() for name in NAMES]  # an absent value becomes NaN
    values = np.stack(columns).T
    return values if _is_sound(values) else None


def _is_sound(values: NDArray[np.float64]) -> bool:
    """Whether all numbers are finite, engines ascend, and their cycles count from 1 by ones."""
    if not np.isfinite(values).all():
        return False
    unit, cycle = values[:, 0], values[:, 1]
    is_next = np.diff(unit) == 0
    return bool(
        (unit == np.trunc(unit)).all()
        and unit[0] >= 1
        and unit[-1] < LARGEST_WHOLE
        and (np.diff(unit) >= 0).all()
        and cycle[0] == 1
        and (cycle[1:] == np.where(is_next, cycle[:-1] + 1, 1)).all()
    )


def operating_condition(altitude: NDArray[np.float64]) -> NDArray[np.object_]:
    """Label of the operating condition that is nearest in altitude.

    Args:
        altitude: Operational setting 1, in kft, any shape.

    Returns:
        The condition's altitude in kft as a string, same shape.

    >>> operating_condition(np.array([-0.002, 24.998, 42.001])).tolist()
    ['0', '25', '42']
    """
    levels = np.array(CONDITION_ALTITUDES_KFT, dtype=np.float64)
    labels = np.array([str(level) for level in CONDITION_ALTITUDES_KFT], dtype=object)
    return labels[np.searchsorted((levels[1:] + levels[:-1]) / 2, altitude)]


def training_fleet(train_text: bytes, name: str) -> Fleet:
    """The engines of a training file, each of which ran to failure.

    Raises:
        MalformedRowError: As :func:`parse_cycles`.
    """
    readings = _readings(parse_cycles(train_text, name))
    return Fleet(readings=readings, units=summarise_units(readings, 0.0))


def held_out_fleet(test_text: bytes, rul_text: bytes, name: str, rul_name: str) -> Fleet:
    """The engines of a test file, cut off before failure, with the published truth.

    Raises:
        MalformedRowError: As :func:`parse_cycles` and :func:`parse_rul`.
    """
    readings = _readings(parse_cycles(test_text, name))
    units = summarise_units(readings, 0.0)
    rul = parse_rul(rul_text, rul_name, engines=len(units))
    return Fleet(readings=readings, units=units.assign(rul_at_end=rul.astype(np.float64)))


def _readings(cycles: "pd.DataFrame") -> "pd.DataFrame":
    """The ``readings`` table of a fleet, from :func:`parse_cycles`."""
    import pandas as pd

    engines, codes = np.unique(cycles[UNIT.name].to_numpy(), return_inverse=True)
    names = np.array([str(engine) for engine in engines], dtype=object)
    fixed = pd.DataFrame(
        {
            "unit": names[codes],
            "life": cycles[CYCLE.name].to_numpy(dtype=np.float64),
            "condition": operating_condition(cycles["altitude"].to_numpy()),
        }
    )
    return pd.concat([fixed, cycles[list(INFORMATIVE)]], axis=1)
