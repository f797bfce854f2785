"""What became of a machine, from a caller that may ask again under the same key.

Belongs here: one outcome, once. Does not belong here: what an outcome must be like (``intake``).
"""

from rul_platform.operation.intake import OutcomeRow, checked_outcomes
from rul_platform.operation.serving.answer_log import AnswerLog
from rul_platform.storage.answered_requests import RacedError
from rul_platform.storage.database import writing
from rul_platform.storage.feedback_rows import Added
from rul_platform.storage.home import Home

FLUSH_SECONDS = 5.0


def take_outcome(
    home: Home, plant: str, row: OutcomeRow, *, key: str | None, body: str, log: AnswerLog
) -> Added:
    """Store an outcome, unless this very request was answered before.

    Answers that are on their way into the log are waited for: they may be all that is known of the unit.

    Raises:
        UnknownPlantError: There is no such plant.
        IntakeError: Lists what is wrong.
        KeyReusedError: The key was used for another request.
    """
    if log.waiting:
        log.flush(FLUSH_SECONDS)
    try:
        return _take(home, plant, row, key, body)
    except RacedError:  # the same request came to another process: it is answered now
        return _take(home, plant, row, key, body)


def _take(home: Home, plant: str, row: OutcomeRow, key: str | None, body: str) -> Added:
    asked = {} if key is None else {key: body}
    known = home.answered.find(asked)
    if known:
        return Added(**next(iter(known.values())))
    now = home.now()
    new = checked_outcomes(home, plant, [row], now=now)
    with writing(home.engine):
        added = home.outcomes.add_all(new, now)[0]
        if key is not None:
            answer = {"id": added.id, "is_new": added.is_new}
            home.answered.keep({key: (body, answer)}, now)
        return added
