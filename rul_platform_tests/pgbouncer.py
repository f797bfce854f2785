"""A real PgBouncer in transaction mode before the tests' PostgreSQL.

Few connections to the server are shared by all clients, so that whatever leans on a session's state
meets another client's. Tests that ask for it skip where the program is not installed.

Belongs here: the fixtures. Does not belong here: which tests go through it (``storage.test_pgbouncer``).
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from configparser import RawConfigParser
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

INI = Path(__file__).parents[1] / "deploy" / "pgbouncer.ini"
SERVER_CONNECTIONS = 2
"""Of each database and login: far fewer than callers."""
PORT, START_SECONDS = 6432, 20
LOGINS = ("postgres", "rul_owner", "rul_api", "rul_worker", "rul_read", "rul_purge")

Through = Callable[[str], str]
"""Turns the URL of a database of the tests' server into the one that goes through PgBouncer."""


def program() -> str | None:
    """Where it is; Debian puts it where only administrators look."""
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")


@pytest.fixture(scope="session")
def pgbouncer(postgres: str) -> Iterator[Through]:
    """A running one, asked by URL; ends with the tests."""
    found = program()
    if found is None:
        pytest.skip("PgBouncer is not installed (Debian: apt-get install pgbouncer)")
    with running(found, postgres) as folder:
        yield lambda url: through(url, folder)


def through(url: str, folder: Path) -> str:
    """The same database, by the socket in this folder."""
    query = {"host": str(folder), "port": str(PORT)}
    return sa.make_url(url).update_query_dict(query).render_as_string(hide_password=False)


@contextmanager
def running(found: str, server: str) -> Iterator[Path]:
    """The folder of a PgBouncer that takes connections to this server."""
    folder = Path(tempfile.mkdtemp(prefix="rul_pgbouncer_"))
    with (folder / "pgbouncer.ini").open("w") as file:
        _configured(sa.make_url(server), folder).write(file)
    (folder / "users.txt").write_text("".join(f'"{login}" ""\n' for login in LOGINS))
    command = [found, "-q", str(folder / "pgbouncer.ini")]
    if os.geteuid() == 0:  # it refuses to be root: PostgreSQL's user will do
        shutil.chown(folder, "pgserver")
        command[1:1] = ["-u", "pgserver"]
    process = subprocess.Popen(command)
    try:
        _await(process, folder)
        yield folder
    finally:
        process.kill()  # asked to end, it waits for its clients
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _configured(server: sa.URL, folder: Path) -> RawConfigParser:
    """The file for production, for all databases of this server and with a socket in this folder."""
    found = RawConfigParser(delimiters="=")
    found.read(INI)
    host, port = (
        server.query.get("host", server.host),
        server.query.get("port", server.port or 5432),
    )
    found["databases"] = {"*": f"host={host} port={port}"}
    found["pgbouncer"].update({
        "listen_addr": "", "listen_port": str(PORT), "unix_socket_dir": str(folder),
        "auth_type": "trust", "auth_file": str(folder / "users.txt"), "logfile": str(folder / "log"),
        "default_pool_size": str(SERVER_CONNECTIONS),
    })  # fmt: skip
    return found


def _await(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Until its socket answers; asked by waiting on its process, which returns early if it dies."""
    for _ in range(START_SECONDS * 10):
        with socket.socket(socket.AF_UNIX) as knock:
            if knock.connect_ex(str(folder / f".s.PGSQL.{PORT}")) == 0:
                return
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        break
    log = folder / "log"
    pytest.fail(f"PgBouncer did not start: {log.read_text() if log.exists() else 'no log'}")
