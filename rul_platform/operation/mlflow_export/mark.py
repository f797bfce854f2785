"""How far the ledger was exported: a file in the home folder, without which all is looked at again.

Belongs here: that file. Does not belong here: the export.
"""

import json
from collections.abc import Sequence
from typing import Any

from rul_platform.storage.home import Home

MARK = "mlflow.json"


def note_exported(home: Home, row: int, problems: Sequence[str] = ()) -> None:
    """All up to this row of the ledger is there, but for what was left behind."""
    told = {"ledger": row, "problems": sorted(problems)}
    (home.folder / MARK).write_text(json.dumps(told), encoding="utf-8")


def exported_row(home: Home) -> int:
    """The ledger's last row that is there; -1 where none is, or nobody knows."""
    try:
        return int(_read(home)["ledger"])
    except (OSError, ValueError, KeyError, TypeError):
        return -1


def left_behind(home: Home) -> frozenset[str]:
    """What the last export that got through could not tell, as sentences."""
    try:
        return frozenset(map(str, _read(home)["problems"]))
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()


def _read(home: Home) -> Any:
    return json.loads((home.folder / MARK).read_text(encoding="utf-8"))
