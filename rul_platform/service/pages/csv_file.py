"""Rows as a CSV file that no spreadsheet takes for formulas.

Belongs here: cells and the answer that carries them. Does not belong here: which rows.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from starlette.responses import Response

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A text that begins so is a formula to some spreadsheet (OWASP, "CSV injection")."""

_Value = str | float | int | bool | datetime | None


def csv_file(name: str, columns: Sequence[str], rows: Iterable[Sequence[_Value]]) -> Response:
    """A download: UTF-8 with a mark that spreadsheets know it by, comma separated (RFC 4180)."""
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow([cell(each) for each in columns])
    writer.writerows([[cell(each) for each in row] for row in rows])
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.getvalue().encode("utf-8", "replace"), headers=headers,
                    media_type="text/csv; charset=utf-8")  # fmt: skip


def cell(value: _Value) -> str:
    """A value as a cell; a text that begins like a formula gets an apostrophe before it.

    >>> cell("=1+1"), cell(-1.5), cell(None)
    ("'=1+1", '-1.5', '')
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return repr(value) if isinstance(value, float) else str(value)
