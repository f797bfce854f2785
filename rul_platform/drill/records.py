"""What the tables and the store hold, asked as an outsider would: by plain questions.

Belongs here: those questions. Does not belong here: what the answers mean (``invariants``).
"""

import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from rul_platform.drill import promises
from rul_platform.storage.home import Home
from rul_platform.storage.operation_tables import (
    ALERT,
    FEEDBACK,
    FEEDBACK_HOUR,
    LEDGER,
    OUTCOME,
    PREDICTION,
    RETRAIN,
)
from rul_platform.storage.tables import DEPLOYMENT
from rul_platform.storage.upsert import portions

_IDS = {
    promises.RATING: FEEDBACK.c.id,
    promises.OUTCOME: OUTCOME.c.id,
    promises.ANSWER: PREDICTION.c.id,
}


def there(home: Home, kind: str, values: Collection[str]) -> set[str]:
    """Which of these acknowledged things the tables hold.

    Args:
        home: Where.
        kind: One of ``promises.KINDS`` but for artifacts.
        values: As they were acknowledged: ids; of deployments ``PLANT:NUMBER``; of retrains numbers.
    """
    with home.engine.connect() as connection:
        if kind == promises.DEPLOYMENT:
            rows = connection.execute(sa.select(DEPLOYMENT.c.plant, DEPLOYMENT.c.number).distinct())
            return {f"{plant}:{number}" for plant, number in rows}
        if kind == promises.RETRAIN:
            return {str(number) for number in connection.execute(sa.select(RETRAIN.c.id)).scalars()}
        column, found = _IDS[kind], set[str]()
        for some in portions(values):
            found.update(
                connection.execute(sa.select(column).where(column.in_(list(some)))).scalars()
            )
        return found


def doubled(home: Home) -> Iterator[str]:
    """What stands twice, or was counted twice."""
    f, h, o, r = FEEDBACK.c, FEEDBACK_HOUR.c, OUTCOME.c, RETRAIN.c
    with home.engine.connect() as connection:

        def one(question: sa.Select[Any]) -> int:
            return int(connection.execute(question).scalar_one())

        count = sa.func.count
        twice = sa.select(count(f.id)).group_by(f.prediction_id, f.person).having(count() > 1)
        for times in connection.execute(twice).scalars():
            yield f"a rating of one person for one answer stands {times} times"
        same = sa.select(o.unit, count()).group_by(o.plant, o.unit, o.kind, o.life)
        for unit, times in connection.execute(same.having(count() > 1)):
            yield f"an outcome of {unit} stands {times} times"
        sums = sa.func.coalesce(sa.func.sum(h.positive + h.negative), 0)
        rolled = one(sa.select(count()).where(f.rolled_up.is_not(None)))
        if (counted := one(sa.select(sums))) != rolled:
            yield f"{rolled} ratings are rolled up, and {counted} are counted"
        claims = sa.func.coalesce(sa.func.sum(h.claimed_positive + h.claimed_negative), 0)
        used = one(sa.select(count()).where(f.retrain_id.is_not(None)))
        if (claimed := one(sa.select(claims))) != used:
            yield f"{used} ratings are used by retrains, and {claimed} are counted as used"
        retrains = one(sa.select(count(r.id)))
        rows = one(sa.select(count()).select_from(LEDGER).where(_asked_for()))
        if rows != retrains:
            yield f"{retrains} retrains, and {rows} rows of the ledger that ask for one"
        alerts = one(sa.select(count()).where(ALERT.c.kind == "trigger"))
        if alerts != retrains:
            yield f"{retrains} retrains, and {alerts} alerts of one"
        is_open = sa.select(r.plant, count()).where(r.finished_at.is_(None)).group_by(r.plant)
        for plant, times in connection.execute(is_open.having(count() > 1)):
            yield f"{plant} has {times} open retrains"


def _asked_for() -> sa.ColumnElement[bool]:
    """Rows of retrains; a deployment that a person forced is called so too."""
    asked = sa.or_(LEDGER.c.kind == "trigger", LEDGER.c.kind == "forced")
    return sa.and_(asked, LEDGER.c.body.contains('"retrain":'))


def wrong_name(path: Path) -> Iterator[str]:
    """A file of the store that does not have the hash it is named by."""
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != path.name:
        yield f"{path.name[:12]} in the store hashes to {found[:12]}"
