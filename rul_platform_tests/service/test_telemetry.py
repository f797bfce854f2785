"""Traces: off unless a collector is named, and then without readings, persons or units."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rul_platform.errors import MissingExtraError, SettingsError
from rul_platform.service.telemetry import Untraced, tracing_to
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.operation.served import PRESS
from rul_platform_tests.service.collector import Collector, attributes, collecting
from rul_platform_tests.service.running import Running, question, serving, signed_champion

API = "/api/v1/rul"
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """What a collector got of a good question, a refused one, a rating and a probe."""
    home = Home(Settings.read({"RUL_HOME": str(tmp_path_factory.mktemp("traced"))}))
    signed_champion(home)
    with collecting() as collector:
        with serving(home, tracing=tracing_to(collector.url + "/")) as running:
            _ask(running)
        yield collector
    home.engine.dispose()


def _ask(running: Running) -> None:
    parent = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    with running.client() as client:
        asked = question("unit-of-erin")
        asked["units"][0]["readings"]["Heat"][3] = 61.987654321
        (told,) = client.post(f"{API}/predict", json=asked, headers=parent).json()["predictions"]
        asked["units"][0]["readings"]["Erin"] = asked["units"][0]["readings"].pop("Heat")
        assert client.post(f"{API}/predict?who=erin", json=asked).status_code == 422
        body = {"prediction_id": told["id"], "rating": "positive", "person": "erin"}
        assert client.post(f"{API}/feedback", json=body).status_code == 200
        client.get("/ready")


def test_a_question_is_a_trace_of_its_steps_in_the_callers_trace(traced: Collector):
    spans = [span for span in traced.spans() if span.trace_id.hex() == TRACE]
    by_name = {span.name: span for span in spans}
    root = by_name[f"POST {API}/predict"]
    assert set(by_name) == {root.name, "read", "prepare", "network", "log"}
    assert root.parent_span_id.hex() == "b7ad6b7169203331"
    assert attributes(root) == {
        "http.request.method": "POST",
        "http.route": f"{API}/predict",
        "http.response.status_code": 200,
    }
    for name in ("read", "prepare", "network", "log"):
        assert by_name[name].parent_span_id == root.span_id
        assert attributes(by_name[name]) == {"rul.plant": PRESS, "rul.model.version": 1}
        assert root.start_time_unix_nano <= by_name[name].start_time_unix_nano


def test_a_refused_question_names_the_class_of_the_error_and_nothing_else(traced: Collector):
    (read,) = [s for s in traced.spans() if s.name == "read" and s.trace_id.hex() != TRACE]
    assert attributes(read)["error.type"] == "ReadingsError"
    assert not read.events
    assert not read.status.message


def test_probes_are_not_traced_and_the_sender_says_who_it_is(traced: Collector):
    assert {span.name for span in traced.spans()} == {
        f"POST {API}/predict", f"POST {API}/feedback", "read", "prepare", "network", "log",
    }  # fmt: skip
    assert set(traced.paths) == {"/v1/traces"}
    resource = attributes(traced.requests()[0].resource_spans[0].resource)
    assert resource["service.name"] == "rul-platform"
    assert resource["service.version"]


def test_nothing_that_a_caller_sent_is_in_it(traced: Collector):
    for raw in traced.raw:
        for secret in (b"erin", b"Erin", b"61.98", b"127.0.0.1", b"httpx", b"Bearer", b"rul_"):
            assert secret not in raw.replace(b"rul_platform", b"")


def test_without_an_endpoint_nothing_is_traced_nor_imported():
    assert isinstance(tracing_to(None), Untraced)
    code = (
        "import sys, rul_platform.service.server, rul_platform.service.telemetry as t;"
        "t.tracing_to(None);"
        "sys.exit('opentelemetry.sdk' in sys.modules or 'opentelemetry.exporter' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_the_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.delitem(sys.modules, "rul_platform.service.spans", raising=False)
    with pytest.raises(MissingExtraError, match=r"pip install 'rul-platform\[telemetry\]'"):
        tracing_to("http://127.0.0.1:4318")


def test_a_collector_that_is_down_delays_no_answer_and_the_end_little(tmp_path: Path):
    home = Home(Settings.read({"RUL_HOME": str(tmp_path)}))
    signed_champion(home)
    with (
        serving(home, tracing=tracing_to("http://127.0.0.1:9")) as running,
        running.client() as client,
    ):
        assert client.post(f"{API}/predict", json=question("m1")).status_code == 200
    home.engine.dispose()


def test_the_endpoint_is_a_setting():
    def read(value: str) -> str | None:
        return Settings.read({"OTEL_EXPORTER_OTLP_ENDPOINT": value}).otlp_endpoint

    assert read("") is None
    assert read("http://collector:4318") == "http://collector:4318"
    for wrong in ("collector:4318", "grpc://collector:4317", "http://", "http://a b"):
        with pytest.raises(SettingsError, match="the http:// or https:// URL of a collector"):
            read(wrong)
