"""The client against a service that runs, and against one that dies between request and answer."""

import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pandas as pd
import pytest

from rul_platform.client import Client, Patience, ProblemError, UnansweredError
from rul_platform.client.client import API
from rul_platform.client.table import bodies
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.certificates import pair
from rul_platform_tests.client.unreliable import Proxy, unreliable
from rul_platform_tests.operation.served import PRESS, table
from rul_platform_tests.service.running import (
    Running,
    imported_checkpoint,
    question,
    serving,
    signed_champion,
)


@pytest.fixture
def client(running: Running) -> Iterator[Client]:
    with Client(running.url, running.tokens["all"]) as found:
        yield found


def lists(*units: str) -> dict[str, dict[str, list[float]]]:
    return {each["unit"]: each["readings"] for each in question(*units)["units"]}


def test_a_question_as_lists_and_as_a_table_has_the_same_answer(client: Client):
    of_lists = client.predict(PRESS, lists("m1", "m2"))
    of_table = client.predict(PRESS, table(40, "m1", "m2"), unit="pump")
    assert [each.unit for each in of_lists] == ["m1", "m2"]
    assert [each.rul for each in of_lists] == [each.rul for each in of_table]
    told = of_lists[0]
    assert told.interval.low <= told.rul <= told.interval.high
    assert (told.plant, told.life, told.life_unit) == (PRESS, 40.0, "hours")
    assert (told.model.version, told.model.role) == (1, "champion")
    assert told.advisory_only
    assert isinstance(told.warnings, tuple)
    narrow = client.predict(PRESS, lists("m1"), level=0.5)[0]
    assert narrow.interval.level == 0.5


def test_what_was_answered_can_be_looked_up_rated_and_its_end_told(client: Client):
    (told,) = client.predict(PRESS, lists("m3"))
    logged = client.prediction(told.id)
    assert (logged.unit, logged.rul, logged.number) == ("m3", told.rul, 1)
    assert logged.created_at.utcoffset() is not None
    first = client.feedback(told.id, "negative", reason="too_late", person="frank")
    assert (first.is_new, first.plant) == (True, PRESS)
    assert client.feedback(told.id, "positive", person="frank") == type(first)(
        id=first.id, is_new=False, plant=PRESS
    )
    ended = client.outcome(PRESS, "m3", "failed", 55, observed_at=datetime.now(UTC))
    assert ended.is_new
    assert not client.outcome(PRESS, "m3", "failed", 55).is_new


def test_the_same_key_is_the_same_rating(client: Client):
    (told,) = client.predict(PRESS, lists("m4"))
    one, two = (client.feedback(told.id, "positive", key="mine-1") for _ in range(2))
    assert one == two
    with pytest.raises(ProblemError) as refused:
        client.feedback(told.id, "negative", key="mine-1")
    assert (refused.value.status, refused.value.code) == (409, "key_reused")


def test_plants_and_versions_are_told(client: Client):
    (plant,) = client.plants()
    assert (plant.plant, plant.wanted_version, plant.served_version) == (PRESS, 1, 1)
    (version,) = client.models()
    assert (version.id, version.state, version.deployments) == (f"{PRESS}:1", "champion", ())
    (deployment,) = client.model(version.id).deployments
    assert deployment.until is None
    assert client.model(version.sha256).number == 1
    status = client.status()
    assert (status["ready"], status["models"][PRESS]["version"]) == (True, 1)


def test_a_refusal_lists_all_that_is_wrong(client: Client):
    readings = lists("m1")
    readings["m1"]["Hea"] = readings["m1"].pop("Heat")
    with pytest.raises(ProblemError) as refused:
        client.predict(PRESS, readings)
    assert refused.value.status == 422
    assert len(refused.value.problems) == 2
    assert refused.value.request_id
    assert "'Heat'" in str(refused.value)
    for ask, status in (
        (lambda: client.predict("mill", lists("m1")), 409),
        (lambda: client.prediction("../../live"), 404),
        (lambda: client.model("no:1"), 404),
    ):
        with pytest.raises(ProblemError) as refused:
            ask()
        assert refused.value.status == status


