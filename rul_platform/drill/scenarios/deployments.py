"""Decisions about versions, killed half way: putting one in charge, going back, tidying, another key.

What is looked for: two champions or none, a time in charge with a gap, a decision that the ledger does
not tell of, files of the champion that are gone.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from rul_platform.drill import plants
from rul_platform.drill.children import Tell, Work
from rul_platform.drill.faults import Fault, Inject, Scenario
from rul_platform.drill.ground import Ground
from rul_platform.drill.promises import DEPLOYMENT, Promise
from rul_platform.drill.scenarios.killing import Killer
from rul_platform.operation.deploying import rollback
from rul_platform.operation.signing import rotate
from rul_platform.operation.tidying import clean_up

PLANT = "drill_deployments"
DEPLOY, BACK, TIDY, KEY = KINDS = (
    "kill -9 while a version is stored and deployed",
    "kill -9 during a rollback",
    "kill -9 while old versions are tidied away",
    "kill -9 while the signing key is exchanged",
)


@contextmanager
def _opened(ground: Ground) -> Iterator[Inject]:
    ground.new_plant(PLANT)
    killer = Killer(ground)

    def inject(fault: Fault) -> str:
        return killer.kill(fault, _work(ground, fault))

    yield inject


def _work(ground: Ground, fault: Fault) -> Work:
    home = ground.home

    def deploy(tell: Tell) -> None:
        version = ground.models.version(PLANT, number=fault.seed)
        ground.models.deploy(version)
        name = f"{PLANT}:{version.number}"
        tell(Promise(DEPLOYMENT, name, name))

    def go_back(tell: Tell) -> None:
        if not home.registry.predecessors(PLANT):
            deploy(tell)
        made = rollback(home, PLANT, actor=plants.ACTOR, reason="drill", now=home.now())
        name = f"{PLANT}:{made.number}"
        tell(Promise(DEPLOYMENT, name, name))

    def tidy(_: Tell) -> None:
        clean_up(home, PLANT, home.now())

    def exchange(_: Tell) -> None:
        rotate(home, actor=plants.ACTOR, reason="drill", now=home.now())

    return {DEPLOY: deploy, BACK: go_back, TIDY: tidy, KEY: exchange}[fault.kind]


SCENARIO = Scenario(
    name="deployments",
    about="versions put in charge, taken back and tidied away by processes that are killed",
    kinds=(DEPLOY, BACK, DEPLOY, TIDY, DEPLOY, BACK, DEPLOY, KEY),
    quick=24,
    whole=520,
    opened=_opened,
    is_late=True,
)
