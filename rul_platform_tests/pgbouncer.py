"""A real PgBouncer in transaction mode before the tests' PostgreSQL, with deploy/pgbouncer.ini.

Few connections to the server are shared by all clients, so that whatever leans on a session's state
meets another client's. Who comes through it proves who it is by SCRAM-SHA-256, to PgBouncer and from
there to the server. Tests that ask for it skip where the program is not installed.

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

from rul_platform.storage.database import connect

INI = Path(__file__).parents[1] / "deploy" / "pgbouncer.ini"
SERVER_CONNECTIONS = 2
"""Of each database and login: far fewer than callers."""
PORT, START_SECONDS = 6432, 20
LOGIN, PASSWORD = "rul_through_pgbouncer", 'p@ss w"ord'
"""Another login than the other tests', from which the server wants no password."""

Through = Callable[[str], str]
"""Turns the URL of a database of the tests' server into the one that goes through PgBouncer."""


@pytest.fixture(scope="session")
def pgbouncer(postgres: str) -> Iterator[Through]:
    """A running one, asked by URL; ends with the tests."""
    require_password(postgres)
    with running(postgres, scram_secret(postgres)) as folder:
        yield lambda url: through(url, folder)


def program() -> str:
    """Where it is; Debian puts it where only administrators look."""
    places = "/usr/sbin:/usr/local/sbin"
    found = shutil.which("pgbouncer") or shutil.which("pgbouncer", path=places)
    return found or pytest.skip("PgBouncer is not installed (Debian: apt-get install pgbouncer)")


def through(url: str, folder: Path, *, password: str = PASSWORD) -> str:
    """The same database by the socket in this folder, with proof of who asks."""
    query = {"host": str(folder), "port": str(PORT)}
    as_login = sa.make_url(url).set(username=LOGIN, password=password)
    return as_login.update_query_dict(query).render_as_string(hide_password=False)


def require_password(server: str) -> None:
    """Let this login in by SCRAM-SHA-256 alone; the server's other logins need nothing."""
    administrator = connect(server)
    with administrator.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE ROLE {LOGIN} LOGIN SUPERUSER PASSWORD %s", (PASSWORD,))
        file = Path(connection.exec_driver_sql("SHOW hba_file").scalar_one())
        rules = file.read_text(encoding="utf-8")
        file.write_text(f"local all {LOGIN} scram-sha-256\n{rules}", encoding="utf-8")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    administrator.dispose()


def scram_secret(server: str) -> str:
    """What the server keeps in the place of the password."""
    administrator = connect(server)
    question = sa.text("SELECT rolpassword FROM pg_authid WHERE rolname = :name")
    with administrator.connect() as connection:
        secret = connection.execute(question, {"name": LOGIN}).scalar_one()
    administrator.dispose()
    return secret


@contextmanager
def running(server: str, secret: str) -> Iterator[Path]:
    """The folder of a PgBouncer that takes connections to this server.

    Args:
        server: URL of one of its databases.
        secret: The login's password, or its SCRAM secret.
    """
    found, folder = program(), Path(tempfile.mkdtemp(prefix="rul_pgbouncer_"))
    with (folder / "pgbouncer.ini").open("w") as file:
        _configured(sa.make_url(server), folder).write(file)
    quoted = secret.replace('"', '""')
    (folder / "users.txt").write_text(f'"{LOGIN}" "{quoted}"\n')
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
        "auth_file": str(folder / "users.txt"), "logfile": str(folder / "log"),
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
