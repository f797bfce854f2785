"""Names that look like paths, commands or markup: none of them opens anything, none breaks anything."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from rul_platform_tests.operation.served import PRESS
from rul_platform_tests.service.hostile import STRINGS
from rul_platform_tests.service.running import Running, Told, question

API = "/api/v1/rul"
ASKED = question("m1", hours=3)
SENDABLE = set(map(chr, range(0x21, 0x7F))) - {"#"}
"""What may stand in a request's line as it is."""

OPENED: list[str] | None = None
LIBRARIES = tuple(Path(each).resolve() for each in (sys.prefix, sys.base_prefix, sys.exec_prefix))


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if OPENED is not None and event in ("open", "os.listdir", "os.scandir", "sqlite3.connect"):
        OPENED.append(str(arguments[0]))


@pytest.fixture(scope="module", autouse=True)
def _audited() -> None:
    """Python calls it for all that is opened, from now to the end of the process."""
    sys.addaudithook(_hook)


@contextmanager
def opens_only(folder: Path) -> Iterator[None]:
    """What the block opens lies in the home folder, or belongs to Python."""
    global OPENED
    OPENED = found = []
    try:
        yield
    finally:
        OPENED = None
    allowed = (folder.resolve(), Path(__file__).resolve().parents[2] / "rul_platform", *LIBRARIES)
    named = {each for each in found if not each.isdecimal()}  # a number is a file that is open
    assert [each for each in named if not _is_in(allowed, each)] == []


def _is_in(allowed: tuple[Path, ...], opened: str) -> bool:
    path = Path(opened)
    return any(path.is_relative_to(each) or path.resolve().is_relative_to(each) for each in allowed)


@pytest.fixture(scope="module")
def prediction(running: Running) -> str:
    return running.asks("POST", f"{API}/predict", question("m1")).json()["predictions"][0]["id"]


def test_there_are_enough_of_them():
    assert len(STRINGS) >= 200


@pytest.mark.parametrize("route", ["models", "predictions"])
def test_in_a_path(running: Running, route: str):
    with opens_only(running.home.folder):
        for text in STRINGS:
            ways = {quote(text, safe="")}
            if not set(text) - SENDABLE:
                ways.add(text)
            for way in ways:
                assert_told(running.asks("GET", f"{API}/{route}/{way}"), {404}, text)


@pytest.mark.parametrize(
    ("place", "allowed"),
    [("plant", {409, 422}), ("unit", {200, 422}), ("column", {422}), ("condition", {422})],
)
def test_in_a_question(running: Running, place: str, allowed: set[int]):
    with opens_only(running.home.folder):
        for text in STRINGS:
            body = deepcopy(ASKED)
            (unit,) = body["units"]
            if place == "plant":
                body["plant"] = text
            elif place == "unit":
                unit["unit"] = text
            elif place == "column":
                unit["readings"][text] = [1.0, 2.0, 3.0]
            else:
                unit["conditions"] = [text] * 3
            assert_told(running.asks("POST", f"{API}/predict", body), allowed, text)
        assert running.parts.log.flush(30)


@pytest.mark.parametrize(
    ("place", "allowed"),
    [
        ("prediction_id", {404, 422}),
        ("person", {200, 422}),
        ("rating", {422}),
        ("reason", {422}),
        ("created_at", {422}),
    ],
)
def test_in_a_rating(running: Running, prediction: str, place: str, allowed: set[int]):
    with opens_only(running.home.folder):
        for text in STRINGS:
            body = {"prediction_id": prediction, "rating": "positive", place: text}
            assert_told(running.asks("POST", f"{API}/feedback", body), allowed, text)


@pytest.mark.parametrize(
    ("place", "allowed"), [("plant", {404, 422}), ("unit", {422}), ("kind", {422})]
)
def test_in_an_outcome(running: Running, prediction: str, place: str, allowed: set[int]):
    assert prediction
    known = {each.unit for each in running.home.predictions.answered(PRESS)}
    with opens_only(running.home.folder):
        for text in STRINGS:
            told = {"plant": PRESS, "unit": "m1", "kind": "running", "life": 40.0, place: text}
            if place == "unit" and text.strip() in known:
                continue  # an earlier test asked about it: its outcome would be taken
            assert_told(running.asks("POST", f"{API}/outcome", told), allowed, text)


def test_as_a_key(running: Running, prediction: str):
    body = {"prediction_id": prediction, "rating": "positive"}
    with opens_only(running.home.folder):
        for text in STRINGS:
            if set(text) & {"\r", "\n"} or max(map(ord, text), default=0) > 255:
                continue  # no header can hold it
            told = running.asks("POST", f"{API}/feedback", body, Idempotency_Key=text)
            if told.headers.get("connection") == "close":
                assert told.status == 400  # a control character: no HTTP
            else:
                assert_told(told, {200, 422}, text)


def assert_told(told: Told, allowed: set[int], sent: str) -> None:
    """One of these, small, in the documented form."""
    assert told.status in allowed, (sent[:200], told.data[:500])
    assert len(told.data) < 4_000
    if told.status >= 400:
        assert told.headers["content-type"] == "application/problem+json"
        problem = told.json()
        assert problem["status"] == told.status
        assert problem["request_id"] == told.headers["x-request-id"]
