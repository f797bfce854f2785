"""Plants and tables that tests can check by eye."""

import pandas as pd

from rul_platform.core.plant import Plant, parse_plant

LEAST = {
    "title": 'title = "Pumps"',
    "source": '[source]\nfiles = "*.csv"',
    "columns": '[columns]\nunit = "pump"\nlife = "hours"\nlife_unit = "hours"',
    "sensors": '[sensors]\nflow = "Flow"',
    "failure": '[failure]\nkind = "last_row"',
    "label": "[label]\ncap = 100",
}


def plant(**changes: str) -> Plant:
    """The least plant, with some sections replaced or added."""
    return parse_plant("\n".join((LEAST | changes).values()), "pumps")


def table(rows: list[tuple[object, ...]], *columns: str) -> pd.DataFrame:
    """A table as it comes from a CSV file: the first row stands in line 2."""
    frame = pd.DataFrame(rows, columns=list(columns or ("pump", "hours", "Flow")))
    return frame.set_axis(pd.RangeIndex(2, len(frame) + 2, name="line"), axis=0)


def three_pumps() -> pd.DataFrame:
    """Pumps a, b and c with lives of 2, 3 and 4 hours; flow is ten times the hour."""
    rows = [
        (p, float(h), 10.0 * h) for p, n in (("a", 2), ("b", 3), ("c", 4)) for h in range(n + 1)
    ]
    return table(rows)