def test_numbers_that_are_none_are_all_named_before_anything_is_sent(client: Client):
    frame = table(5, "m1", "m2").astype({"Heat": object})
    frame.iloc[2, frame.columns.get_loc("Heat")] = float("nan")
    frame.iloc[9, frame.columns.get_loc("Heat")] = "hot"
    with pytest.raises(ProblemError) as refused:
        client.predict(PRESS, frame, unit="pump")
    assert refused.value.problems == (
        "unit m1, column Heat: no number in reading 3",
        "unit m2, column Heat: no number in reading 5",
    )
    with pytest.raises(ValueError, match="unit is None, but must name the column"):
        client.predict(PRESS, frame)


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, pd.NaT])
def test_rows_of_no_machine_are_refused_not_left_out(client: Client, nothing: object):
    frame = table(5, "m1", "m2").astype({"pump": object})
    frame.iloc[7, frame.columns.get_loc("pump")] = nothing
    with pytest.raises(ValueError, match="Column 'pump' names no machine in row 9"):
        client.predict(PRESS, frame, unit="pump")


def test_a_machine_s_number_is_told_without_a_fraction():
    frame = table(5, "7", "8").astype({"pump": float})
    assert [each["unit"] for each in bodies(frame, "pump", None)] == ["7", "8"]
    frame = table(5, "7.5", "8").astype({"pump": float})
    assert [each["unit"] for each in bodies(frame, "pump", None)] == ["7.5", "8"]


def test_two_machines_with_one_name_are_refused():
    frame = table(5, "1", "m2").astype({"pump": object})
    frame.loc[frame["pump"] == "m2", "pump"] = 1
    with pytest.raises(ValueError, match="holds '1' and 1, which are both the machine '1'"):
        bodies(frame, "pump", None)


def test_a_checkpoint_is_loaded_and_told(running: Running, client: Client):
    name = "models/pretrained/gru_cmapss.pt"
    imported_checkpoint(running.home, "gru", name)
    told = client.load("gru", name)
    assert (told.model_name, told.model_path) == ("gru", name)
    assert told.sha256[:12] in told.message
    found = client.transfer_learning()
    assert found.enabled
    assert found.pretrained_models["gru"].names == (name,)
    assert found.pretrained_models["gru"].sha256 == told.sha256
    assert client.status()["transfer_learning"]["enabled"]
    with pytest.raises(ProblemError) as refused:
        client.load("gru", "../../etc/passwd")
    assert refused.value.status == 404


def test_there_is_a_method_for_each_route(running: Running, proxy: Proxy):
    with Client(proxy.url, running.tokens["all"]) as client:
        (told,) = client.predict(PRESS, lists("m6"))
        client.prediction(told.id)
        client.feedback(told.id, "positive")
        client.outcome(PRESS, "m6", "running", 41)
        client.plants()
        client.model(client.models()[0].id)
        client.status()
        client.transfer_learning()
        with pytest.raises(ProblemError):
            client.load("gru", "no such name")
    paths = [each for each in running.app.openapi()["paths"] if each.startswith(API)]
    asked = {re.sub(rf"{told.id}|{PRESS}:1", "{}", path) for path in proxy.asked}
    assert asked == {re.sub(r"{\w+}", "{}", path) for path in paths}


def test_a_token_without_the_scope_is_refused_at_once(running: Running):
    with Client(running.url, running.tokens["read"]) as client:
        with pytest.raises(ProblemError) as refused:
            client.predict(PRESS, lists("m1"))
        assert (refused.value.status, refused.value.code) == (403, "forbidden")
    with Client(running.url, "none") as client, pytest.raises(ProblemError, match="401"):
        client.plants()


class Waits:
    """Notes pauses instead of waiting."""

    def __init__(self) -> None:
        self.seconds = list[float]()

    def __call__(self, seconds: float) -> None:
        """One pause."""
        self.seconds.append(seconds)


@pytest.fixture
def proxy(running: Running) -> Iterator[Proxy]:
    with unreliable(running.url) as found:
        yield found


def test_a_rating_whose_answer_is_lost_is_stored_once(running: Running, proxy: Proxy):
    waits = Waits()
    with Client(proxy.url, running.tokens["all"], wait=waits) as client:
        (told,) = client.predict(PRESS, lists("m5"))
        proxy.seen.clear()
        proxy.to_lose = 3
        taken = client.feedback(told.id, "negative", person="gwen")
        assert taken.is_new  # what was answered the first time
        assert len(set(proxy.seen)) == 1
        assert len(proxy.seen) == 4
        assert len(waits.seconds) == 3
        other = client.feedback(told.id, "negative", person="hugo")
    assert proxy.seen[-1] != proxy.seen[0]
    assert other.id != taken.id
    stored = [each.id for each in running.home.feedback.recent(PRESS, 100)]
    assert stored.count(taken.id) == 1


