"""The service itself: killed under load or while it starts, stopped for a moment, ended cleanly, mute.

What is looked for: a rating that was acknowledged and is gone after a restart; an answer that a clean
stop loses; a service that does not come back.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Event, Thread

from rul_platform.drill.faults import Fault, Inject, Scenario
from rul_platform.drill.ground import ANSWERS, HONEST, Ground
from rul_platform.drill.promises import ANSWER, RATING, Promise
from rul_platform.drill.scenarios import callers
from rul_platform.drill.service import API, Service

PLANT = "drill_services"
KILL, STARTING, PAUSE, STOP, MUTE = (
    "kill -9 of the service under load",
    "kill -9 of the service while it starts",
    "the service is stopped for a moment (SIGSTOP)",
    "the service is ended under load (SIGTERM)",
    "the service's log cannot be written (/dev/full)",
)
START_SECONDS = 4.0
CALLERS = 2


@dataclass(slots=True)
class _Load:
    """Callers that ask and rate until nobody answers.

    Attributes:
        answers: Ids of all answers that came.
        ratings: Person to the id that was given, of all that were acknowledged.
        refused: Every status that was neither 200, nor 503, nor silence.
    """

    ground: Ground
    service: Service
    prediction: str
    name: str
    answers: list[str] = field(default_factory=list[str])
    ratings: dict[str, str] = field(default_factory=dict[str, str])
    refused: set[int] = field(default_factory=set[int])
    _over: Event = field(default_factory=Event)
    _threads: list[Thread] = field(default_factory=list[Thread])

    def begin(self) -> None:
        """All callers at once."""
        for number in range(CALLERS):
            for work in (self._ask, self._rate):
                self._threads.append(Thread(target=work, args=(number,)))
                self._threads[-1].start()

    def end(self) -> None:
        """Wait for what was asked last."""
        self._over.set()
        for each in self._threads:
            each.join()

    def _ask(self, _: int) -> None:
        while not self._over.is_set():
            told = callers.ask(self.service, self.ground, self.name)
            if told.status == 200:
                self.answers.append(told.body["predictions"][0]["id"])
            elif told.status == 0:
                return
            elif told.status != 503:
                self.refused.add(told.status)

    def _rate(self, number: int) -> None:
        for turn in count():
            person = f"{self.name}-{number}-{turn}"
            body = {"prediction_id": self.prediction, "rating": "negative", "person": person}
            told = self.service.asks(
                "POST", f"{API}/feedback", self.ground.token, body, key=f"key-{person}"
            )
            if told.status == 200:
                self.ratings[person] = told.body["id"]
            elif told.status not in (0, 503):
                self.refused.add(told.status)
            if told.status == 0 or self._over.is_set():
                return


@contextmanager
def _opened(ground: Ground) -> Iterator[Inject]:
    ground.new_plant(PLANT)
    log, running = ground.home.folder / "drill" / "hurt.log", list[Service]()

    def inject(fault: Fault) -> str:
        if fault.kind in (STARTING, MUTE) or not running:
            for each in running:
                _stop(ground, each)
            running.clear()
        if fault.kind == STARTING:
            return _starting(ground, fault, log)
        if fault.kind == MUTE:
            return _mute(ground, log)
        if not running:
            running.append(_started(ground, log))
        ending = _under_load(ground, running[-1], fault)
        if fault.kind in (KILL, STOP):
            running[:] = [_started(ground, log)]
        return ending

    try:
        yield inject
    finally:
        for each in running:
            each.kill()


def _under_load(ground: Ground, service: Service, fault: Fault) -> str:
    name = f"press-{fault.seed}"
    load = _Load(ground, service, callers.answered(ground, name), name)
    load.begin()
    time.sleep(fault.between(0.1, 1.5))
    if fault.kind == KILL:
        service.kill()
    elif fault.kind == STOP:
        _stop(ground, service)
    else:
        service.signal(signal.SIGSTOP)
        time.sleep(fault.between(0.1, 1.0))
        service.signal(signal.SIGCONT)
    load.end()
    for person, given in load.ratings.items():
        ground.take(Promise(RATING, f"key-{person}", given))
    if fault.kind == STOP:  # a clean stop writes all that was answered
        for each in load.answers:
            ground.take(Promise(ANSWER, each, each))
    if load.refused:
        ground.breach(HONEST, f"{fault.kind}: requests got {sorted(load.refused)}")
    if ground.service is not None:  # the same again, of another process: the same answers
        for person in list(load.ratings)[-3:]:
            callers.until_rated(ground.service, ground, load.prediction, person)
    return "acknowledged ratings are there, repetitions get the same answer"


def _starting(ground: Ground, fault: Fault, log: Path) -> str:
    service = Service.start(ground.environ, log)
    time.sleep(fault.between(0.05, START_SECONDS))
    service.kill()
    return "killed"


def _mute(ground: Ground, log: Path) -> str:
    service = Service.start(ground.environ, log, errors=Path("/dev/full"))
    try:
        if not service.waits_until_ready():
            ground.breach(ANSWERS, "the service does not start without a log")
            return "did not start"
        asked = callers.ask(service, ground)
        if asked.status != 200:
            ground.breach(ANSWERS, f"a service without a log answered {asked.status}")
        return f"question {asked.status}"
    finally:
        _stop(ground, service)


def _started(ground: Ground, log: Path) -> Service:
    service = Service.start(ground.environ, log)
    if not service.waits_until_ready():
        ground.breach(ANSWERS, f"the service did not come back; {log} says why")
    return service


def _stop(ground: Ground, service: Service) -> None:
    if not service.stop():
        ground.breach(HONEST, "the service did not end cleanly")


SCENARIO = Scenario(
    name="services",
    about="the service, killed and stopped under load",
    kinds=(KILL, STOP, KILL, PAUSE, KILL, STARTING, KILL, MUTE),
    quick=1,
    whole=40,
    opened=_opened,
    is_long=True,
)
