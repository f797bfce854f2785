"""`rul ui` serves Dagster's pages on the home folder, on loopback only, until it is told to stop."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

PATIENCE_SECONDS = 120
SERVING = "Serving dagster-webserver"
QUERY = """{
  assetNodes { assetKey { path } repository { location { name } } }
  sensorsOrError(repositorySelector: {
    repositoryName: "__repository__", repositoryLocationName: "rul_platform"
  }) { ... on Sensors { results { name sensorState { status } } } }
}"""


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def asked(port: int) -> dict:
    """What the page's own interface answers; it listens a moment after it has said so."""
    patience = Retry(total=None, connect=9, read=0, allowed_methods=None, backoff_factor=0.05)
    with requests.Session() as browser:
        browser.mount("http://127.0.0.1", HTTPAdapter(max_retries=patience))
        browser.trust_env = False  # no proxy
        answer = browser.post(
            f"http://127.0.0.1:{port}/graphql", json={"query": QUERY}, timeout=PATIENCE_SECONDS
        )
    return answer.json()["data"]


def signal_group(ui: subprocess.Popen[str], number: int) -> None:
    """As the terminal does on Ctrl-C: the program and everything that it started gets it."""
    try:
        os.killpg(ui.pid, number)
    except ProcessLookupError:
        return  # nobody is left


def take_interrupts() -> None:
    """As in a terminal: tests that run in the background inherit that interrupts are ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def user_interface(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """`rul ui` in a process group of its own, all of which is gone at the end, whatever happens."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RUL_", "DAGSTER_"))}  # noqa: TID251
    with subprocess.Popen(
        [sys.executable, "-m", "rul_platform", "ui", "--port", str(port)],
        env=kept | {"RUL_HOME": str(folder / "home"), "RUL_CMAPSS_URL": ""},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=take_interrupts,
    ) as ui:
        watchdog = Timer(PATIENCE_SECONDS, signal_group, (ui, signal.SIGKILL))
        watchdog.start()
        try:
            yield ui
            signal_group(ui, signal.SIGINT)
            ui.communicate(timeout=PATIENCE_SECONDS)  # read on: a full pipe would hold it up
        finally:
            watchdog.cancel()
            signal_group(ui, signal.SIGKILL)


def read_until(lines: Iterator[str], is_wanted: Callable[[str], bool]) -> list[str]:
    """Lines up to the wanted one, or all of them."""
    said = []
    for line in lines:
        said.append(line)
        if is_wanted(line):
            break
    return said


def test_the_ui_shows_the_graph_of_this_home(tmp_path: Path):
    port = free_port()
    with user_interface(tmp_path, port) as ui:
        assert ui.stdout is not None
        said = read_until(iter(ui.stdout), lambda line: SERVING in line)
        assert f"{SERVING} on http://127.0.0.1:{port}" in said[-1], "".join(said)
        found = asked(port)
    assert ui.returncode == 0
    names = {"/".join(node["assetKey"]["path"]) for node in found["assetNodes"]}
    assert {"raw_cmapss", "deployed_model", "plant_source"} <= names
    locations = {node["repository"]["location"]["name"] for node in found["assetNodes"]}
    assert locations == {"rul_platform"}
    sensors = found["sensorsOrError"]["results"]
    assert {"new_plants", "retrain_on_feedback"} <= {s["name"] for s in sensors}
    assert {s["sensorState"]["status"] for s in sensors} == {"RUNNING"}
    assert (tmp_path / "home" / "dagster" / "dagster.yaml").is_file()
