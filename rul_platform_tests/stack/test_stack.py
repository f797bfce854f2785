"""The whole stack, from nothing to a served prediction, and what its doors let through."""

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rul_platform_tests.stack.plants import PLANT, onboard, readings
from rul_platform_tests.stack.running import Stack, running

LAUNCH = """mutation { launchRun(executionParams: {selector: {repositoryName: "__repository__",
  repositoryLocationName: "rul_platform", jobName: "__ASSET_JOB",
  assetSelection: [{path: ["plant_windows"]}]},
  executionMetadata: {tags: [{key: "dagster/partition", value: "simulated_pumps"}]}}) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
RUN = """{ run: runOrError(runId: "%s") { ... on Run { status tags { key value } } } }"""

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        any(shutil.which(name) is None for name in ("bwrap", "nginx", "prometheus", "curl")),
        reason="needs bubblewrap, nginx, prometheus and curl",
    ),
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("stack")) as up:
        up.awaits_all()
        yield up


@pytest.fixture(scope="module")
def token(stack: Stack) -> str:
    """A token for everything, after a plant's first model was put in charge."""
    return onboard(stack)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def engineer(stack: Stack) -> dict[str, str]:
    pair = f"engineer:{stack.secret('proxy_password')}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def question() -> dict[str, object]:
    """About one pump."""
    told = readings()
    conditions = told.pop("duty")
    return {"plant": PLANT, "units": [{"unit": "p1", "readings": told, "conditions": conditions}]}


def test_a_prediction_is_served_and_rated_through_the_proxy(stack: Stack, token: str):
    status, answer = stack.asks(f"{stack.proxy}/api/v1/rul/predict", question(), **bearer(token))

    assert status == 200, answer
    prediction = json.loads(answer)["predictions"][0]
    assert prediction["interval"]["low"] <= prediction["rul"] <= prediction["interval"]["high"]
    rated = {"prediction_id": prediction["id"], "rating": "positive", "person": "badge 1"}
    status, answer = stack.asks(
        f"{stack.proxy}/api/v1/rul/feedback", rated, Idempotency_Key="one", **bearer(token)
    )
    assert status in (200, 201), answer
    stack.types("code", "rul-entrypoint", "rul", "audit", "verify")


def test_the_proxy_keeps_what_is_not_for_everybody(stack: Stack, token: str):
    assert stack.asks(f"{stack.proxy}/api/v1/rul/plants")[0] == 401
    assert stack.asks(f"{stack.proxy}/metrics", **bearer(token))[0] == 404
    assert stack.asks(f"{stack.proxy}/dagster/server_info")[0] == 401
    assert stack.asks(f"{stack.proxy}/dagster/server_info", **engineer(stack))[0] == 200
    assert b"Sign in" in stack.asks(f"{stack.proxy}/sign-in")[1]


def launched(stack: Stack, url: str, **headers: str) -> dict[str, Any]:
    """What comes of asking Dagster's pages to read the pumps again."""
    status, answer = stack.asks(f"{url}/graphql", {"query": LAUNCH}, **headers)
    assert status == 200, answer
    return json.loads(answer)


@pytest.mark.usefixtures("token")
def test_a_run_starts_behind_the_proxy_alone_and_bears_a_pseudonym(stack: Stack):
    refused = launched(stack, stack.reading)
    assert "UnauthorizedError" in json.dumps(refused)

    run = launched(stack, f"{stack.proxy}/dagster", **engineer(stack))["data"]["launchRun"]["run"]

    body = {"query": RUN % run["runId"]}
    told = stack.waits(
        lambda: json.loads(stack.asks(f"{stack.reading}/graphql", body)[1])["data"]["run"],
        lambda told: told["status"] in ("SUCCESS", "FAILURE"),
    )
    assert told["status"] == "SUCCESS", stack.log("code")[-3000:]
    tags = {tag["key"]: tag["value"] for tag in told["tags"]}
    assert tags["rul/launched_by"]
    assert "engineer" not in tags["rul/launched_by"]


@pytest.mark.usefixtures("token")
def test_prometheus_reads_the_service(stack: Stack):
    def targets() -> list[dict[str, Any]]:
        query = "http://127.0.0.1:9090/api/v1/targets"
        return json.loads(stack.types("prometheus", "curl", "-s", query))["data"]["activeTargets"]

    up = stack.waits(targets, lambda found: found and found[0]["health"] == "up")

    assert up[0]["scrapeUrl"] == "http://service:8050/metrics"


@pytest.mark.parametrize("name", ["service", "code", "database", "proxy", "daemon"])
def test_a_process_that_is_killed_is_started_again(stack: Stack, token: str, name: str):
    before = stack.states()[name]
    stack.kill(name)

    after = stack.waits(
        lambda: stack.states()[name],
        lambda now: now["restarts"] > before["restarts"] and now["state"] == "healthy",
    )

    assert after["pid"] != before["pid"]
    status, answer = stack.waits(
        lambda: stack.asks(f"{stack.proxy}/api/v1/rul/predict", question(), **bearer(token)),
        lambda answered: answered[0] == 200,
    )
    assert status == 200, answer


@pytest.mark.parametrize("name", ["service", "code", "webserver", "proxy"])
def test_a_service_can_write_only_where_it_was_given_room(stack: Stack, name: str):
    with pytest.raises(AssertionError, match="Read-only file system"):
        stack.types(name, "sh", "-c", "echo > /etc/evil")
    uid = stack.types(name, "id", "-u").strip()
    assert uid not in ("", "0")
    assert stack.types(name, "grep", "CapEff", "/proc/self/status").split()[1].strip("0") == ""


@pytest.mark.usefixtures("token")
def test_the_key_that_signs_is_with_the_code_server_alone(stack: Stack):
    keys = "find /var/lib/rul-* -name '*.key' -o -name '*.pub.pem'"
    found = {name: stack.types(name, "sh", "-c", keys) for name in ("code", "service", "webserver")}

    assert "/var/lib/rul-signing/keys/signing.key" in found["code"]
    for name in ("service", "webserver"):
        assert "pseudonyms-" in found[name]
        assert ".pub.pem" in found[name]
        assert "signing.key" not in found[name]


def test_no_secret_is_in_a_log_or_in_what_others_can_see(stack: Stack, token: str):
    secrets = [stack.secret(file.name) for file in (stack.folder / "secrets").glob("*password")]
    told = "".join(file.read_text() for file in (stack.folder / "logs").glob("*.log"))
    commands = "".join(
        file.read_text(errors="replace") for file in _command_lines() if file.exists()
    )

    assert len(secrets) == 9
    assert not any(secret in told or secret in commands for secret in (*secrets, token))


def _command_lines() -> list[Path]:
    return list(Path("/proc").glob("[0-9]*/cmdline"))
