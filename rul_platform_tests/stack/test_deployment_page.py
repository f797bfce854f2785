"""docs/deployment.md: each block marked `console` does what it says, on a stack with the pooler."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rul_platform.client import webhooks
from rul_platform_tests.stack.dockerfile import TOP
from rul_platform_tests.stack.running import PROGRAM, Stack, running

PAGE = (TOP / "docs" / "deployment.md").read_text(encoding="utf-8")
PROCEDURES = {
    heading: block
    for heading, text in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL)
}
DOCKER = f"""#!/bin/sh
# What of `docker compose` the page types, asked of a stack.
set -eu
asked=$2 && shift 2 && cd {TOP}
stack() {{
    what=$1 && shift
    {sys.executable} -m rul_platform_tests.stack "$what" --folder "$STACK" "$@"
}}
pid() {{
    stack status |
        {sys.executable} -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]]["pid"])' "$1"
}}
restart() {{
    before=$(pid "$1")
    case "$1" in database) number=2 ;; *) number=15 ;; esac  # as its image says
    stack kill --signal "$number" "$1"
    while now=$(pid "$1"); [ "$now" = None ] || [ "$now" = "$before" ]; do sleep 0.5; done
}}
case "$asked" in
    up)
        case "$*" in *--force-recreate*)
            for each in pooler code daemon webserver webserver-read-only service; do
                restart "$each"
            done ;;
        esac
        while stack status | grep -q -e waiting -e starting -e unhealthy; do sleep 0.5; done ;;
    exec)
        # in a container it comes by the server's socket, which each sandbox has for itself
        if [ "$1" = database ]; then
            password=$(cat "$STACK/secrets/postgres_password") && shift
            set -- database env PGHOST=127.0.0.1 PGPASSWORD="$password" "$@"
        fi
        stack exec "$@" ;;
    restart) restart "$1" ;;
    *) exit 64 ;;
