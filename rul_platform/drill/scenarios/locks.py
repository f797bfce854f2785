"""Somebody else who writes into the database and takes long, or is killed while it does.

What is looked for: a question that waits for a writer; a rating that is lost because it had to wait; a
lock that outlives who held it.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from rul_platform.drill import children
from rul_platform.drill.children import Limits, Tell
from rul_platform.drill.faults import Fault, Inject, Scenario
from rul_platform.drill.ground import ANSWERS, Ground
from rul_platform.drill.scenarios import callers
from rul_platform.drill.scenarios.killing import Killer
from rul_platform.storage.database import writing
from rul_platform.storage.operation_tables import FEEDBACK

PLANT = "drill_locks"
HELD, KILLED = (
    "another writer holds the tables for a while",
    "another writer is killed while it holds the tables",
)
BEGINS_SECONDS = 0.1


@contextmanager
def _opened(ground: Ground) -> Iterator[Inject]:
    ground.new_plant(PLANT)
    yield lambda fault: _inject(ground, fault)


def _inject(ground: Ground, fault: Fault) -> str:
    service, name, seconds = ground.service, f"press-{fault.seed}", fault.between(0.3, 2.0)
    if service is None:
        return "no service"
    prediction = callers.answered(ground, name)

    def hold(_: Tell) -> None:
        with writing(ground.home.engine, alone_in=FEEDBACK):
            time.sleep(seconds if fault.kind == HELD else children.PATIENCE_SECONDS)

    limits = Limits() if fault.kind == HELD else Limits(seconds=seconds)
    holder = children.begun(ground, hold, limits)
    time.sleep(BEGINS_SECONDS)
    with ThreadPoolExecutor(1) as pool:
        rating = pool.submit(callers.rate_over_http, service, ground, prediction, name)
        asked = callers.ask(service, ground, name)
        ending = Killer(ground).ending(children.waited(ground, holder))
        rated = rating.result()
    if asked.status != 200:
        ground.breach(ANSWERS, f"while the tables were held a question got {asked.status}")
    callers.until_rated(service, ground, prediction, name)
    return f"{ending.partition(' before')[0]}; question {asked.status}, rating {rated.status}"


SCENARIO = Scenario(
    name="locks",
    about="another writer that takes long, or dies",
    kinds=(HELD, KILLED),
    quick=2,
    whole=40,
    opened=_opened,
)
