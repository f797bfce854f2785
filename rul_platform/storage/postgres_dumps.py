"""The platform's tables on PostgreSQL as one file, by PostgreSQL's own programs.

Belongs here: calling ``pg_dump`` and ``pg_restore``. Does not belong here: what else a backup holds
(``backups``).
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

import sqlalchemy as sa

from rul_platform.errors import BackupError
from rul_platform.storage.studies import SCHEMA as STUDIES


def dump(url: str, file: Path) -> None:
    """Write the tables as of one moment, while others go on writing.

    Trials of searches are left out: they are no records, and belong to whoever searched.

    Args:
        url: Of the database; its login must read all tables, as ``rul_owner`` does.
        file: Where to; in PostgreSQL's custom format.

    Raises:
        BackupError: ``pg_dump`` is not installed, or refused.
    """
    left_out = f"--exclude-schema={STUDIES}"
    _call(
        "pg_dump",
        url,
        f"--file={file}",
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        left_out,
    )


def load(file: Path, url: str) -> None:
    """Make the tables from such a file, all or none; they belong to the login.

    Args:
        file: From :func:`dump`.
        url: Of a database without tables.

    Raises:
        BackupError: ``pg_restore`` is not installed, or refused.
    """
    _call("pg_restore", url, "--no-owner", "--no-privileges", "--single-transaction", str(file))


def _call(name: str, url: str, *words: str) -> None:
    program = shutil.which(name)
    if program is None:
        expected = "installed, of the server's version or newer (on Debian: postgresql-client)"
        raise BackupError(name, "not there", expected)
    parsed = sa.make_url(url).set(drivername="postgresql")
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8"
    ) as secret:  # an argument can be seen by others
        password = str(parsed.password or "").replace("\\", "\\\\").replace(":", "\\:")
        secret.write(f"*:*:*:*:{password}\n")
        secret.flush()
        shown = parsed.set(password=None).update_query_dict({"passfile": secret.name})
        where = f"--dbname={shown.render_as_string()}"
        done = subprocess.run(  # noqa: S603  no word of it comes from outside
            [program, where, *words], capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        found = f"refused ({done.stderr.strip() or f'exit code {done.returncode}'})"
        expected = (
            "let: does the server run, is the login its tables' owner, is a database to fill empty"
        )
        raise BackupError(name, found, expected)
