"""Which login of PostgreSQL each command is for, as docs/postgresql.md says.

Belongs here: telling whoever came with another one. Does not belong here: the rights
(``deploy/postgres_roles.sql``).
"""

from collections.abc import Sequence

NO_RIGHT = "42501"
"""SQLSTATE insufficient_privilege."""

MOST = "rul_worker"
OTHERS = {
    ("serve",): "rul_api",
    ("audit",): "rul_read",
    ("audit", "reproduce"): MOST,
    ("audit", "sign"): MOST,
    ("privacy",): "rul_purge",
    ("database", "migrate"): "rul_owner",
    ("database", "maintain"): "rul_purge",
    ("backup",): "rul_owner",
    ("restore",): "rul_owner",
}
"""The beginning of a command to its login, the longer one first; all others are ``MOST``'s."""


def wrong_login(error: object, arguments: Sequence[str]) -> str | None:
    """What to do where a database refused a command for want of a right; None where it was not that.

    Args:
        error: What its driver raised.
        arguments: Of the command line, without the program.
    """
    if getattr(error, "pgcode", None) != NO_RIGHT:
        return None
    words = tuple(word for word in arguments if not word.startswith("-"))[:2]
    login = OTHERS.get(words) or OTHERS.get(words[:1]) or MOST
    return (
        f"The login that RUL_DATABASE_URL names may not do that: `rul {' '.join(words)}` is for "
        f"{login}. Call it where that login and its password are (docs/postgresql.md says which login "
        f"is for what)."
    )
