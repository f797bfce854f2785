"""What an evaluation says, in plain words: the sentences at the top of every report.

Belongs here: questions, answers and the sentences that carry them.
Does not belong here: arithmetic (``core``), layout (``html``).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rul_platform.core.bootstrap import FEW_UNITS, Difference
from rul_platform.core.evaluation import (
    BOOSTING,
    CHAMPION,
    CONSTANT,
    FINE_TUNED,
    FROM_SCRATCH,
    ZERO_SHOT,
    Evaluation,
)
from rul_platform.reports.model_names import is_candidate
from rul_platform.reports.numbers import counted, percent, plain

_ANSWERS: dict[str, Literal["yes", "no", "undecided"]] = {
    "better": "yes",
    "worse": "no",
    "undecided": "undecided",
}
_QUESTIONS = {
    BOOSTING: "Does it beat boosting?",
    CONSTANT: "Does it beat a constant?",
    CHAMPION: "Is it better than the champion?",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One question about the main model.

    Attributes:
        question: As a person asks it.
        answer: In one word.
        good: Whether that is good news, None when undecided.
        sentence: The figures behind the answer.
    """

    question: str
    answer: Literal["yes", "no", "undecided"]
    good: bool | None
    sentence: str


def headline(evaluation: Evaluation) -> str:
    """How far off the model is, in one sentence."""
    score = evaluation.main_score.clipped
    return (
        f"The {_subject(evaluation)} is off by {plain(score.mae)} {evaluation.life_unit} on "
        f"average, on {counted(evaluation.unit_count, 'unit')}."
    )


def _subject(evaluation: Evaluation) -> str:
    """The main model; a plant's by the approach that it came from."""
    if is_candidate(evaluation, evaluation.main):
        return f"model ({evaluation.facts['approach']})"
    return named(evaluation.main)


def conclusion(evaluation: Evaluation) -> str:
    """What follows from the comparisons, in one or two sentences."""
    rivals = [name for name in (BOOSTING, CONSTANT, CHAMPION) if name in evaluation.differences]
    by_verdict: dict[str, list[str]] = {"better": [], "worse": [], "undecided": []}
    for name in rivals:
        by_verdict[evaluation.differences[name].verdict].append(f"the {named(name)}")
    clauses = [
        f"{words} {_listed(by_verdict[verdict])}"
        for verdict, words in (
            ("better", "beats"), ("worse", "is worse than"), ("undecided", "cannot be told from"),
        )
        if by_verdict[verdict]
    ]  # fmt: skip
    parts = [f"It {_listed(clauses)}."] if clauses else []
    if evaluation.transfer_verdict is not None:
        parts.append(evaluation.transfer_verdict)
    elif evaluation.transfer is not None:
        parts.append(_TRANSFER[evaluation.transfer.verdict])
    return " ".join(parts)


_TRANSFER = {
    "better": "Pretraining helps on this plant.",
    "worse": "Pretraining does harm on this plant.",
    "undecided": "Whether pretraining helps on this plant is undecided.",
}


def basis(evaluation: Evaluation) -> str:
    """What the verdict counts against, where that is not the raw truth; empty where it is."""
    if (evaluation.truth <= evaluation.cap).all():
        return ""
    cap, raw = f"{evaluation.cap:g}", plain(evaluation.main_score.raw.mae)
    return (
        f"A true life beyond {cap} {evaluation.life_unit} counts as {cap} here, as in training; "
        f"against the raw truth the model is off by {raw} {evaluation.life_unit}."
    )


def answers(evaluation: Evaluation) -> tuple[Answer, ...]:
    """Every question that this evaluation can answer, the most asked first."""
    rivals, transfer = _rivals(evaluation), _transfer(evaluation)
    return (_late(evaluation), *rivals, *transfer, *_interval(evaluation))


def cautions(evaluation: Evaluation) -> tuple[str, ...]:
    """What a reader must know before believing any figure."""
    found: list[str] = []
    if evaluation.simulated:
        found.append(
            "The data is simulated: it comes from the built-in simulator, not from real machines, "
            "and says nothing about them."
        )
    if evaluation.unit_count < FEW_UNITS:
        found.append(
            f"Only {counted(evaluation.unit_count, 'unit')} scored: with fewer than {FEW_UNITS} "
            f"the intervals over units are too narrow. Take every answer as a hint."
        )
    return tuple(found)


