"""A question answered by the models in memory.

Belongs here: who is asked, in which order. Does not belong here: loading (``slots``), writing
(``answer_log``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rul_platform.core.histories import Histories
from rul_platform.errors import CalibrationError, InferenceError, RulPlatformError
from rul_platform.operation.answers import Answer, settle
from rul_platform.operation.asking import Said, ask_loaded
from rul_platform.operation.serving.answer_log import AnswerLog, FailedQuestion, Given
from rul_platform.operation.serving.given_units import GivenUnit, histories_of
from rul_platform.operation.serving.served_model import ServedModel
from rul_platform.operation.serving.slots import Slots
from rul_platform.operation.serving.steps import Step, unwatched

if TYPE_CHECKING:
    from rul_platform.inference.prediction import Question


@dataclass(frozen=True, slots=True)
class Predicting:
    """Answers questions, and hands what it said to the log.

    Attributes:
        slots: The models.
        log: Where answers go.
        step: Told of each step: read, prepare, network, log.
    """

    slots: Slots
    log: AnswerLog
    step: Step = unwatched

    def answer(
        self, plant: str, units: Sequence[GivenUnit], *, level: float | None, now: datetime
    ) -> tuple[Answer, ...]:
        """Ask the model in charge, and its challenger where there is one.

        Raises:
            NoChampionError: No model is in charge of the plant.
            ModelNotLoadedError: One is, and could not be loaded.
            ReadingsError: Lists what is wrong with the readings.
            CalibrationError: The model's interval was not calibrated for this level.
            InferenceError: The model did not run.
            LogFullError: Too many answers wait to be logged.
        """
        champion, slot = self.slots.of(plant)
        number = champion.version.number
        with self.step("read", plant=plant, version=number):
            as_read = histories_of(units, champion.plant)
        question = self._question(champion, as_read)
        try:
            said = self._ask(champion, question, level)
        except InferenceError as error:
            self._failed(champion, error, len(units), now)
            raise
        beside = None
        if slot.challenger is not None:
            beside = self._ask_challenger(slot.challenger, champion, question, as_read, level, now)
        with self.step("log", plant=plant, version=number):
            settled = settle(said, beside, share=slot.share, now=now)
            self.log.add(Given(plant, settled.rows, as_read, now))
        return settled.answers

    def _ask_challenger(
        self,
        challenger: ServedModel,
        champion: ServedModel,
        question: "Question",
        as_read: Histories,
        level: float | None,
        now: datetime,
    ) -> Said | None:
        """What the challenger says; a failure of it is kept, and is nobody else's."""
        try:
            if not _see_alike(challenger, champion):
                question = self._question(challenger, as_read)
            try:
                return self._ask(challenger, question, level)
            except CalibrationError:  # not for this level: at its own
                return self._ask(challenger, question, None)
        except (RulPlatformError, ValueError) as error:
            self._failed(challenger, error, len(as_read.units), now)
            return None

    def _question(self, model: ServedModel, as_read: Histories) -> "Question":
        rule, version = model.plant.resample, model.version
        with self.step("prepare", plant=version.plant, version=version.number):
            readings = as_read if rule is None else as_read.resampled(rule.step)
            return model.predictor.question_of(readings)

    def _ask(self, model: ServedModel, question: "Question", level: float | None) -> Said:
        version = model.version
        with self.step("network", plant=version.plant, version=version.number):
            try:
                return ask_loaded(version, model.predictor, question, level)
            except InferenceError as error:
                named = f"{version.plant} version {version.number}"
                raise InferenceError(named, error.problem) from error

    def _failed(self, model: ServedModel, error: Exception, units: int, now: datetime) -> None:
        version = model.version
        kind = type(error).__name__
        self.log.add(FailedQuestion(version.plant, version.number, kind, now, units))


def _see_alike(one: ServedModel, other: ServedModel) -> bool:
    """Whether readings look the same to both, so that they are prepared once."""
    ours, theirs = one.predictor.card["preparation"], other.predictor.card["preparation"]
    return (ours == theirs) and one.plant.resample == other.plant.resample