esac
"""
RECEIVER = """
import http.server, json
taken = []
class Take(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        taken.append({"headers": dict(self.headers), "body": body})
        self.send_response(204)
        self.end_headers()
with http.server.HTTPServer(("127.0.0.1", 8900), Take) as server:
    while len(taken) < 2:
        server.handle_request()
print(json.dumps(taken))
"""
IS_OPEN = "import socket; print(socket.socket().connect_ex(('127.0.0.1', 8900)))"
RAISE = """
import os
from rul_platform.operation.alerting import raise_alert
from rul_platform.settings import Settings
from rul_platform.storage.alerts import NewAlert
from rul_platform.storage.home import Home
home = Home(Settings.read(os.environ))
told = {"key": "k", "plant": "", "kind": "service", "severity": "warning", "title": "t", "text": ""}
raise_alert(home, NewAlert(**told), home.now())
"""

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        any(
            shutil.which(name, path=f"{os.defpath}:/usr/sbin") is None
            for name in ("bwrap", "nginx", "prometheus", "curl", "pgbouncer")
        ),
        reason="needs bubblewrap, nginx, prometheus, curl and pgbouncer",
    ),
]


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody at a checkout whose services are those of a stack.

    Attributes:
        folder: The checkout, as far as the page touches it.
        stack: Folder of the stack.
    """

    folder: Path
    stack: Path

    def types(self, commands: str, **environ: str) -> str:
        """What a shell says to these commands; it ends at the first that fails."""
        path = f"{self.folder / 'bin'}:{os.defpath}"
        done = subprocess.run(
            ["sh", "-eux", "-c", commands], cwd=self.folder, capture_output=True, text=True,
            env={"PATH": path, "STACK": str(self.stack), **environ},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def settings(self) -> dict[str, str]:
        """What `.env` says."""
        lines = (self.folder / ".env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    folder, stack = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("stack")
    for made in ("bin", "deploy/compose"):
        (folder / made).mkdir(parents=True)
    (folder / "deploy/compose/secrets").symlink_to(stack / "secrets")
    makes = TOP / "deploy/compose/make_secrets.sh"
    (folder / "deploy/compose/make_secrets.sh").symlink_to(makes)
    (folder / "bin/docker").write_text(DOCKER)
    (folder / "bin/docker").chmod(0o755)
    return Operator(folder, stack)


@pytest.fixture(scope="module")
def stack(operator: Operator) -> Iterator[Stack]:
    """Started with what the page writes into `.env`."""
    operator.types(PROCEDURES["Few connections to the database"].partition("docker compose")[0])
    with running(operator.stack, **operator.settings()) as up:
        up.awaits_all()
        yield up


@contextmanager
def receiving(stack: Stack) -> Iterator["subprocess.Popen[bytes]"]:
    """A receiver of two webhooks inside the stack's network, which says at its end what it got."""
    command = (*PROGRAM, "exec", "--folder", stack.folder, "code", "python", "-c", RECEIVER)
    with subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE) as process:
        try:
            is_open = stack.waits(
                lambda: stack.types("code", "python", "-c", IS_OPEN), "0\n".__eq__
            )
            assert is_open == "0\n"
            yield process
        finally:
            process.kill()


def test_every_procedure_is_known():
    elsewhere = {"Back up", "Restore"}  # test_compose_backup.py
    here = {"Alerts", "Few connections to the database", "Passwords"}
    assert set(PROCEDURES) == here | elsewhere
    assert PAGE.count("```console") == len(PROCEDURES)


def test_few_connections_to_the_database(stack: Stack, operator: Operator):
    before = stack.log("pooler").count("user=rul_worker")

    operator.types(PROCEDURES["Few connections to the database"])

    assert stack.states()["pooler"]["state"] == "healthy"
    assert "user=rul_api" in stack.log("pooler")
    stack.types("code", "rul", "token", "create", "--for", "me")
    assert stack.log("pooler").count("user=rul_worker") > before


def test_who_does_not_know_the_password_does_not_come_through_the_pooler(stack: Stack):
    psql = ("psql", "--host=127.0.0.1", "--port=6432", "--username=rul_api", "--dbname=rul")

    with pytest.raises(AssertionError, match="SASL authentication failed"):
        stack.types("pooler", "env", "PGPASSWORD=wrong", *psql, "--command=SELECT 1")


def test_alerts_come_signed_whoever_raised_them(stack: Stack, operator: Operator):
    with receiving(stack) as receiver:
        said = operator.types(PROCEDURES["Alerts"], WEBHOOK="http://127.0.0.1:8900/secret")
        stack.types("service", "python", "-c", RAISE)
        taken: list[dict[str, Any]] = json.loads(receiver.communicate(timeout=240)[0])

    assert "webhook: sent, signed\n" in said
    secret = stack.secret("alert_webhook_secret")
    told = [webhooks.verify(each["body"].encode(), each["headers"], secret).alert for each in taken]
    assert [each["kind"] for each in told] == ["test", "service"]
    assert not any(
        "alert_" in name for name in stack.types("service", "ls", "/run/secrets").split()
    )


def test_a_changed_password_is_the_only_one_that_opens(stack: Stack, operator: Operator):
    before = stack.secret("rul_api_password")

    operator.types(PROCEDURES["Passwords"])

    psql = ("psql", "--host=127.0.0.1", "--username=rul_api", "--dbname=rul", "--command=SELECT 1")
    after = stack.secret("rul_api_password")
    stack.types("database", "env", f"PGPASSWORD={after}", *psql)
    with pytest.raises(AssertionError, match="password authentication failed"):
        stack.types("database", "env", f"PGPASSWORD={before}", *psql)
    stack.types("pooler", "sh", "/opt/rul/pooler.sh", "check")
    stack.types("service", "python", "-c", RAISE.replace('"k"', '"another"'))
    assert all(one["state"] in ("healthy", "completed") for one in stack.states().values())
