"""Browsers that signed in with a token: a cookie that proves it, and a proof for forms.

The cookie holds the token's id and an end, signed with a key that lies beside the other keys of the home
folder; the secret itself is not in it. A form carries a proof that only a page of ours could have.

Belongs here: both proofs. Does not belong here: whether the token still holds (``access``).
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from pathlib import Path

from rul_platform.storage import key_files
from rul_platform.storage.service_tables import TOKEN_ID_DIGITS

COOKIE = "rul_session"
LASTS = timedelta(hours=12)
KEY_FILE = "sessions.key"
KEY_BYTES = 32


class Sessions:
    """Makes and checks cookies."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of(cls, folder: Path) -> "Sessions":
        """With the key of a folder, which is made at first.

        Raises:
            KeyFileError: Others may read or replace it.
        """
        path = folder / KEY_FILE
        if not path.exists():
            key_files.create(path, secrets.token_bytes(KEY_BYTES))
        return cls(key_files.read(path))

    def issue(self, token_id: str, now: datetime) -> str:
        """The cookie of somebody who signs in now."""
        told = f"{token_id}.{int((now + LASTS).timestamp())}.{secrets.token_hex(8)}"
        return f"{told}.{self._sign('session', told)}"

    def token_id(self, cookie: str, now: datetime) -> str | None:
        """Whose cookie it is; None where it is none of ours, or its time is over."""
        told, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign("session", told).encode()):
            return None
        token_id, until, _ = told.split(".")
        is_whole = len(token_id) == TOKEN_ID_DIGITS and now.timestamp() < int(until)
        return token_id if is_whole else None

    def form_proof(self, cookie: str) -> str:
        """What a form of this session must carry."""
        return self._sign("form", cookie)

    def is_form_proof(self, cookie: str, proof: str) -> bool:
        """Whether a form came from a page of this session."""
        return hmac.compare_digest(
            self.form_proof(cookie).encode(), proof.encode("utf-8", "replace")
        )

    def _sign(self, purpose: str, told: str) -> str:
        message = f"{purpose}\n{told}".encode("utf-8", "replace")
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()
