"""What SQLite and PostgreSQL do not do in the same words, and what neither does in one go.

Belongs here: an INSERT that says what happens to a row that is there already, and long lists of keys.
Does not belong here: tables.
"""

from collections.abc import Collection, Iterator

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

KEYS_AT_ONCE = 500
"""Parameters of one question; SQLite takes 32,766 at most, and long lists are planned badly."""


def insert(connection: sa.Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT with ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def portions(keys: Collection[str]) -> Iterator[list[str]]:
    """Keys, as many at a time as one question takes.

    >>> [len(some) for some in portions([str(n) for n in range(700)])]
    [500, 200]
    """
    every = list(keys)
    for start in range(0, len(every), KEYS_AT_ONCE):
        yield every[start : start + KEYS_AT_ONCE]