def named(model: str) -> str:
    """How a sentence speaks of a model.

    >>> named("from scratch"), named("constant"), named("lstm")
    ('model trained from scratch', 'constant prediction', 'lstm model')
    """
    special = {
        BOOSTING: "boosting baseline",
        CONSTANT: "constant prediction",
        CHAMPION: "champion",
        FROM_SCRATCH: "model trained from scratch",
    }
    return special.get(model, f"{model} model")


def compared(difference: Difference, evaluation: Evaluation) -> str:
    """The paired difference as a sentence about the first model."""
    unit, units = evaluation.life_unit, counted(evaluation.unit_count, "unit")
    size = f"Its RMSE is {_apart(difference.mean, unit)}"
    if math.isinf(difference.low):
        return f"{size}; one unit says nothing about others."
    level = f"{percent(evaluation.level)} interval"
    if difference.verdict == "undecided":
        return (
            f"{size}, but the {level} reaches from {_apart(difference.low, unit)} to "
            f"{_apart(difference.high, unit)}: {units} cannot tell."
        )
    near, far = sorted((abs(difference.low), abs(difference.high)))
    return f"{size} ({level} {plain(near)} to {plain(far)}, paired over {units})."


def _apart(difference: float, life_unit: str) -> str:
    return f"{plain(abs(difference))} {life_unit} {'lower' if difference <= 0 else 'higher'}"


def _late(evaluation: Evaluation) -> Answer:
    score, around = evaluation.main_score.clipped, evaluation.late_rate_interval
    is_decided = around.low > 0.5 or around.high < 0.5
    mostly_late = around.low > 0.5
    side = "late" if score.bias > 0 else "early"
    balance = "" if is_decided else " Early and late cannot be told apart."
    return Answer(
        question="Do late predictions dominate?",
        answer=("yes" if mostly_late else "no") if is_decided else "undecided",
        good=not mostly_late if is_decided else None,
        sentence=(
            f"{percent(score.late_rate)} of the predictions promise more life than was left; the "
            f"mean error is {plain(abs(score.bias))} {evaluation.life_unit} {side}.{balance}"
        ),
    )


def _rivals(evaluation: Evaluation) -> Iterator[Answer]:
    told_elsewhere = {FROM_SCRATCH, ZERO_SHOT} if evaluation.transfer is not None else set[str]()
    for name, difference in evaluation.differences.items():
        if name not in told_elsewhere or evaluation.main != FINE_TUNED:
            question = _QUESTIONS.get(name, f"Is it better than the {named(name)}?")
            yield _answer(question, difference, evaluation)


def _transfer(evaluation: Evaluation) -> Iterator[Answer]:
    if evaluation.transfer is not None:
        whose = "" if evaluation.main == FINE_TUNED else "Fine-tuned against from scratch: "
        answer = _answer("Does pretraining help?", evaluation.transfer, evaluation)
        sentence = f"{whose}{answer.sentence} {_ONE_SEED}"
        yield Answer(answer.question, answer.answer, answer.good, sentence)
        if evaluation.main == FINE_TUNED and ZERO_SHOT in evaluation.differences:
            zero_shot = evaluation.differences[ZERO_SHOT]
            yield _answer("Does fine-tuning on this plant help?", zero_shot, evaluation)


_ONE_SEED = (
    "Each of the two was trained with one seed only: what other seeds would change is not in the "
    "interval."
)


def _answer(question: str, difference: Difference, evaluation: Evaluation) -> Answer:
    good = None if difference.verdict == "undecided" else difference.verdict == "better"
    return Answer(question, _ANSWERS[difference.verdict], good, compared(difference, evaluation))


def _interval(evaluation: Evaluation) -> Iterator[Answer]:
    coverage, around = evaluation.coverage, evaluation.coverage_interval
    if coverage is None or around is None:
        return
    kept = around.high >= evaluation.interval_level
    remark = ", so it is wider than it needs to be" * (around.low > evaluation.interval_level)
    yield Answer(
        question="Does the prediction interval keep its promise?",
        answer="yes" if kept else "no",
        good=kept,
        sentence=(
            f"Promised {percent(evaluation.interval_level)}; it held the truth in "
            f"{percent(coverage)} of the cases ({percent(evaluation.level)} interval "
            f"{percent(around.low)} to {percent(around.high)}){remark}."
        ),
    )


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
