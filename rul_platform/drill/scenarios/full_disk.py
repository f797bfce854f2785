"""A disk that is full at some byte: no file may grow beyond a limit, as with a quota.

The limit is the system's own (``RLIMIT_FSIZE``), so that nobody needs to be root. A process of ours that
works meets it, and the service that answers. Whatever the byte, the work is done or refused as a whole,
and comes through once there is room again.
"""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rul_platform.drill import children
from rul_platform.drill.children import Limits, Tell, Work
from rul_platform.drill.faults import Fault, Inject, Scenario
from rul_platform.drill.ground import ANSWERS, Ground
from rul_platform.drill.promises import DEPLOYMENT, Promise
from rul_platform.drill.scenarios import artifacts, callers
from rul_platform.drill.scenarios.killing import Killer
from rul_platform.drill.service import Service

PLANT = "drill_full_disk"
WRITE, DEPLOY, RATE, SERVE = (
    "disk full while artifacts are written",
    "disk full while a version is stored and deployed",
    "disk full while a rating is taken",
    "disk full under the service",
)
ROOM_BYTES = 100_000
"""What a decision writes beyond what is there, at most."""


@contextmanager
def _opened(ground: Ground) -> Iterator[Inject]:
    ground.new_plant(PLANT)
    killer = Killer(ground)

    def inject(fault: Fault) -> str:
        if fault.kind == SERVE:
            return _serve(ground, fault)
        work = _work(ground, fault)
        ending = killer.ending(children.run(ground, work, Limits(size=_limit(ground, fault))))
        killer.ending(children.run(ground, work))  # there is room again
        return ending

    yield inject


def _limit(ground: Ground, fault: Fault) -> int:
    """So that the work is hindered at its beginning, its end or in between."""
    if fault.kind == WRITE:
        return int(fault.between(0, 1.2 * artifacts.LARGE_BYTES))
    sizes = [path.stat().st_size for path in _database(ground)]
    return int(fault.between(0, max(sizes, default=0) + ROOM_BYTES))


def _database(ground: Ground) -> list[Path]:
    """SQLite's files; none where the tables are elsewhere."""
    return sorted(ground.home.folder.glob("rul.db*"))


def _work(ground: Ground, fault: Fault) -> Work:
    name = f"press-{fault.seed}"
    if fault.kind == WRITE:
        return artifacts.written(lambda: ground.home.store, fault.seed)

    def deploy(tell: Tell) -> None:
        version = ground.models.version(PLANT, number=fault.seed)
        ground.models.deploy(version)
        told = f"{PLANT}:{version.number}"
        tell(Promise(DEPLOYMENT, told, told))

    if fault.kind == DEPLOY:
        return deploy
    prediction = callers.answered(ground, name)
    return lambda tell: tell(callers.rate(ground, prediction, name))


def _serve(ground: Ground, fault: Fault) -> str:
    """The running service meets the limit for a while: it answers all the same, and loses nothing."""
    service, name = ground.service, f"press-{fault.seed}"
    if service is None:
        return "no service"
    prediction = callers.answered(ground, name)
    with _limited(service, _limit(ground, fault)):
        asked = callers.ask(service, ground, name)
        if asked.status not in (200, 503):
            ground.breach(ANSWERS, f"with a full disk a question got {asked.status}")
        rated = callers.rate_over_http(service, ground, prediction, name)
        if rated.status not in (200, 503):
            ground.breach(ANSWERS, f"with a full disk a rating got {rated.status}")
    callers.until_rated(service, ground, prediction, name)
    return f"question {asked.status}, rating {rated.status}"


@contextmanager
def _limited(service: Service, size: int) -> Iterator[None]:
    process = service.popen.pid
    soft, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (soft, hard))


SCENARIO = Scenario(
    name="full_disk",
    about="files that may not grow any more, at any byte",
    kinds=(WRITE, DEPLOY, RATE, SERVE),
    quick=12,
    whole=240,
    opened=_opened,
)
