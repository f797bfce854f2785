"""Those who rate and tell: in a process that may be killed, or over HTTP.

Belongs here: one rating, one outcome, one question. Does not belong here: what happens to whoever takes
them (the scenarios).
"""

import time
from hashlib import sha256

from rul_platform.drill.ground import ANSWERS, LOST, Ground
from rul_platform.drill.plants import QUESTION_HOURS, question
from rul_platform.drill.promises import OUTCOME, RATING, Promise
from rul_platform.drill.service import API, Service, Told
from rul_platform.operation.intake import FeedbackRow, OutcomeRow
from rul_platform.operation.serving.answer_log import AnswerLog
from rul_platform.operation.serving.feedback_desk import FeedbackDesk, Rating
from rul_platform.operation.serving.outcome_desk import take_outcome

RATED_SECONDS = 90.0
"""SQLite lets a writer wait for another one for a minute (``storage.database``)."""

OUTCOME_HOURS = QUESTION_HOURS + 10.0


def answered(ground: Ground, unit: str) -> str:
    """An answer of the champion, put into the log by hand; gives its id."""
    champion = ground.home.registry.champion(ground.plant)
    if champion is None:
        champion = ground.home.registry.versions(ground.plant)[-1]  # told as a breach already
    return ground.home.predictions.record(
        plant=ground.plant,
        unit=unit,
        number=champion.number,
        sha256=champion.sha256,
        life=float(QUESTION_HOURS),
        rul=30.0,
        rul_low=20.0,
        rul_high=40.0,
        now=ground.home.now(),
    )


def rate(ground: Ground, prediction: str, person: str) -> Promise:
    """Through the desk of a service, in this process; whoever asks again gets the same answer."""
    log = AnswerLog(ground.home)
    desk = FeedbackDesk(ground.home, log)
    row = FeedbackRow(prediction, "negative", person=person, reason="too_late")
    key, body = _digest(f"key of {person}"), _digest(prediction)
    (taken,) = desk.take([Rating(row, key, body)])
    if isinstance(taken, Exception):
        raise taken
    return Promise(RATING, person, taken.id)


def tell_outcome(ground: Ground, unit: str) -> Promise:
    """Likewise."""
    key, body = _digest(f"outcome of {unit}"), _digest(unit)
    row = OutcomeRow(unit, "failed", OUTCOME_HOURS)
    log = AnswerLog(ground.home)
    taken = take_outcome(ground.home, ground.plant, row, key=key, body=body, log=log)
    return Promise(OUTCOME, unit, taken.id)


def ask(service: Service, ground: Ground, unit: str = "press-1", *, seconds: float = 30.0) -> Told:
    """A question over HTTP."""
    asked = question(ground.plant, unit)
    return service.asks("POST", f"{API}/predict", ground.token, asked, seconds=seconds)


def rate_over_http(
    service: Service,
    ground: Ground,
    prediction: str,
    person: str,
    *,
    seconds: float = RATED_SECONDS,
) -> Told:
    """A rating; what is acknowledged is promised. May be called by several threads at once."""
    body = {"prediction_id": prediction, "rating": "negative", "person": person}
    told = service.asks(
        "POST", f"{API}/feedback", ground.token, body, key=f"key-{person}", seconds=seconds
    )
    if told.status == 200:
        ground.take(Promise(RATING, f"key-{person}", str(told.body["id"])))
    return told


def until_rated(service: Service, ground: Ground, prediction: str, person: str) -> None:
    """As a client that sends again what was not answered: the fault is over, so it comes through."""
    told = Told(0)
    for _ in range(8):
        told = rate_over_http(service, ground, prediction, person)
        if told.status == 200:
            return
        if told.status not in (0, 503):
            break
    ground.breach(ANSWERS if told.status in (0, 503) else LOST, f"a rating got {told.status}")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def until_tried(service: Service, ground: Ground, number: int, *, seconds: float = 30.0) -> bool:
    """Wait until the service has tried to load a version that cannot be loaded; whether it says so."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        status = service.asks("GET", f"{API}/plants", ground.token)
        for each in status.body.get("plants", ()):
            is_it = each["plant"] == ground.plant and each["wanted_version"] == number
            if is_it and each["problem"] is not None:
                return True
        time.sleep(0.1)
    return False
