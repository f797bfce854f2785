"""A receiver believes what the platform sent, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from rul_platform.client.problem import UnverifiedError
from rul_platform.client.webhooks import verify
from rul_platform.core.webhook_signatures import delivery_id, headers, signature

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105  of the standard's own example
KEY = bytes.fromhex("31f290f6bf06298aab4f08d43c3f082cf648a362da2da4b0")
BODY = b'{"key": "trigger:press:1", "severity": "warning"}'
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
SENT = headers(BODY, id_="msg_1", at=AT, keys=[KEY])


def test_what_is_ours_is_believed_whatever_the_case_of_its_headers():
    sent = {name.title(): value for name, value in SENT.items()} | {"Host": "here"}

    found = verify(BODY, sent, SECRET, now=AT + timedelta(minutes=5))

    assert (found.id, found.attempted_at) == ("msg_1", AT)
    assert found.alert == {"key": "trigger:press:1", "severity": "warning"}


def test_the_example_of_the_standard_s_own_libraries_is_believed():
    """Written down there, so that both of ours cannot be wrong together."""
    sent = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,x v1a,y "
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }

    now = datetime.fromtimestamp(1614265331, UTC)
    assert verify(b'{"test": 2432232314}', sent, SECRET, now=now).alert == {"test": 2432232314}


@pytest.mark.parametrize(
    ("body", "change", "told"),
    [
        (BODY + b" ", {}, "no signature is by a secret"),
        (BODY, {"webhook-id": "msg_2"}, "no signature is by a secret"),
        (BODY, {"webhook-timestamp": "1764244801"}, "no signature is by a secret"),
        (BODY, {"webhook-timestamp": "soon"}, "no number of seconds"),
        (BODY, {"webhook-timestamp": "9" * 5000}, "no number of seconds"),
        (BODY, {"webhook-signature": "v1,"}, "no signature is by a secret"),
        (BODY, {"webhook-signature": "v1,\u00e4"}, "no signature is by a secret"),
        (BODY, {"webhook-signature": ""}, "webhook-signature is missing"),
    ],
)
def test_what_was_changed_is_not(body: bytes, change: dict[str, str], told: str):
    with pytest.raises(UnverifiedError, match=told):
        verify(body, SENT | change, SECRET, now=AT)


def test_a_signature_for_another_version_is_none():
    sent = SENT | {"webhook-signature": SENT["webhook-signature"].replace("v1,", "v2,")}

    with pytest.raises(UnverifiedError, match="no signature"):
        verify(BODY, sent, SECRET, now=AT)


@pytest.mark.parametrize(
    ("away", "told"),
    [
        (timedelta(minutes=5, seconds=1), "0:05:01 old, and 0:05:00 are allowed"),
        (timedelta(minutes=-6), "0:06:00 ahead"),
    ],
)
def test_what_is_old_or_ahead_of_its_time_is_not(away: timedelta, told: str):
    with pytest.raises(UnverifiedError, match=told):
        verify(BODY, SENT, SECRET, now=AT + away)

    assert verify(BODY, SENT, SECRET, now=AT + away, tolerance=timedelta(hours=1)).id == "msg_1"


def test_another_secret_or_none_at_all_is_told():
    with pytest.raises(UnverifiedError, match="known here"):
        verify(BODY, SENT, "whsec_" + "A" * 32, now=AT)
    with pytest.raises(UnverifiedError, match="known here"):
        verify(BODY, SENT, [], now=AT)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        [SECRET, ""],
        "whsec_?",
        "whsec_" + "A" * 4,
        "whsec_" + "A" * 28,  # 21 bytes
        "whsec_" + "A" * 88,  # 66 bytes
        SECRET.removeprefix("whsec_"),
    ],
)
def test_what_is_no_secret_is_a_mistake_of_the_receiver(secret: str | list[str]):
    """With an empty key, anybody could sign."""
    forged = headers(BODY, id_="msg_1", at=AT, keys=[b"", KEY])

    with pytest.raises(ValueError, match="whsec_ and base64 of 24 to 64 bytes"):
        verify(BODY, forged, secret, now=AT)


@pytest.mark.parametrize("body", [b"no JSON", b"\xff", b"[1]", b""])
def test_what_is_signed_and_no_alert_is_not_believed(body: bytes):
    sent = headers(body, id_="msg_1", at=AT, keys=[KEY])

    with pytest.raises(UnverifiedError, match="is no alert"):
        verify(body, sent, SECRET, now=AT)


def test_an_id_says_which_alert_of_which_installation():
    assert delivery_id("a", AT) == delivery_id("a", AT)
    assert (
        len({delivery_id("a", AT), delivery_id("b", AT), delivery_id("a", AT.replace(hour=1))}) == 3
    )
    assert signature(BODY, id_="msg_1", seconds=1, key=KEY) != signature(
        BODY, id_="msg_1", seconds=2, key=KEY
    )
