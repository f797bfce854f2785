"""The process itself: `rul serve` on a home folder, and how it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.operation.served import PRESS
from rul_platform_tests.service.running import question, signed_champion, token

API = "/api/v1/rul"


@dataclass
class Process:
    """`rul serve`.

    Attributes:
        url: Where it answers.
        popen: The process.
        lines: Of its log.
        said: What it printed, once it has ended.
    """

    url: str
    popen: subprocess.Popen[str]
    lines: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    said: str = ""

    def end(self, by: signal.Signals) -> int:
        """Its exit code."""
        self.popen.send_signal(by)
        self.said, rest = self.popen.communicate(timeout=120)
        self.lines += [json.loads(line) for line in rest.splitlines()]
        return self.popen.returncode


@contextmanager
def served(home: Path) -> Iterator[Process]:
    """Until the block ends, or the process before it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        [str(Path(sys.executable).with_name("rul")), "serve", "--port", str(port)],
        env=os.environ | {"RUL_HOME": str(home)},  # noqa: TID251  a process's own
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as popen:
        process = Process(f"http://127.0.0.1:{port}", popen)
        assert popen.stderr is not None
        for line in popen.stderr:
            process.lines.append(json.loads(line))
            if "Started server process" in process.lines[-1]["message"]:
                break
        try:
            yield process
        finally:
            popen.kill()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found = Home(Settings.read({"RUL_HOME": str(tmp_path)}))
    signed_champion(found)
    yield found
    found.engine.dispose()


def asking(home: Home, process: Process) -> httpx2.Client:
    shown = token(home, "predict", "feedback")
    return httpx2.Client(
        base_url=process.url, headers={"Authorization": f"Bearer {shown}"}, timeout=60
    )


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_clean_stop_writes_what_waits_and_says_so(home: Home, by: signal.Signals):
    with served(home.folder) as process:
        with asking(home, process) as client:
            asked = client.post(f"{API}/predict", json=question(*(f"m{n}" for n in range(50))))
        assert process.end(by) == 0
    assert "Stopped; everything that was answered is stored." in process.said
    ids = {each["id"] for each in asked.json()["predictions"]}
    assert {each.id for each in home.predictions.answered(PRESS)} == ids
    assert [line["route"] for line in process.lines if "route" in line] == [f"{API}/predict"]
    loggers = {line["logger"] for line in process.lines}
    assert {"uvicorn.error", "rul_platform.service.requests"} <= loggers


def test_what_was_rated_outlives_kill_9_with_its_answer(home: Home):
    with served(home.folder) as process:
        with asking(home, process) as client:
            (told,) = client.post(f"{API}/predict", json=question("m1")).json()["predictions"]
            body = {"prediction_id": told["id"], "rating": "negative"}
            assert client.post(f"{API}/feedback", json=body).status_code == 200
        assert process.end(signal.SIGKILL) == -signal.SIGKILL
    assert home.predictions.get(told["id"]).unit == "m1"
    assert [each.prediction_id for each in home.feedback.recent(PRESS, 5)] == [told["id"]]
