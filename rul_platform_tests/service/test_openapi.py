"""The OpenAPI document tells the truth: whatever is sent, the answer is one that it documents."""

import os
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform.storage.predictions import LoggedPrediction
from rul_platform_tests.service.running import (
    Running,
    imported_checkpoint,
    serving,
    signed_champion,
)

CASES = int(os.environ.get("RUL_TEST_CASES", "25"))  # noqa: TID251  the test run's own door
"""For each operation and phase; a release is tried with 200."""

DOCUMENT = "/api/v1/rul/openapi.json"
PLANT = "pumps"  # of the examples
CHECKS = {
    # a body of the right form may still be about columns that the plant has not
    "positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409", "422"]},
    "negative_data_rejection": {"expected-statuses": ["400", "401", "404", "415", "422"]},
}


@pytest.fixture(scope="module")
def pumps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The plant and the prediction that the examples are about."""
    home = Home(Settings.read({"RUL_HOME": str(tmp_path_factory.mktemp("pumps"))}))
    version = signed_champion(home, name=PLANT)
    imported_checkpoint(home, "lstm", "models/pretrained/lstm_cmapss.pt")
    with serving(home) as running:
        example = bodies_of(document(running))["FeedbackBody"]["prediction_id"]
        home.predictions.record_all([logged(version.number, version.sha256, example)])
        yield running
    home.engine.dispose()


def logged(number: int, sha256: str, name: str, **more: Any) -> LoggedPrediction:
    from datetime import UTC, datetime

    told = {"plant": PLANT, "unit": "pump-17", "life": 1.0, "rul": 2.0, "rul_low": 1.0}
    told |= {"rul_high": 3.0, "role": "champion", "beside": None, "raw_rul": None}
    told |= {"inference_ms": None, "readings_sha256": None, "is_strange": False}
    told |= {"created_at": datetime(2024, 3, 1, tzinfo=UTC)} | more
    return LoggedPrediction(id=name, number=number, sha256=sha256, **told)


def document(running: Running) -> dict[str, Any]:
    return httpx2.get(running.url + DOCUMENT).json()


def bodies_of(document: dict[str, Any]) -> dict[str, Any]:
    """The example of each body, by the name of its schema."""
    schemas = document["components"]["schemas"]
    return {name: each["examples"][0] for name, each in schemas.items() if "examples" in each}


def test_every_answer_to_whatever_is_sent_is_documented(pumps: Running):
    """Examples, edges of the schema, random and wrong data, and sequences of requests."""
    config = SchemathesisConfig.from_dict(
        {
            "headers": {"Authorization": f"Bearer {pumps.tokens['all']}"},
            "generation": {"max-examples": CASES, "deterministic": True},
            "seed": 1,
            "checks": CHECKS,
        }
    )
    schema = schemathesis.openapi.from_url(pumps.url + DOCUMENT, config=config)
    said, cases = dict[str, str](), 0
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            cases += len(event.recorder.cases)
            said |= dict(failures(event))
        elif isinstance(event, events.NonFatalError | events.FatalError):
            pytest.fail(repr(event))
    assert not said, "\n\n".join(said.values())
    assert cases >= CASES * len(document(pumps)["paths"])


def failures(event: events.ScenarioFinished) -> Iterator[tuple[str, str]]:
    """What checks found, once each."""
    for checks in event.recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                found = check.failure_info.failure
                sample = check.failure_info.code_sample[:2000]
                yield f"{event.label} {found.title}", f"{event.label}: {found}\n{sample}"


def test_every_example_is_accepted(pumps: Running):
    found = document(pumps)
    told = bodies_of(found)
    assert set(told) == {"PredictBody", "FeedbackBody", "OutcomeBody", "LoadBody"}
    with pumps.client() as client:
        for path, operations in found["paths"].items():
            for method, operation in operations.items():
                body = operation.get("requestBody")
                named = body and body["content"]["application/json"]["schema"]["$ref"]
                example = told[named.rpartition("/")[2]] if named else None
                filled = path.format_map(parameters(operation))
                answer = client.request(method, filled, json=example)
                assert answer.status_code == 200, (filled, answer.text)


def parameters(operation: dict[str, Any]) -> dict[str, str]:
    """Examples of what stands in a path."""
    found = [each for each in operation.get("parameters", []) if each["in"] == "path"]
    return {each["name"]: each["schema"]["examples"][0] for each in found}
