"""Ratings, outcomes, retrains and erasures, taken by processes that are killed.

After each kill the same request comes again, as from a caller that got no answer: it must get the answer
that it got before, if it got one, and be done once.

What is looked for: a rating that was acknowledged and is gone, or that stands twice; a retrain without
its row in the ledger; feedback that two retrains use.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rul_platform.drill import children, plants
from rul_platform.drill.children import Tell, Work
from rul_platform.drill.faults import Fault, Inject, Scenario
from rul_platform.drill.ground import Ground
from rul_platform.drill.promises import ANSWER, RETRAIN, Promise
from rul_platform.drill.scenarios import callers
from rul_platform.drill.scenarios.killing import Killer
from rul_platform.errors import OpenRetrainError
from rul_platform.operation import privacy, triggering
from rul_platform.operation.serving.answer_log import AnswerLog
from rul_platform.operation.serving.given_units import GivenUnit
from rul_platform.operation.serving.predicting import Predicting
from rul_platform.operation.serving.slots import Slots

PLANT = "drill_writers"
RATE, LOG, TELL, TRIGGER, FORCE, FORGET = (
    "kill -9 while a rating is taken",
    "kill -9 while an answer is given, logged and rated",
    "kill -9 while an outcome is taken",
    "kill -9 while feedback asks for a retrain",
    "kill -9 while a person asks for a retrain",
    "kill -9 while a person is forgotten",
)

ANY_FEEDBACK = {
    "min_feedback": 1,
    "min_negative": 1,
    "min_positive_rate": 1.0,
    "confidence": 0,
    "cooldown_hours": 0,
}
"""Settings under which one negative rating asks for a retrain."""


@contextmanager
def _opened(ground: Ground) -> Iterator[Inject]:
    ground.new_plant(PLANT)
    killer, rated = Killer(ground), [""]

    def inject(fault: Fault) -> str:
        name = f"press-{fault.seed}"
        work = _work(ground, fault, name, rated[-1] or name)
        if fault.kind == RATE:
            rated.append(name)
        ending = killer.kill(fault, work)
        killer.ending(children.run(ground, work))  # the caller comes again
        _close_retrain(ground)
        return ending

    yield inject


def _work(ground: Ground, fault: Fault, name: str, former: str) -> Work:
    """What the child does; answers that it refers to are in the log before.

    Args:
        ground: Where.
        fault: What is to be killed.
        name: Of a machine and of a person that nobody knows yet.
        former: Of a person who has rated before.
    """
    home = ground.home
    prediction = callers.answered(ground, name) if fault.kind in (RATE, TELL) else ""

    def rate(tell: Tell) -> None:
        tell(callers.rate(ground, prediction, name))
        tell(callers.rate(ground, prediction, name))

    def log(tell: Tell) -> None:
        slots = Slots(home)
        slots.refresh()
        answers = AnswerLog(home)
        told = plants.question(PLANT, name)["units"][0]["readings"]
        given = [GivenUnit(name, told)]
        (answer,) = Predicting(slots, answers).answer(PLANT, given, level=None, now=home.now())
        if answers.flush(callers.RATED_SECONDS):
            tell(Promise(ANSWER, answer.id, answer.id))
            # another name each time: the answer is another one, too
            tell(callers.rate(ground, answer.id, f"{name} of {answer.id}"))

    def outcome(tell: Tell) -> None:
        tell(callers.tell_outcome(ground, name))

    def trigger(tell: Tell) -> None:
        asked = triggering.evaluate(home, PLANT, home.now(), flags=ANY_FEEDBACK)
        if asked is not None:
            tell(Promise(RETRAIN, str(asked.id), str(asked.id)))

    def force(tell: Tell) -> None:
        with suppress(OpenRetrainError):  # the one that was asked for before the kill
            asked = triggering.force(
                home, PLANT, actor=plants.ACTOR, reason="drill", now=home.now()
            )
            tell(Promise(RETRAIN, str(asked.id), str(asked.id)))

    def forget(_: Tell) -> None:
        privacy.erase(home, former, plants.ACTOR, home.now())

    return {
        RATE: rate, LOG: log, TELL: outcome, TRIGGER: trigger, FORCE: force, FORGET: forget,
    }[fault.kind]  # fmt: skip


def _close_retrain(ground: Ground) -> None:
    """Nobody trains here: the next one is to be asked for."""
    home, current = ground.home, ground.home.retrains.current(PLANT)
    if current is not None:
        triggering.cancel(home, current.id, actor=plants.ACTOR, reason="drill", now=home.now())


SCENARIO = Scenario(
    name="writers",
    about="ratings, outcomes and retrains taken by processes that are killed",
    kinds=(RATE, LOG, TELL, RATE, TRIGGER, RATE, FORCE, FORGET),
    quick=24,
    whole=480,
    opened=_opened,
    is_late=True,
)
