"""Clocks that jump: hours or weeks ahead or back, for one process of many.

What is looked for: times in charge that overlap, a champion that nobody can replace because the clock
had run ahead, a rating that is counted twice or never.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from rul_platform.drill import children, plants
from rul_platform.drill.children import Tell, Work
from rul_platform.drill.faults import Fault, Inject, Scenario
from rul_platform.drill.ground import Ground
from rul_platform.drill.promises import DEPLOYMENT, RETRAIN, Promise
from rul_platform.drill.scenarios import callers
from rul_platform.drill.scenarios.killing import Killer
from rul_platform.drill.scenarios.writers import ANY_FEEDBACK
from rul_platform.operation import triggering
from rul_platform.storage.home import utc_now

PLANT = "drill_clocks"
MOST_DAYS = 40
DEPLOY, RATE, TRIGGER = WHAT = (
    "a version is deployed",
    "a rating is taken",
    "feedback asks for a retrain",
)
KINDS = tuple(f"the clock jumps {way} while {what}" for way in ("ahead", "back") for what in WHAT)


@contextmanager
def _opened(ground: Ground) -> Iterator[Inject]:
    ground.new_plant(PLANT)
    killer = Killer(ground)

    def inject(fault: Fault) -> str:
        ending = killer.ending(children.run(ground, _work(ground, fault)))
        current = ground.home.retrains.current(PLANT)
        if current is not None:
            triggering.cancel(
                ground.home, current.id, actor=plants.ACTOR, reason="drill", now=utc_now()
            )
        if fault.kind.endswith(DEPLOY):  # whose clock is right decides all the same
            ground.models.deploy(ground.models.version(PLANT, number=fault.seed + 1))
        return ending

    yield inject


def _work(ground: Ground, fault: Fault) -> Work:
    home, name = ground.home, f"press-{fault.seed}"
    prediction = callers.answered(ground, name)
    jump = timedelta(days=MOST_DAYS * fault.at * (1 if " ahead " in fault.kind else -1))

    def deploy(tell: Tell) -> None:
        version = ground.models.version(PLANT, number=fault.seed)
        ground.models.deploy(version)
        told = f"{PLANT}:{version.number}"
        tell(Promise(DEPLOYMENT, told, told))

    def rate(tell: Tell) -> None:
        tell(callers.rate(ground, prediction, name))

    def trigger(tell: Tell) -> None:
        asked = triggering.evaluate(home, PLANT, home.now(), flags=ANY_FEEDBACK)
        if asked is not None:
            tell(Promise(RETRAIN, str(asked.id), str(asked.id)))

    does = next(
        work
        for what, work in zip(WHAT, (deploy, rate, trigger), strict=True)
        if fault.kind.endswith(what)
    )

    def jumped(tell: Tell) -> None:
        home.now = lambda: utc_now() + jump  # in this process alone
        does(tell)

    return jumped


SCENARIO = Scenario(
    name="clocks",
    about="processes whose clock is wrong by hours or weeks",
    kinds=KINDS,
    quick=6,
    whole=126,
    opened=_opened,
)
