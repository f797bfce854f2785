"""PostgreSQL that is gone, mute or slow, seen by a service behind a wire of its own.

What is looked for: a question that is not answered although the model is in memory; a rating that is
acknowledged and not there; a service that does not come back when its database does.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from rul_platform.drill.faults import Fault, Inject, Scenario
from rul_platform.drill.ground import ANSWERS, Ground
from rul_platform.drill.scenarios import callers
from rul_platform.drill.service import Service

PLANT = "drill_databases"
CUT, HOLD, SLOW = (
    "connections to the database are cut, and refused for a while",
    "the database does not say anything for a while",
    "the database is slow",
)
ORDERS = {CUT: "cut", HOLD: "hold", SLOW: "slow 40"}
RATING_SECONDS = 15.0
PORT = 5432


@contextmanager
def _opened(ground: Ground) -> Iterator[Inject]:
    ground.new_plant(PLANT)
    url = sa.make_url(ground.home.settings.database_url or "")
    host = str(url.host or url.query.get("host") or "127.0.0.1")
    wire = subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-m", "rul_platform.drill.proxy", host, str(url.port or PORT)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        assert wire.stdout is not None  # noqa: S101  it is a pipe
        behind = url.difference_update_query(["host", "port"])
        behind = behind.set(host="127.0.0.1", port=int(wire.stdout.readline()))
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
    finally:
        wire.kill()
        wire.communicate()


def _inject(ground: Ground, service: Service, wire: "subprocess.Popen[bytes]", fault: Fault) -> str:
    name = f"press-{fault.seed}"
    prediction = callers.answered(ground, name)
    _order(wire, ORDERS[fault.kind])
    try:
        asked = callers.ask(service, ground, name)
        rated = callers.rate_over_http(
            service, ground, prediction, name, seconds=fault.between(1.0, RATING_SECONDS)
        )
        time.sleep(fault.between(0.0, 1.0))
    finally:
        _order(wire, "pass")
    if asked.status != 200:
        ground.breach(ANSWERS, f"while {fault.kind} a question got {asked.status}")
    if rated.status not in (0, 200, 503):
        ground.breach(ANSWERS, f"while {fault.kind} a rating got {rated.status}")
    callers.until_rated(service, ground, prediction, name)
    return f"question {asked.status}, rating {rated.status or 'not answered in time'}"


def _order(wire: "subprocess.Popen[bytes]", order: str) -> None:
    assert wire.stdin is not None  # noqa: S101  it is a pipe
    wire.stdin.write(f"{order}\n".encode())
    wire.stdin.flush()


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
