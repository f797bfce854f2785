"""PostgreSQL that is gone, mute or slow, seen by a service behind a wire of its own.

What is looked for: a question that is not answered although the model is in memory; a rating that is
acknowledged and not there; a service that does not come back when its database does.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from rul_platform.drill.faults import Fault, Inject, Scenario
from rul_platform.drill.ground import ANSWERS, Ground
from rul_platform.drill.scenarios import callers
from rul_platform.drill.service import Service
from rul_platform.drill.wire import CUT as CUT_IT
from rul_platform.drill.wire import HOLD as HOLD_IT
from rul_platform.drill.wire import PASS, Wire, wire_to

PLANT = "drill_databases"
CUT, HOLD, SLOW = (
    "connections to the database are cut, and refused for a while",
    "the database does not say anything for a while",
    "the database is slow",
)
ORDERS = {CUT: CUT_IT, HOLD: HOLD_IT, SLOW: "slow 40"}
RATING_SECONDS = 15.0
PORT = 5432


@contextmanager
def _opened(ground: Ground) -> Iterator[Inject]:
    ground.new_plant(PLANT)
    url = sa.make_url(ground.home.settings.database_url or "")
    host = str(url.host or url.query.get("host") or "127.0.0.1")
    with wire_to(host, url.port or PORT) as wire:
        behind = url.difference_update_query(["host", "port"])
        behind = behind.set(host="127.0.0.1", port=wire.port)
        told = behind.render_as_string(hide_password=False)
        environ = ground.environ | {"RUL_DATABASE_URL": told}
        service = Service.start(environ, ground.home.folder / "drill" / "behind.log")
        try:
            if not service.waits_until_ready():
                ground.breach(ANSWERS, "the service behind a wire did not become ready")
            callers.ask(service, ground)  # a token that was good goes on while the database is away
            yield lambda fault: _inject(ground, service, wire, fault)
        finally:
            service.kill()


def _inject(ground: Ground, service: Service, wire: Wire, fault: Fault) -> str:
    name = f"press-{fault.seed}"
    prediction = callers.answered(ground, name)
    wire.order(ORDERS[fault.kind])
    try:
        asked = callers.ask(service, ground, name)
        rated = callers.rate_over_http(
            service, ground, prediction, name, seconds=fault.between(1.0, RATING_SECONDS)
        )
        time.sleep(fault.between(0.0, 1.0))
    finally:
        wire.order(PASS)
    if asked.status != 200:
        ground.breach(ANSWERS, f"while {fault.kind} a question got {asked.status}")
    if rated.status not in (0, 200, 503):
        ground.breach(ANSWERS, f"while {fault.kind} a rating got {rated.status}")
    callers.until_rated(service, ground, prediction, name)
    return f"question {asked.status}, rating {rated.status or 'not answered in time'}"


def _hindered(ground: Ground) -> str | None:
    if ground.home.settings.database_url is None:
        return "SQLite has no connection to cut; --database takes PostgreSQL"
    return None


SCENARIO = Scenario(
    name="databases",
    about="PostgreSQL that is gone, mute or slow",
    kinds=(CUT, HOLD, SLOW),
    quick=3,
    whole=30,
    opened=_opened,
    hindered=_hindered,
)
