"""Bodies that are broken, huge or ambiguous: a documented answer, and the next caller is served."""

import json
import logging
import math
from copy import deepcopy
from typing import Any

import pytest

from rul_platform_tests.service.hostile import bomb, deep
from rul_platform_tests.service.running import Running, question

PREDICT = "/api/v1/rul/predict"
MARK = "Zyxwv-4711"
"""Stands in every body: the log must not know it."""

ASKED = question(MARK, hours=3)
LINE = json.dumps(ASKED).encode()
WAY = {"Content_Type": "application/json"}

NUMBERS = (
    *(
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "1e16",
        "-1e16",
        "1" + "0" * 400,
        "9" * 5000,
    ),
    *(
        "true",
        "false",
        "null",
        '"1"',
        '"NaN"',
        '""',
        "[1]",
        "{}",
        "0x1",
        "1_000",
        "01",
        "1.",
        ".5",
        "+1",
    ),
    *(
        "1e",
        "--1",
        "1,2",
        "1;",
        "1/2",
        "\u0661",
        "\uff11",
        '"\\ud800"',
        "nan",
        "None",
        "undefined",
        "1f",
    ),
)
"""None of them is a number that a reading may be."""

GOOD_NUMBERS = ("0", "-0", "-0.0", "1E2", "1e-400", "5e-324", "0.1e1", "123456789012345", "-1e15")


def with_number(text: str) -> bytes:
    """The first value of a column as it stands in JSON."""
    body = deepcopy(ASKED)
    body["units"][0]["readings"]["Heat"][0] = "<here>"
    return json.dumps(body).replace('"<here>"', text).encode()


def changed(**to: Any) -> bytes:
    """With other fields at the top."""
    return json.dumps(ASKED | to).encode()


def unit(**to: Any) -> bytes:
    """With other fields of the machine."""
    return changed(units=[ASKED["units"][0] | to])


def readings(**to: Any) -> bytes:
    """With other columns."""
    return unit(readings=ASKED["units"][0]["readings"] | to)


def units(count: int) -> bytes:
    """Many machines."""
    one = {"hours": [1.0], "Vibration": [0.1], "Heat": [60.0]}
    return changed(units=[{"unit": f"m{n}", "readings": one} for n in range(count)])


