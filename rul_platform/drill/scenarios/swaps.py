"""Versions that are exchanged while callers ask without a pause.

What is looked for: a question that is not answered while a version takes another's place, or while one
is put in charge that cannot be loaded.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from rul_platform.drill.faults import Fault, Inject, Scenario
from rul_platform.drill.ground import ANSWERS, FOUND, SEEN_SECONDS, Ground
from rul_platform.drill.scenarios import callers, damage
from rul_platform.drill.service import Service
from rul_platform.storage.models import ModelVersion

PLANT = "drill_swaps"
SWAP, BROKEN = (
    "a version takes another's place under load",
    "a version that cannot be loaded is put in charge under load",
)
CALLERS = 3


@dataclass(slots=True)
class _Load:
    """Callers that ask until it is over.

    Attributes:
        versions: Which version gave the last answer.
        asked: How many questions.
        refused: Status of each that was not answered.
        is_over: Set at the end.
    """

    ground: Ground
    service: Service
    versions: int = 0
    asked: int = 0
    refused: list[int] = field(default_factory=list[int])
    is_over: Event = field(default_factory=Event)

    def call(self) -> None:
        """One caller."""
        while not self.is_over.is_set():
            told = callers.ask(self.service, self.ground)
            self.asked += 1
            if told.status == 200:
                self.versions = told.body["predictions"][0]["model"]["version"]
            else:
                self.refused.append(told.status)

    def sees(self, number: int) -> bool:
        """Wait until an answer is by this version."""
        until = time.monotonic() + SEEN_SECONDS
        while self.versions != number and time.monotonic() < until:
            time.sleep(0.02)
        return self.versions == number


@contextmanager
def _opened(ground: Ground) -> Iterator[Inject]:
    ground.new_plant(PLANT)
    service = ground.service
    if service is None:
        yield lambda _: "no service"
        return
    load = _Load(ground, service)
    threads = [Thread(target=load.call) for _ in range(CALLERS)]
    for each in threads:
        each.start()
    try:
        yield lambda fault: _inject(ground, load, fault)
    finally:
        load.is_over.set()
        for each in threads:
            each.join()


def _inject(ground: Ground, load: _Load, fault: Fault) -> str:
    asked, good = load.asked, ground.home.registry.champion(PLANT)
    version = ground.models.version(PLANT, number=fault.seed)
    if fault.kind == BROKEN and good is not None:
        _put_broken_in_charge(ground, load, version, good, fault)
    else:
        ground.models.deploy(version)
        if not load.sees(version.number):
            ground.breach(
                ANSWERS, f"version {version.number} does not answer {SEEN_SECONDS:g} s later"
            )
    if load.refused:
        ground.breach(ANSWERS, f"{fault.kind}: questions got {sorted(set(load.refused))}")
        load.refused.clear()
    return "every question answered" if load.asked > asked else "nobody asked"


def _put_broken_in_charge(
    ground: Ground, load: _Load, version: ModelVersion, good: ModelVersion, fault: Fault
) -> None:
    with damage.damaged(ground, version, fault):
        ground.models.deploy(version)
        if not callers.until_tried(load.service, ground, version.number):
            ground.breach(FOUND, f"the service said nothing of version {version.number}")
        if load.versions == version.number:
            ground.breach(FOUND, f"version {version.number} is damaged and answers")
        ground.count(FOUND, 2)
        ground.models.deploy(good)


SCENARIO = Scenario(
    name="swaps",
    about="versions exchanged while callers ask without a pause",
    kinds=(SWAP, SWAP, BROKEN),
    quick=3,
    whole=45,
    opened=_opened,
)
