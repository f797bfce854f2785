"""What may have changed at a plant since somebody looked: cheap enough to be asked every few seconds."""

from dataclasses import dataclass
from datetime import datetime

from rul_platform.storage.home import Home
from rul_platform.storage.newest_answers import NewestAnswers
from rul_platform.storage.retrains import Retrain


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A plant's state in few values.

    Attributes:
        answered_at: When the newest answer was given; None without one.
        positive: Ratings of today (UTC) that call an answer useful.
        negative: Those that call one wrong.
        champion: Number of the version in charge; None without one.
        retrain: State of the retrain that is under way; None without one.
        steps: How many assets its run has made; 0 without one.
        entries: Number of the ledger's last row, of all plants; 0 without one.
        signed: Number of the last row that is signed; 0 without one.
    """

    answered_at: datetime | None
    positive: int
    negative: int
    champion: int | None
    retrain: str | None
    steps: int
    entries: int
    signed: int


def news_of(home: Home, plant: str, now: datetime) -> News:
    """How things are now."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = home.feedback.stats(plant, today)
    entry, anchor = home.ledger.newest(), home.anchors.newest()
    champion, retrain = home.registry.champion(plant), home.retrains.current(plant)
    return News(
        answered_at=NewestAnswers(home.engine).newest_at(plant),
        positive=sum(day.positive for day in days),
        negative=sum(day.negative for day in days),
        champion=champion.number if champion else None,
        retrain=retrain.state if retrain else None,
        steps=_steps(home, retrain),
        entries=entry.seq if entry else 0,
        signed=anchor.seq if anchor else 0,
    )


def _steps(home: Home, retrain: Retrain | None) -> int:
    if retrain is None or retrain.run_id is None:
        return 0
    return len(home.lineage.made_for(retrain.run_id, retrain.plant))
