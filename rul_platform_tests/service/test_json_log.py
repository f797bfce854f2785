"""Lines that machines read, with nothing in them that is nobody's business."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from rul_platform.service.json_log import told_of
from rul_platform_tests.operation.served import PRESS
from rul_platform_tests.service.log_lines import Lines, logged
from rul_platform_tests.service.running import Running, question

API = "/api/v1/rul"


@pytest.fixture
def lines() -> Iterator[Lines]:
    with logged(logging.DEBUG) as found:
        yield found


def test_a_request_is_one_line_with_its_fields(running: Running, lines: Lines):
    with running.client("predict") as client:
        answer = client.post(f"{API}/predict", json=question("m1"))
    (line,) = lines.of_requests()
    assert set(line) == {
        "time", "level", "logger", "message", "request_id", "method", "route", "status", "ms", "token",
    }  # fmt: skip
    assert (line["method"], line["route"], line["status"]) == ("POST", f"{API}/predict", 200)
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["token"] == running.tokens["predict"].split("_")[1]
    assert line["time"].endswith("+00:00")
    assert 0 < line["ms"] < 60_000


def test_what_callers_send_is_in_no_line(running: Running, lines: Lines):
    """Tokens, persons, readings, units, keys; in good requests, in refused ones, in paths."""
    with running.client() as client:
        asked = question("unit-of-dave")
        asked["units"][0]["readings"]["Heat"][3] = 61.987654321
        (told,) = client.post(f"{API}/predict", json=asked).json()["predictions"]
        body = {"prediction_id": told["id"], "rating": "negative", "person": "dave"}
        client.post(f"{API}/feedback", json=body, headers={"Idempotency-Key": "key-of-dave"})
        client.post(f"{API}/feedback", json=body | {"reason": "dave said so"})
        client.post(f"{API}/outcome", json={"plant": PRESS, "unit": "dave", "kind": "dave"})
        client.get("/dave?token=" + running.tokens["all"])
        client.get(f"{API}/plants", headers={"Authorization": "Bearer dave"})
    assert len(lines.of_requests()) == 6
    assert "dave" not in lines.text
    assert "61.987654321" not in lines.text
    for token in running.tokens.values():
        assert token not in lines.text
        assert token.split("_", 2)[2] not in lines.text


def test_a_failure_inside_a_request_carries_its_id(
    running: Running, lines: Lines, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: object, **__: object) -> None:
        message = "no such column for dave"
        raise sa.exc.OperationalError("SELECT", {"person": "dave"}, OSError(message))

    monkeypatch.setattr(running.parts.home.registry, "versions", broken)
    with running.client() as client:
        answer = client.get(f"{API}/models")
    assert answer.status_code == 503
    (line,) = [each for each in lines.told() if each["level"] == "error"]
    assert line["request_id"] == answer.json()["request_id"]
    assert line["error"][0]["kind"] == "OperationalError"
    assert any("broken" in place for place in line["error"][0]["at"])


def test_whatever_looks_like_a_token_is_cut_whoever_logs_it(lines: Lines):
    shown = "rul_0123456789ab_" + "x-Y_9" * 9
    try:
        raise ValueError(shown)
    except ValueError:
        logging.getLogger("other").exception("shown: %s", shown, extra={"fields": {"a": shown}})
    logging.getLogger("other").info("Authorization: Bearer abc.DEF-123")
    assert "x-Y_9" not in lines.text
    assert "abc.DEF" not in lines.text
    assert lines.told()[0]["message"] == "shown: rul_0123456789ab_[cut]"


def test_an_error_is_told_by_kind_and_place_with_its_causes():
    try:
        try:
            raise OSError(28, "No space left on device", "/secret/path")
        except OSError as error:
            message = "reading 61.98 of dave"
            raise ValueError(message) from error
    except ValueError as error:
        told = told_of(error)
    assert [(each["kind"], each["said"]) for each in told] == [
        ("ValueError", None),
        ("OSError", "No space left on device"),
    ]
    assert "dave" not in json.dumps(told)


SERVER = """
import logging, sys
from rul_platform.service.server import _log_as_json
_log_as_json(sys.argv[1])
import warnings
logging.getLogger("uvicorn.error").info("Uvicorn running on %s", "http://x")
logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
logging.getLogger("mine").debug("small")
warnings.warn("old")
"""


@pytest.mark.parametrize(("level", "lines"), [("debug", 4), ("info", 3), ("warning", 2)])
def test_uvicorns_lines_have_the_same_form_and_the_level_counts(level: str, lines: int):
    done = subprocess.run(
        [sys.executable, "-c", SERVER, level], capture_output=True, text=True, check=True
    )
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert len(told) == lines
    assert all(set(each) == {"time", "level", "logger", "message"} for each in told)
