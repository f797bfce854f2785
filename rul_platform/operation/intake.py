"""Feedback and outcomes as people tell them: checked row by row, then taken together or not at all.

Belongs here: what is wrong with a row, all of it at once, and names to pseudonyms. Does not belong here:
the tables (``storage.feedback``, ``storage.outcomes``), files that hold rows (``cli``).
"""

import math
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from rul_platform.core.wording import did_you_mean, quoted
from rul_platform.errors import IntakeError
from rul_platform.operation.decisions import given
from rul_platform.operation.known_plants import require_plant
from rul_platform.operation.known_units import LONGEST, RUNNING, KnownUnits, known_units
from rul_platform.storage.database import writing
from rul_platform.storage.feedback_rows import Added, NewFeedback, Rated
from rul_platform.storage.home import Home
from rul_platform.storage.operation_tables import KEY_DIGITS, OUTCOMES, RATINGS, REASONS
from rul_platform.storage.outcomes import NewOutcome, Outcome

CLOCKS_DIFFER = timedelta(minutes=5)
"""A moment may lie so far in the future, or before what it tells of: two clocks are not the same."""

FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FeedbackRow:
    """One rating.

    Attributes:
        prediction: Id of the rated answer.
        rating: ``positive`` or ``negative``.
        person: Name of who rates; only a pseudonym is kept.
        reason: One of ``operation_tables.REASONS``, or None.
        created_at: When; None for now.
        unit: The machine that the rating is meant for, to be compared with the prediction's; or None.
    """

    prediction: str
    rating: str
    person: str = field(kw_only=True)
    reason: str | None = field(default=None, kw_only=True)
    created_at: datetime | None = field(default=None, kw_only=True)
    unit: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """What became of one machine.

    Attributes:
        unit: Which one.
        kind: One of ``operation_tables.OUTCOMES``.
        life: How long it had run, in the plant's unit of time.
        observed_at: When that was; None for now.
    """

    unit: str
    kind: str
    life: float
    observed_at: datetime | None = None


def add_feedback(
    home: Home, plant: str, rows: Sequence[FeedbackRow], *, now: datetime
) -> list[Added]:
    """Take ratings of a plant's predictions.

    Returns:
        For each row what stands for it. A second rating of a person for the same prediction, or for the
        same unit on the same day (UTC), is no mistake: the first one stands, and is not new.

    Raises:
        UnknownPlantError: There is no such plant.
        IntakeError: Lists every problem of every row.
        KeyFileError: The key of the pseudonyms is damaged, or open to others.
    """
    require_plant(home, plant)
    rated = home.feedback.rated({row.prediction for row in rows})
    return add_rated(home, plant, rows, rated, now=now)


def add_rated(
    home: Home,
    plant: str,
    rows: Sequence[FeedbackRow],
    rated: Mapping[str, Rated],
    *,
    now: datetime,
) -> list[Added]:
    """The same for predictions that were looked up, by id; raises as :func:`add_feedback` does."""
    source = f"Feedback for plant {plant!r}"
    problems = [
        f"row {number}: {problem}"
        for number, row in enumerate(rows, start=1)
        for problem in _feedback_problems(row, rated.get(row.prediction), plant, now)
    ]
    if problems:
        raise IntakeError(source, problems)
    return home.feedback.add_all([_anonymous(home, row, now) for row in rows], rated)


def add_outcomes(
    home: Home, plant: str, rows: Sequence[OutcomeRow], *, now: datetime
) -> list[Added]:
    """Take what became of a plant's machines; raises as :func:`checked_outcomes` does.

    Returns:
        For each row what stands for it; one that is known already is no mistake, and not new.
    """
    return home.outcomes.add_all(checked_outcomes(home, plant, rows, now=now), now)


def checked_outcomes(
    home: Home, plant: str, rows: Sequence[OutcomeRow], *, now: datetime
) -> list[NewOutcome]:
    """The same before it is written: reading what is known takes longer than writing a row.

    Raises:
        UnknownPlantError: There is no such plant.
        IntakeError: Lists every problem of every row.
    """
    require_plant(home, plant)
    known = known_units(home, plant, {row.unit for row in rows})
    source, problems = f"Outcomes for plant {plant!r}", list[str]()
    for number, row in enumerate(rows, start=1):
        found = list(_outcome_problems(row, known, now))
        problems += [f"row {number}: {problem}" for problem in found]
        if not found:
            known.learn(row.unit, row.kind, row.life)
    if problems:
        raise IntakeError(source, problems)
    return [
        NewOutcome(
            plant=plant,
            unit=row.unit,
            kind=row.kind,
            life=float(row.life),
            observed_at=row.observed_at or now,
        )
        for row in rows
    ]


