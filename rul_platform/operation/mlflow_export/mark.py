"""How far the ledger was exported: a file in the home folder, without which all is looked at again.

Belongs here: that file. Does not belong here: the export.
"""

import json

from rul_platform.storage.home import Home

MARK = "mlflow.json"


def note_exported(home: Home, row: int) -> None:
    """All up to this row of the ledger is there."""
    (home.folder / MARK).write_text(json.dumps({"ledger": row}), encoding="utf-8")


def exported_row(home: Home) -> int:
    """The ledger's last row that is there; -1 where none is, or nobody knows."""
    try:
        return int(json.loads((home.folder / MARK).read_text(encoding="utf-8"))["ledger"])
    except (OSError, ValueError, KeyError, TypeError):
        return -1
