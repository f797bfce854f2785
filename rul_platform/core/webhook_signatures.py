"""Signatures over what is sent to a webhook, as Standard Webhooks 1.0.0 describes them.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

Whoever receives has many libraries for it, our own client's among them (``client.webhooks``), which
shares no code with this: each checks the other in the tests.

Belongs here: the three headers of a delivery. Does not belong here: sending (``operation.channels``).
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

ID_DIGITS = 32


def delivery_id(key: str, created_at: datetime) -> str:
    """The same for each attempt to deliver the same alert, on whatever machine.

    The moment is in it since two installations may send to one address: both have a first retrain.
    """
    digest = hashlib.sha256(f"{key}\n{created_at.isoformat()}".encode()).hexdigest()
    return f"msg_{digest[:ID_DIGITS]}"


def headers(body: bytes, *, id_: str, at: datetime, keys: Sequence[bytes]) -> dict[str, str]:
    """What goes in front of a body: its id, when it was tried and, where there is a key, signatures.

    Args:
        body: Exactly as it is sent.
        id_: From :func:`delivery_id`.
        at: When this attempt is made.
        keys: Each signs, so that a receiver who knows one of them is content.
    """
    seconds = int(at.timestamp())
    found = {"webhook-id": id_, "webhook-timestamp": str(seconds)}
    if keys:
        found["webhook-signature"] = " ".join(
            f"v1,{signature(body, id_=id_, seconds=seconds, key=key)}" for key in keys
        )
    return found


def signature(body: bytes, *, id_: str, seconds: int, key: bytes) -> str:
    """HMAC-SHA256 over ``id.timestamp.body``, in base64.

    >>> key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    >>> id_, seconds = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
    >>> signature(b'{"test": 2432232314}', id_=id_, seconds=seconds, key=key)
    'g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = f"{id_}.{seconds}.".encode() + body
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
