"""What was found when a plant was last looked at for drift, kept so that telling it costs nothing.

Looking reads all readings of a month: the daemon does so, once an hour. The service only reads the note.

Belongs here: one small file for each plant. Does not belong here: looking (``drift_watch``), errors of a
model at work (``metrics``).
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from rul_platform.core.drift import DriftVerdict, drift_score
from rul_platform.operation.metrics import outcomes
from rul_platform.storage.home import Home
from rul_platform.storage.plain_files import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchNote:
    """What was found.

    Attributes:
        at: When, in UTC.
        number: Version that was in charge.
        drift_score: As of ``core.drift.drift_score``; None where too few readings came to say.
        has_drifted: Whether the verdict fired; also an operating condition that is new makes it fire.
        coverage: Part of the intervals that held what came true; None before any machine failed.
    """

    at: datetime
    number: int
    drift_score: float | None
    has_drifted: bool
    coverage: float | None


def of(home: Home, plant: str, number: int, drift: DriftVerdict, now: datetime) -> WatchNote:
    """The note of a look at a plant whose version ``number`` is in charge.

    Raises:
        ConfigError: The plant's policy is wrong.
    """
    return WatchNote(
        at=now,
        number=number,
        drift_score=drift_score(drift),
        has_drifted=drift.fires,
        coverage=outcomes(home, plant, now)["coverage"],
    )


def keep(home: Home, plant: str, note: WatchNote) -> None:
    """Take the place of the note before.

    Raises:
        StoreFullError: The disk has no room.
    """
    text = json.dumps(asdict(note) | {"at": note.at.isoformat()}, allow_nan=False)
    write_whole(home.watch_file(plant), text.encode())


def last(home: Home, plant: str) -> WatchNote | None:
    """The last note; None where nobody has looked, or the file is none of ours."""
    try:
        told = json.loads(home.watch_file(plant).read_bytes())
        return WatchNote(**told | {"at": datetime.fromisoformat(told["at"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
