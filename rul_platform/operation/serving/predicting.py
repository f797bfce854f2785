"""Questions answered by the models in memory.

Belongs here: who is asked, in which order. Does not belong here: loading (``slots``), writing
(``answer_log``).
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
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
        return self._answer(plant, [units], level, now)

    def answer_each(
        self,
        plant: str,
        questions: Sequence[Sequence[GivenUnit]],
        *,
        level: float | None,
        now: datetime,
    ) -> list[tuple[Answer, ...] | Exception]:
        """Answer questions that came at the same moment; together they take hardly longer than one.

        What cannot be answered together is asked one by one, so that nobody pays for another's mistake.

        Returns:
            For each its answers, or what :meth:`answer` raises.
        """
        if len(questions) > 1:
            with suppress(Exception):  # whatever it is, and whose it is, shows when each is asked
                answers = iter(self._answer(plant, questions, level, now))
                return [tuple(islice(answers, len(units))) for units in questions]
        return [self._answer_or_error(plant, units, level, now) for units in questions]

    def _answer_or_error(
        self, plant: str, units: Sequence[GivenUnit], level: float | None, now: datetime
    ) -> tuple[Answer, ...] | Exception:
        try:
            return self._answer(plant, [units], level, now)
        except Exception as error:  # for whoever asked this
            return error

    def _answer(
        self,
        plant: str,
        questions: Sequence[Sequence[GivenUnit]],
        level: float | None,
        now: datetime,
    ) -> tuple[Answer, ...]:
        """Answers of all questions, one after the other; what fails is kept where it was asked alone."""
        champion, slot = self.slots.of(plant)
        number, is_alone = champion.version.number, len(questions) == 1
        with self.step("read", plant=plant, version=number):
            as_read = histories_of(questions, champion.plant)
        question = self._question(champion, as_read)
        try:
            said = self._ask(champion, question, level)
        except InferenceError as error:
            if is_alone:
                self._failed(champion, error, len(as_read.units), now)
            raise
        beside = None
        if slot.challenger is not None:
            try:
                beside = self._ask_challenger(slot.challenger, champion, question, as_read, level)
            except (RulPlatformError, ValueError) as error:  # kept, and nobody else's trouble
                if not is_alone:
                    raise
                self._failed(slot.challenger, error, len(as_read.units), now)
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
    ) -> Said:
        """What the challenger says; one whose interval was not calibrated for the level, at its own."""
        if not _see_alike(challenger, champion):
            question = self._question(challenger, as_read)
        try:
            return self._ask(challenger, question, level)
        except CalibrationError:
            return self._ask(challenger, question, None)

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
