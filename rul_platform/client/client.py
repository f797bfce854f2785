"""A client of the service.

    with Client("https://rul.example", token) as rul:
        for each in rul.predict("pumps", {"p7": {"hours": [1, 2], "Heat": [61.2, 61.9]}}):
            print(each.unit, each.rul, each.interval.low, each.interval.high)

Belongs here: a method for each route under ``/api/v1/rul``. Does not belong here: shapes of answers
(``answers``), when to try again (``retrying``).
"""

import secrets
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from time import sleep
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import requests

from rul_platform.client import answers, table
from rul_platform.client.answers import (
    Loaded,
    LoggedPrediction,
    Plant,
    Prediction,
    Taken,
    TransferLearning,
    Version,
)
from rul_platform.client.problem import PROBLEM_TYPE, ProblemError, UnansweredError
from rul_platform.client.retrying import AGAIN, Patience
from rul_platform.client.table import Units

if TYPE_CHECKING:
    import pandas as pd

API = "/api/v1/rul"
CONNECT_SECONDS = 5.0
KEY_BYTES = 16

_LOST = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
"""The connection broke, before or in the middle of an answer."""


class Client:
    """Asks one service with one token. Not for several threads at once: give each its own.

    Every method raises :class:`ProblemError` where the service refuses, and :class:`UnansweredError`
    where nobody answers. A rating or an outcome whose answer got lost is sent again under the same key,
    so that it is stored once; a question is asked again, and logged again, which harms nothing.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout_seconds: float = 30.0,
        patience: Patience | None = None,
        verify: bool | str = True,
        wait: Callable[[float], None] = sleep,
    ) -> None:
        """Connect to nobody yet.

        Args:
            url: Of the service, as ``https://rul.example``.
            token: From `rul token create`.
            timeout_seconds: How long an answer may keep one waiting.
            patience: How often and how fast to try again.
            verify: A PEM file with the authority of the service's certificate, if it is one of your own.
            wait: Waits so many seconds.
        """
        self._url, self._timeout = url.rstrip("/"), (CONNECT_SECONDS, timeout_seconds)
        self._patience, self._wait = patience or Patience(), wait
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._session.headers["Accept"] = f"application/json, {PROBLEM_TYPE}"
        self._session.auth = _keep  # else a .netrc would take the token's place
        self._verify = verify

    def predict(
        self,
        plant: str,
        units: "Units | pd.DataFrame",
        *,
        unit: str | None = None,
        condition: str | None = None,
        level: float | None = None,
    ) -> tuple[Prediction, ...]:
        """Remaining useful life of each machine, in the order of the machines.

        Args:
            plant: Which plant.
            units: Machine to its readings: column, named as in the plant's own source, to values. Or a
                table with those columns.
            unit: Of a table: the column that says which machine a row is of.
            condition: The column of operating conditions, for plants that have several.
            level: Coverage of the intervals, from 0.5 to 0.99; None for the model's own.
        """
        body: dict[str, Any] = {"plant": plant, "units": table.bodies(units, unit, condition)}
        told = self._send("POST", "/predict", body | _given(level=level))
        return tuple(map(answers.prediction, told["predictions"]))

    def feedback(
        self,
        prediction_id: str,
        rating: str,
        *,
        reason: str | None = None,
        person: str | None = None,
        created_at: datetime | None = None,
        key: str | None = None,
    ) -> Taken:
        """Rate an answer: ``positive`` or ``negative``.

        Args:
            prediction_id: ``Prediction.id``.
            rating: What is thought of it.
            reason: A code, as ``too_late``.
            person: Who thinks so, by any id; the service keeps a keyed pseudonym. None: the token.
            created_at: When, with its zone; None for now.
            key: Under which it is stored once; None for a new one. Give your own, and keep it, where
                your program itself may end before the answer comes.
        """
        body = {"prediction_id": prediction_id, "rating": rating}
        body |= _given(reason=reason, person=person, created_at=_text(created_at))
        return answers.of(Taken, self._send("POST", "/feedback", body, key=key or _key()))

    def outcome(
        self,
        plant: str,
        unit: str,
        kind: str,
        life: float,
        *,
        observed_at: datetime | None = None,
        key: str | None = None,
    ) -> Taken:
        """Tell what became of a machine: ``failed``, ``replaced``, ``repaired`` or ``running``.

        Args:
            plant: Which plant.
            unit: Which machine.
            kind: What became of it.
            life: How long it had run.
            observed_at: When, with its zone; None for now.
            key: As of :meth:`feedback`.
        """
        body: dict[str, Any] = {"plant": plant, "unit": unit, "kind": kind, "life": float(life)}
        body |= _given(observed_at=_text(observed_at))
        told = self._send("POST", "/outcome", body, key=key or _key())
        return answers.of(Taken, told, plant=plant)

    def prediction(self, prediction_id: str) -> LoggedPrediction:
        """A prediction as it was logged."""
        return answers.logged(self._send("GET", f"/predictions/{_part(prediction_id)}"))

    def plants(self) -> tuple[Plant, ...]:
        """All plants, and what answers for them."""
        return tuple(answers.of(Plant, each) for each in self._send("GET", "/plants")["plants"])

    def models(self) -> tuple[Version, ...]:
        """All versions of all plants."""
        return tuple(map(answers.version, self._send("GET", "/models")["models"]))

    def model(self, version: str) -> Version:
        """One version, by PLANT:NUMBER or by its sha256, with its times in charge."""
        return answers.version(self._send("GET", f"/models/{_part(version)}"))

    def load(self, model_name: str, model_path: str) -> Loaded:
        """Let the next fine-tuning of an architecture start from a registered checkpoint.

        Asked again where the answer got lost: the same one is selected once more, which changes nothing.

        Args:
            model_name: The architecture, as ``lstm``.
            model_path: The name that it was registered by, its sha256, or ``pretrained``; no file is
                opened by it.
        """
        body = {"model_name": model_name, "model_path": model_path}
        return answers.of(Loaded, self._send("POST", "/transfer-learning/load", body))

    def transfer_learning(self) -> TransferLearning:
        """What the next fine-tuning of each architecture starts from."""
        return answers.transfer_learning(self._send("GET", "/transfer-learning/info"))

    def status(self) -> dict[str, Any]:
        """What the service tells of itself, as plain values."""
        return self._send("GET", "/status")

    def close(self) -> None:
        """Let connections go."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
    ) -> dict[str, Any]:
        """One request, as often as patience allows."""
        url, headers = self._url + API + path, {} if key is None else {"Idempotency-Key": key}
        attempt = 1
        while True:
            try:
                answer = self._session.request(
                    method,
                    url,
                    json=body,
                    headers=headers,
                    timeout=self._timeout,
                    allow_redirects=False,
                    verify=self._verify,  # of the session, REQUESTS_CA_BUNDLE would take its place
                )
            except _LOST as error:
                if _is_distrust(error) or attempt >= self._patience.attempts:
                    reason = type(error).__name__
                    raise UnansweredError(url, attempt, reason) from error
                asked = None
            else:
                if answer.status_code not in AGAIN or attempt >= self._patience.attempts:
                    return _told(answer)
                asked = answer.headers.get("Retry-After")
            self._wait(self._patience.pause(attempt, asked))
            attempt += 1


def _is_distrust(error: BaseException) -> bool:
    """Whether a certificate is not trusted, which stays so; a handshake may also break off."""
    inside = (*error.args, getattr(error, "reason", None))
    causes = [each for each in inside if isinstance(each, BaseException)]
    return isinstance(error, ssl.SSLCertVerificationError) or any(map(_is_distrust, causes))


def _told(answer: requests.Response) -> dict[str, Any]:
    """What was answered.

    Raises:
        ProblemError: It is no answer of the service, or a refusal.
    """
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    try:
        told = answer.json() if kind in ("application/json", PROBLEM_TYPE) else None
    except ValueError:
        told = None
    if not isinstance(told, dict):
        detail = f"The answer is {kind or 'of no type'}; is {answer.url} the service?"
        raise ProblemError(answer.status_code, code="no_answer_of_the_service", detail=detail)
    if not answer.ok:
        raise ProblemError.of(answer.status_code, told)
    return told


def _keep(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _given(**values: object) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _key() -> str:
    return secrets.token_hex(KEY_BYTES)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _part(text: str) -> str:
    """One part of a path, whatever is in it."""
    return quote(text, safe=":")