def withdraw_outcome(
    home: Home, plant: str, unit: str, *, actor: str, reason: str, now: datetime
) -> Outcome:
    """Take back the outcome that ended a unit's history, so that the right one can be told.

    Returns:
        What was withdrawn. A retrain that learned from it (``retrain_id``) is not undone.

    Raises:
        UnknownPlantError: There is no such plant.
        RecordError: No reason is given, or somebody else withdrew it at the same time.
        IntakeError: Nobody told the unit's end.
    """
    require_plant(home, plant)
    reason, what = given(reason), f"Withdrawal at plant {plant!r}"
    with writing(home.engine):
        ends = {each.unit: each for each in home.outcomes.of_plant(plant) if each.is_end}
        if unit not in ends:
            problem = f"nobody told the end of unit {quoted(unit)}, so none can be withdrawn"
            hint = did_you_mean(unit, ends)
            raise IntakeError(what, [problem + hint])
        wrong = ends[unit]
        home.outcomes.withdraw(wrong.id, now)
        body = {"unit": unit, "kind": wrong.kind, "life": wrong.life, "outcome": wrong.id}
        body |= {"actor": actor, "reason": reason}
        home.ledger.append("withdrawal", plant=plant, body=body, now=now)
    return wrong


def _anonymous(home: Home, row: FeedbackRow, now: datetime) -> NewFeedback:
    created_at = row.created_at or now
    return NewFeedback(
        prediction_id=row.prediction,
        rating=row.rating,
        reason=row.reason,
        person=home.people.of(row.person, created_at),
        created_at=created_at,
        salt=secrets.token_hex(KEY_DIGITS // 2),
    )


def _feedback_problems(
    row: FeedbackRow, rated: Rated | None, plant: str, now: datetime
) -> Iterator[str]:
    if rated is None:
        yield f"no prediction {quoted(row.prediction)} was recorded"
    elif rated.plant != plant:
        yield f"prediction {row.prediction} is about plant {rated.plant!r}, not {plant!r}"
    elif row.unit not in (None, rated.unit):
        yield f"prediction {row.prediction} is about unit {rated.unit!r}, not {row.unit!r}"
    elif rated.role == "shadow":
        yield f"prediction {row.prediction} was never shown to anybody: a model in the shadow made it"
    elif _is_before(row.created_at, rated.created_at):
        yield (
            f"{row.created_at:%F %H:%M %Z} is before prediction {row.prediction} was made, at "
            f"{rated.created_at:%F %H:%M} UTC"
        )
    yield from _code_problem("rating", row.rating, RATINGS)
    if row.reason is not None:
        yield from _code_problem("reason", row.reason, REASONS)
    if not row.person.strip():
        yield "the person is empty, a name is expected (only a pseudonym is kept)"
    yield from _moment_problem(row.created_at, now)


def _is_before(said: datetime | None, made: datetime) -> bool:
    """One person could fill many days of the past with ratings of one prediction."""
    return said is not None and said.tzinfo is not None and said < made - CLOCKS_DIFFER


def _outcome_problems(row: OutcomeRow, known: KnownUnits, now: datetime) -> Iterator[str]:
    if row.unit not in known.lives and row.unit not in known.stored:
        hint = did_you_mean(row.unit, {*known.lives, *known.stored})
        yield f"nobody knows unit {quoted(row.unit)}: no prediction, no reading, no outcome{hint}"
    yield from _code_problem("kind", row.kind, OUTCOMES)
    if not (math.isfinite(row.life) and row.life >= 0):
        yield f"life is {row.life:g}, a number from 0 on is expected"
    elif row.life > known.limit:
        expected = (
            f"at most {known.limit:g} is expected, {LONGEST} times the longest life known here"
        )
        yield f"life is {row.life:g}, {expected}"
    elif row.kind in OUTCOMES:
        yield from _life_problem(row, known)
    yield from _moment_problem(row.observed_at, now)
    if row.observed_at and row.observed_at.tzinfo and row.observed_at < FIRST_MOMENT:
        yield f"{row.observed_at.isoformat()} is before 1970, a later moment is expected"


def _life_problem(row: OutcomeRow, known: KnownUnits) -> Iterator[str]:
    """What is known already says otherwise."""
    kind, life = known.ends.get(row.unit, ("", math.inf))
    seen = known.lives.get(row.unit, 0.0)
    if row.kind == RUNNING:
        if row.life > life:
            yield f"unit {row.unit!r} {kind} at {life:g} and cannot be running at {row.life:g}"
    elif kind and (row.kind, row.life) != (kind, life):
        yield (
            f"unit {row.unit!r} {kind} at {life:g} already and cannot end twice; after a repair it "
            f"is another unit"
        )
    elif row.life < seen:
        yield f"unit {row.unit!r} was seen at {seen:g} and cannot have ended before, at {row.life:g}"


def _code_problem(what: str, found: str, allowed: tuple[str, ...]) -> Iterator[str]:
    if found not in allowed:
        choices = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
        yield f"{what} is {quoted(found)}, {choices} is expected{did_you_mean(found, allowed)}"


def _moment_problem(moment: datetime | None, now: datetime) -> Iterator[str]:
    if moment is None:
        return
    if moment.tzinfo is None:
        yield f"{moment.isoformat()} has no time zone, as in {moment.isoformat()}Z"
    elif moment > now + CLOCKS_DIFFER:
        yield f"{moment.isoformat()} is in the future: it is {now:%F %H:%M} UTC"