REFUSED: dict[str, bytes] = {
    "nothing": b"",
    "a space": b" ",
    "null": b"null",
    "a list": b"[]",
    "an object without anything": b"{}",
    "a text": b'"press"',
    "a number": b"1",
    "not closed": LINE[:-1],
    "closed twice": LINE + b"}",
    "two bodies": LINE + LINE,
    "words behind it": LINE + b" and more",
    "NUL behind it": LINE + b"\x00",
    "a byte order mark": b"\xef\xbb\xbf" + LINE,
    "UTF-16": LINE.decode().encode("utf-16"),
    "UTF-16 without a mark": LINE.decode().encode("utf-16-le"),
    "UTF-32": LINE.decode().encode("utf-32"),
    "Latin-1": LINE.replace(MARK.encode(), b"\xe9"),
    "a surrogate's bytes": LINE.replace(MARK.encode(), b"\xed\xa0\x80"),
    "overlong UTF-8": LINE.replace(MARK.encode(), b"\xc0\xaf"),
    "a lone surrogate": LINE.replace(MARK.encode(), b"\\ud800"),
    "surrogates turned round": LINE.replace(MARK.encode(), b"\\udc00\\ud800"),
    "a surrogate in a column": readings(x=[1.0]).replace(b'"x"', b'"\\ud800"'),
    "NUL in a name": unit(unit="m\x001"),
    "an escape in a name": unit(unit="m\x1b[2J"),
    "a line end in a name": unit(unit="m\n1"),
    "a raw control character": LINE.replace(MARK.encode(), b"m\x011"),
    "C1 in a name": unit(unit="m\x851"),
    "a name of 201": unit(unit="m" * 201),
    "a name of nothing": unit(unit=""),
    "a name of spaces": unit(unit="   "),
    "a number for a name": unit(unit=1),
    "true for a name": unit(unit=True),
    "null for a name": unit(unit=None),
    "deep lists": deep(100_000),
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep in a field": b'{"plant":"press","units":' + deep(50_000) + b"}",
    "a comment": LINE + b"// x",
    "single quotes": LINE.replace(b'"', b"'"),
    "a comma too many": LINE[:-1] + b",}",
    "names without quotes": LINE.replace(b'"plant"', b"plant"),
    "YAML": b"plant: press\nunits: []\n",
    "XML": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "a pickle": b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
    "a field that nobody knows": changed(verbose=True),
    "__proto__": changed(__proto__={"admin": True}),
    "a unit's field that nobody knows": unit(serial="x"),
    "no plant": json.dumps({"units": ASKED["units"]}).encode(),
    "no units": json.dumps({"plant": "press"}).encode(),
    "units that are none": changed(units=[]),
    "units as an object": changed(units={}),
    "units of null": changed(units=[None]),
    "a unit twice": changed(units=ASKED["units"] * 2),
    "a unit twice, but for spaces": changed(
        units=[ASKED["units"][0] | {"unit": each} for each in ("m1", " m1 ")]
    ),
    "513 units": units(513),
    "readings that are none": unit(readings={}),
    "readings as a list": unit(readings=[]),
    "columns without rows": unit(readings={"hours": [], "Vibration": [], "Heat": []}),
    "a column without rows": readings(Heat=[]),
    "a column too short": readings(Heat=[1.0]),
    "a column too long": readings(Heat=[1.0] * 4),
    "a column too few": unit(readings={"hours": [1.0], "Heat": [1.0]}),
    "a column that nobody knows": readings(Pressure=[1.0] * 3),
    "a column in other letters": readings(heat=[1.0] * 3),
    "501 columns": readings(**{f"c{n}": [1.0] * 3 for n in range(498)}),
    "20 001 readings": unit(readings=dict.fromkeys(("hours", "Vibration", "Heat"), [1.0] * 20_001)),
    "one life twice": readings(hours=[1.0, 1.0, 2.0]),
    "all lives alike": readings(hours=[0.0, -0.0, 0.0]),
    "a life below 0": readings(hours=[-1.0, 1.0, 2.0]),
    "conditions that the plant has not": unit(conditions=["a"] * 3),
    "conditions that are none": unit(conditions=[]),
    "true for a condition": unit(conditions=[True] * 3),
    "half a condition": unit(conditions=[0.5] * 3),
    "a huge condition": unit(conditions=["<c>"] * 3).replace(b'"<c>"', b"9" * 6000),
    "a level of 1": changed(level=1.0),
    "a level of 0": changed(level=0),
    "a level just too high": changed(level=0.9900001),
    "a level as a text": changed(level="0.9"),
    "true for a level": changed(level=True),
    "a level that is none": changed(level="<x>").replace(b'"<x>"', b"NaN"),
    **{f"{text[:12]} for a number": with_number(text) for text in NUMBERS},
}


@pytest.fixture(autouse=True)
def _told_nothing(caplog: pytest.LogCaptureFixture, running: Running):
    """Whatever a test sends: its content is not logged, and the next caller is served."""
    caplog.set_level(logging.DEBUG)
    yield
    assert running.asks("POST", PREDICT, ASKED).status == 200
    said = "\n".join(str(vars(each)) + each.getMessage() for each in caplog.records)
    assert MARK not in said
    assert "Traceback" not in said
    assert running.tokens["all"] not in said


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_a_wrong_body_is_refused(running: Running, body: bytes):
    told = running.asks("POST", PREDICT, body)
    assert told.status == 422, told.data[:500]
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json()["request_id"] == told.headers["x-request-id"]
    assert told.json()["detail"]
    assert len(told.data) < 20_000


def test_there_are_enough_of_them():
    assert len(REFUSED) >= 60


@pytest.mark.parametrize("text", GOOD_NUMBERS)
def test_any_number_may_be_one(running: Running, text: str):
    told = running.asks("POST", PREDICT, with_number(text))
    assert told.status == 200
    assert math.isfinite(told.json()["predictions"][0]["rul"])


@pytest.mark.parametrize(
    "hours", [[3.0, 2.0, 1.0], [0.0, 5e-324, 1e-300], [0.0, 1e15, 1.0], [1e-9, 1e14, 1e15]]
)
def test_lives_in_any_order_and_at_any_distance_are_answered(running: Running, hours: list[float]):
    """No step between them is laid out: a step without readings costs nothing."""
    assert running.asks("POST", PREDICT, readings(hours=hours)).status == 200


