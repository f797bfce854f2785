"""What is held about a person: telling it, erasing it, and letting it go when its time is over.

A rating loses who gave it and the salt of its commitment; the rest stays, so that a retraining that
used it can still be proven. What a person *did*, such as approving a model, stays under a pseudonym:
the record of decisions is not rewritten. When the key of its quarter is dropped, nobody can tell any
more who that was.

Belongs here: the order of these steps, and their record in the ledger. Does not belong here: rows
(``storage.feedback``, ``storage.personal_rows``) and keys (``storage.people``).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from rul_platform.core.commitments import merkle_root
from rul_platform.storage.database import leave_no_trace, writing
from rul_platform.storage.feedback_rows import Feedback
from rul_platform.storage.home import Home
from rul_platform.storage.operation_tables import FEEDBACK
from rul_platform.storage.personal_rows import Action, PersonalRows

SELF = "self"
"""Who erases: the person who is erased, whose pseudonym would say whose ratings these were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Everything held about one person, as far as a key can still tell.

    Attributes:
        feedback: Ratings, oldest first.
        actions: What the person did, oldest first.
        quarters: Those with a key, as ``2026Q4``; of others nobody can tell whose a pseudonym is.
    """

    feedback: tuple[Feedback, ...]
    actions: tuple[Action, ...]
    quarters: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What became of it.

    Attributes:
        feedback: Ratings that nobody stands behind any more.
        kept: What the person did, which stays under a pseudonym.
    """

    feedback: int
    kept: tuple[Action, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """What is older than is allowed.

    Attributes:
        before: End of what is too old, in UTC.
        feedback: Ratings from before with someone behind them.
        keys: Keys of quarters that ended before.
    """

    before: datetime
    feedback: int
    keys: int


def report(home: Home, name: str) -> Held:
    """Everything held about a person; changes nothing.

    Raises:
        RecordError: The name is empty or no text.
        KeyFileError: A key is damaged, or others may read or replace it.
    """
    pseudonyms = home.people.all_of(name)
    return Held(
        feedback=home.feedback.of_person(pseudonyms),
        actions=PersonalRows(home.engine).actions(pseudonyms),
        quarters=home.people.quarters(),
    )


def erase(home: Home, name: str, actor: str, now: datetime) -> Erased:
    """Take a person out of all ratings, for good.

    The ledger records how many, and the Merkle root over their commitments: neither whose nor which.

    Args:
        home: Whose tables.
        name: The person.
        actor: Who does it: a pseudonym, or ``system``. The person's own is recorded as ``self``.
        now: When.

    Raises:
        RecordError: The name is empty or no text.
        KeyFileError: A key is damaged, or others may read or replace it.
    """
    pseudonyms = home.people.all_of(name)
    by = SELF if actor in pseudonyms else actor
    with home.feedback.deciding(), writing(home.engine, alone_in=FEEDBACK):  # none comes in between
        root = merkle_root(row.commitment for row in home.feedback.of_person(pseudonyms))
        forgotten = home.feedback.forget(pseudonyms)
        if forgotten:
            body = {"actor": by, "feedback": forgotten, "root": root}
            home.ledger.append("erasure", body=body, now=now)
    leave_no_trace(home.engine)
    kept = PersonalRows(home.engine).actions(pseudonyms)
    return Erased(feedback=forgotten, kept=kept)


def too_old(home: Home, now: datetime) -> Purged:
    """What :func:`purge` would let go; changes nothing.

    Raises:
        ConfigError: The retraining settings, which say how long persons are kept, are wrong.
    """
    before = now - timedelta(days=home.configured("").policy.retention_days)
    return Purged(
        before=before,
        feedback=PersonalRows(home.engine).named_before(before),
        keys=len(home.people.ended_before(before)),
    )


def is_overdue(home: Home, now: datetime) -> bool:
    """Whether :func:`purge` should have let go of something a day ago, and did not.

    Raises:
        ConfigError: The retraining settings, which say how long persons are kept, are wrong.
    """
    found = too_old(home, now - timedelta(days=1))
    return bool(found.feedback or found.keys)


def purge(home: Home, now: datetime) -> Purged:
    """Let go of persons after ``retention_days``: out of the ratings first, then the quarters' keys.

    Raises:
        ConfigError: The retraining settings, which say how long persons are kept, are wrong.
    """
    found = too_old(home, now)
    with writing(home.engine):
        forgotten = home.feedback.forget_before(found.before)
        if forgotten or found.keys:
            counts = {"feedback": forgotten, "keys": found.keys}
            body = {"before": found.before.isoformat(), **counts}
            home.ledger.append("purge", body=body, now=now)
    leave_no_trace(home.engine)
    dropped = home.people.drop_keys(found.before)
    return Purged(before=found.before, feedback=forgotten, keys=dropped)