def test_a_service_that_ends_after_the_commit_and_comes_back_has_the_rating_once(tmp_path: Path):
    home = Home(Settings.read({"RUL_HOME": str(tmp_path)}))
    signed_champion(home)
    with serving(home) as first:
        token = first.tokens["all"]
        with Client(first.url, token) as client:
            (told,) = client.predict(PRESS, lists("m1"))
        with unreliable(first.url) as proxy:
            proxy.to_lose = 1
            client = Client(proxy.url, token, patience=Patience(attempts=1))
            with pytest.raises(UnansweredError, match="did not answer in 1 attempts"):
                client.feedback(told.id, "negative", key="k1")
            client.close()
    with serving(home) as second, Client(second.url, token) as client:
        assert client.feedback(told.id, "negative", key="k1").is_new
    assert len(home.feedback.recent(PRESS, 100)) == 1
    home.engine.dispose()


def test_pauses_grow_are_scattered_and_follow_the_service(running: Running, proxy: Proxy):
    waits = Waits()
    patience = Patience(attempts=6, jitter=lambda: 0.5, longest_seconds=9.0)
    with Client(proxy.url, running.tokens["all"], patience=patience, wait=waits) as client:
        proxy.to_refuse = [
            (503, None),
            (503, "2"),
            (429, "60"),
            (502, "Sun, 06 Nov 1994"),
            (504, None),
        ]
        assert client.plants()
    assert waits.seconds == [0.125, 2.25, 9.0, 1.0, 2.0]


def test_when_patience_ends_the_last_refusal_is_told(running: Running, proxy: Proxy):
    with Client(
        proxy.url, running.tokens["all"], patience=Patience(attempts=2), wait=Waits()
    ) as client:
        proxy.to_refuse = [(503, None)] * 3
        with pytest.raises(ProblemError) as refused:
            client.plants()
    assert refused.value.status == 503
    assert len(proxy.to_refuse) == 1


def test_a_refusal_that_waiting_does_not_change_is_not_repeated(running: Running, proxy: Proxy):
    waits = Waits()
    with Client(proxy.url, running.tokens["all"], wait=waits) as client:
        proxy.to_refuse = [(404, None)]
        with pytest.raises(ProblemError, match=r"is .* the service"):
            client.plants()
    assert not waits.seconds


def test_nobody_there_is_said_so():
    waits = Waits()
    with (
        Client("http://127.0.0.1:9", "t", wait=waits) as client,
        pytest.raises(UnansweredError, match="did not answer in 8 attempts: ConnectionError"),
    ):
        client.plants()
    assert len(waits.seconds) == 7


def test_importing_it_brings_nothing_heavy():
    code = (
        "import sys, rul_platform.client; "
        "print([n for n in ('torch', 'dagster', 'pandas', 'numpy', 'sqlalchemy', 'fastapi', "
        "'pydantic', 'onnxruntime') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_authority_of_ones_own_counts_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    certificate, key = pair(tmp_path)
    others, _ = pair(tmp_path, name="others")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(others))
    once = Patience(attempts=1)
    with over_tls(certificate, key) as url:
        ours = Client(url, "rul_x", verify=str(certificate), patience=once)
        with ours as client, pytest.raises(ProblemError, match="404"):
            client.plants()
        with Client(url, "rul_x", patience=once) as client, pytest.raises(UnansweredError):
            client.plants()


def test_a_handshake_that_breaks_off_is_tried_again(tmp_path: Path):
    """As while a proxy restarts."""
    certificate, key = pair(tmp_path)
    twice = Patience(attempts=2)
    with over_tls(certificate, key, breaks_off=1) as url:
        ours = Client(url, "rul_x", verify=str(certificate), patience=twice, wait=lambda _: None)
        with ours as client, pytest.raises(ProblemError, match="404"):
            client.plants()


@contextmanager
def over_tls(certificate: Path, key: Path, *, breaks_off: int = 0) -> Iterator[str]:
    """A server that has nothing to say, and breaks the first handshakes off."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with _Tls(("127.0.0.1", 0), _Nothing) as server:
        server.breaks_off = breaks_off
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"https://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Tls(ThreadingHTTPServer):
    breaks_off = 0

    def get_request(self) -> tuple[socket.socket, Any]:
        if not self.breaks_off:
            return super().get_request()
        self.breaks_off -= 1
        begun, _ = socket.socket.accept(self.socket)
        begun.recv(4096)
        begun.close()
        raise ConnectionError


class _Nothing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is Python's
        """Say nothing."""
