"""What is lost when the service is killed: of ratings nothing, of answers those of a moment."""

import math
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from rul_platform.operation.serving.answer_log import FLUSH_SECONDS, Given
from rul_platform.operation.serving.feedback_desk import FeedbackDesk, Rating
from rul_platform.operation.serving.given_units import GivenUnit, histories_of
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform.storage.operation_tables import FEEDBACK
from rul_platform.storage.service_tables import SCOPES
from rul_platform_tests.operation.served import PRESS, described
from rul_platform_tests.service.processes import Process, served
from rul_platform_tests.service.running import Running, question, signed_champion, token

API = "/api/v1/rul"
WRITE_SECONDS = 3.0
"""More than the write of a moment's answers takes on a busy machine."""

CALLERS, ENOUGH = 3, 40
ASKED = question("m1", hours=3)


@dataclass(slots=True)
class Load:
    """Callers that ask and rate until nobody answers any more.

    Attributes:
        rated: Prediction that is rated.
        answered: When each prediction came, by its id.
        stored: Id of each rating, by its person.
        begun: Persons whose ratings were sent.
        wanted: So many answers and ratings are enough.
        enough: Set once there are.
    """

    rated: str
    answered: dict[str, float] = field(default_factory=dict)
    stored: dict[str, str] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    wanted: tuple[int, int] = (0, 0)
    enough: threading.Event = field(default_factory=threading.Event)

    def on(self, process: Process, secret: str, then: Callable[[], Any], *, named: str) -> Any:
        """Run it; once there is enough of both, do what is given, and wait for the callers."""
        threads = [
            threading.Thread(target=self._call, args=(process, secret, kind, f"{named}{number}"))
            for kind in (self._ask, self._rate)
            for number in range(CALLERS)
        ]
        self.enough.clear()
        self.wanted = len(self.answered) + ENOUGH, len(self.stored) + ENOUGH
        for each in threads:
            each.start()
        assert self.enough.wait(60)
        result = then()
        for each in threads:
            each.join()
        return result

    def _call(self, process: Process, secret: str, kind: Callable[..., bool], name: str) -> None:
        number = 0
        try:
            with caller(process, secret) as client:
                while kind(client, f"{name}-{number}"):
                    number += 1
                    answers, stored = self.wanted
                    if len(self.answered) >= answers and len(self.stored) >= stored:
                        self.enough.set()
        except httpx2.TransportError:
            return  # it is over

    def _ask(self, client: httpx2.Client, _: str) -> bool:
        answer = client.post(f"{API}/predict", json=ASKED)
        if answer.status_code == 200:
            (told,) = answer.json()["predictions"]
            self.answered[told["id"]] = monotonic()
        return answer.status_code == 200

    def _rate(self, client: httpx2.Client, person: str) -> bool:
        self.begun.append(person)
        answer = rate(client, self.rated, person)
        if answer.status_code == 200:
            self.stored[person] = answer.json()["id"]
        return answer.status_code == 200


def rate(client: httpx2.Client, prediction: str, person: str) -> httpx2.Response:
    body = {"prediction_id": prediction, "rating": "negative", "person": person}
    return client.post(f"{API}/feedback", json=body, headers={"Idempotency-Key": f"key-{person}"})


def caller(process: Process, secret: str) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx2.Client(base_url=f"http://127.0.0.1:{process.port}", headers=headers, timeout=60)


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    url = f"sqlite:///{tmp_path / 'home' / 'rul.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_database")
    home = Home(Settings.read({"RUL_HOME": str(tmp_path / "home"), "RUL_DATABASE_URL": url}))
    signed_champion(home)
    yield home
    home.engine.dispose()


def logged(home: Home) -> set[str]:
    return {each.id for each in home.predictions.answered(PRESS)}


def ratings(home: Home) -> list[str]:
    with home.engine.connect() as connection:
        return list(connection.execute(sa.select(FEEDBACK.c.id)).scalars())


def test_an_answer_that_cannot_be_logged_holds_up_no_other(running: Running):
    """Nor does it take others with it that are written at the same time."""
    log, (told,) = (
        running.parts.log,
        running.parts.predicting.answer(
            PRESS,
            [GivenUnit("m1", ASKED["units"][0]["readings"])],
            level=None,
            now=running.home.now(),
        ),
    )
    assert log.flush(30)
    row = running.home.predictions.get(told.id)
    readings = histories_of([[GivenUnit("m1", ASKED["units"][0]["readings"])]], described())
    wrong = replace(row, id="1" * 32, role="none"), replace(row, id="2" * 32, rul=math.nan)
    for each in (*wrong, replace(row, id="3" * 32)):
        log.add(Given(PRESS, [[each]], readings, row.created_at))
    torn = replace(readings, units=("m1", "m2"))  # whose rows are only the first one's
    log.add(Given(PRESS, [[replace(row, id="4" * 32)]], torn, row.created_at))
    log.add(Given(PRESS, [[replace(row, id="5" * 32)]], readings, row.created_at))
    assert log.flush(30)
    assert {each[0] for each in logged(running.home)} >= {"3", "5"}
    assert not {each * 32 for each in "124"} & logged(running.home)
    assert (log.waiting, log.problem) == (0, None)


def test_a_rating_that_breaks_something_holds_up_no_other(running: Running):
    broken = Rating("no row", None, "0" * 64)  # pyright: ignore
    desk = FeedbackDesk(running.home, running.parts.log)
    (error,) = desk.take([broken])
    assert isinstance(error, AttributeError)
    (told,) = running.asks("POST", f"{API}/predict", ASKED).json()["predictions"]
    body = {"prediction_id": told["id"], "rating": "positive"}
    assert running.asks("POST", f"{API}/feedback", body).status == 200


def test_killed_and_stopped_under_load(home: Home):
    """Killed, it loses answers of the last moment and no rating; told to stop, nothing at all.

    Ratings that are sent again with their keys, answered before or not, are there once.
    """
    secret, folder = token(home, *SCOPES), home.folder
    environ = {"RUL_DATABASE_URL": str(home.settings.database_url)}
    with served(folder, **environ) as process:
        with caller(process, secret) as client:
            (first,) = client.post(f"{API}/predict", json=ASKED).json()["predictions"]
            assert rate(client, first["id"], "first").status_code == 200  # so it is in the log
        load = Load(first["id"])
        load.on(process, secret, process.popen.kill, named="a")
        killed = monotonic()
    lost = load.answered.keys() - logged(home)
    assert all(killed - load.answered[each] < FLUSH_SECONDS + WRITE_SECONDS for each in lost)
    assert set(load.stored.values()) <= set(ratings(home))

    with served(folder, **environ) as process:
        with caller(process, secret) as client:
            again = {who: rate(client, first["id"], who).json()["id"] for who in load.begun}
        assert again.items() >= load.stored.items()
        assert sorted(ratings(home)) == sorted({*again.values(), *ratings(home)})
        assert len(ratings(home)) == len(load.begun) + 1
        before = set(load.answered)
        code, out = load.on(process, secret, lambda: process.stop(signal.SIGTERM), named="b")
    assert (code, out) == (0, "Stopped; everything that was answered is stored.\n")
    assert load.answered.keys() - before <= logged(home)
    assert set(load.stored.values()) <= set(ratings(home))
    assert "Traceback" not in process.errors.read_text()