def test_of_a_name_that_comes_twice_the_last_one_counts(running: Running):
    """As in every reader of JSON that is in wide use."""
    told = running.asks("POST", PREDICT, LINE.replace(b'{"plant"', b'{"plant": "mill", "plant"', 1))
    assert told.status == 200
    assert told.json()["predictions"][0]["plant"] == "press"


@pytest.mark.parametrize(
    ("path", "size"),
    [(PREDICT, 10_000_000), ("/api/v1/rul/feedback", 100_000), ("/api/v1/rul/outcome", 100_000)],
)
def test_a_body_that_is_too_large(running: Running, path: str, size: int):
    told = running.asks("POST", path, b" " * size)
    assert told.status == 413
    running.wire.close()


OTHER_TYPES = (
    *("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
    *("application/jsonx", "application/json5", "text/json", "application/problem+json", "json"),
    *("application/xml", "*/*", "a/b, application/json", "application/json, a/b"),
)


@pytest.mark.parametrize("kind", OTHER_TYPES)
def test_another_content_type(running: Running, kind: str):
    told = running.asks("POST", PREDICT, LINE, Content_Type=kind)
    assert told.status == 415
    assert "application/json" in told.json()["detail"]


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "APPLICATION/JSON", " application/json ;x=y"]
)
def test_json_by_its_other_names(running: Running, kind: str):
    assert running.asks("POST", PREDICT, LINE, Content_Type=kind).status == 200


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "identity, gzip", "x-gzip"])
def test_a_packed_body_is_not_unpacked(running: Running, coding: str):
    told = running.asks("POST", PREDICT, bomb(), Content_Encoding=coding)
    assert told.status == 415
    assert "Content-Encoding" in told.json()["detail"]


FEEDBACK = {"prediction_id": "0" * 32, "rating": "positive"}
WRONG_FEEDBACK = (
    *({"rating": each} for each in ("great", 1, True, None, ["positive"])),
    *({"prediction_id": each} for each in (0, "0" * 31, "0" * 33, "G" * 32)),
    *({"person": each} for each in ("", 7, "a\x00b", "p" * 201)),
    *({"created_at": each} for each in ("now", 0, "2024-01-01", "2024-01-01T00:00:00")),
    *({"created_at": each} for each in ("2024-13-01T00:00:00Z", "99999-01-01T00:00:00Z")),
    {"reason": "because"},
    {"extra": 1},
)


@pytest.mark.parametrize("wrong", WRONG_FEEDBACK, ids=repr)
def test_a_wrong_rating(running: Running, wrong: dict[str, Any]):
    assert running.asks("POST", "/api/v1/rul/feedback", FEEDBACK | wrong).status == 422


MOMENTS = (
    *(
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "9999-12-31T23:59:59Z",
    ),
    *("1969-12-31T23:59:59Z", "2024-01-01T00:00:00+23:59", "2400-02-29T00:00:00-23:59"),
)


@pytest.mark.parametrize("moment", MOMENTS)
def test_moments_at_the_ends_of_time(running: Running, moment: str):
    """Some of them cannot even be turned into UTC."""
    (asked,) = running.asks("POST", PREDICT, ASKED).json()["predictions"]
    rating = FEEDBACK | {"prediction_id": asked["id"], "created_at": moment}
    assert running.asks("POST", "/api/v1/rul/feedback", rating).status == 422
    outcome = {
        "plant": "press",
        "unit": MARK,
        "kind": "running",
        "life": 3.0,
        "observed_at": moment,
    }
    told = running.asks("POST", "/api/v1/rul/outcome", outcome)
    assert told.status == (200 if moment.startswith("2024") else 422)


WRONG_OUTCOMES = (
    *({"life": each} for each in (-1, "3", True, 1e300, None)),
    *({"kind": each} for each in ("exploded", 1)),
    *({"unit": each} for each in ("nobody", "", "m\x00")),
    *({"plant": each} for each in ("../press", "PRESS", "", 1)),
    {"x": 1},
)


@pytest.mark.parametrize("wrong", WRONG_OUTCOMES, ids=repr)
def test_a_wrong_outcome(running: Running, wrong: dict[str, Any]):
    body = {"plant": "press", "unit": MARK, "kind": "running", "life": 3.0} | wrong
    assert running.asks("POST", "/api/v1/rul/outcome", body).status == 422
