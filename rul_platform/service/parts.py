"""What the service is made of, and what it starts and stops.

Belongs here: putting parts together. Does not belong here: routes.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Thread

from rul_platform.operation.serving.answer_log import AnswerLog
from rul_platform.operation.serving.feedback_desk import FeedbackDesk
from rul_platform.operation.serving.predicting import Predicting
from rul_platform.operation.serving.slots import Slots
from rul_platform.operation.serving.store_watch import StoreWatch
from rul_platform.service.access import Tokens
from rul_platform.service.ended import Ended
from rul_platform.service.gathering import Gathering
from rul_platform.service.gauges import Gauges
from rul_platform.service.metrics import Metrics
from rul_platform.service.ratings import Ratings
from rul_platform.service.sessions import Sessions
from rul_platform.service.telemetry import Tracing, Untraced
from rul_platform.storage.home import Home

_LOG = logging.getLogger(__name__)

REFRESH_SECONDS = 1.0
"""A new champion answers within this time and what its loading takes."""


CLOSE_SECONDS = 5.0
"""A look at a registry that does not answer is not waited for: there are answers to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """All parts of a service; ``close`` stops those that run.

    Attributes:
        home: Where everything is kept.
        slots: The models in memory.
        log: Where answers go.
        ratings: Where ratings go.
        predicting: Questions to answers.
        gathering: The same, together with others.
        tokens: Who may call.
        sessions: Browsers that signed in.
        ended: Those that signed out.
        metrics: What Prometheus is told of requests and answers.
        gauges: What it is told of plants.
        tracing: Where spans go.
        watcher: Follows the registry.
        store: Asks whether the store of artifacts answers.
        started_at: When, in UTC.
    """

    home: Home
    slots: Slots
    log: AnswerLog
    ratings: Ratings
    predicting: Predicting
    gathering: Gathering
    tokens: Tokens
    sessions: Sessions
    ended: Ended
    metrics: Metrics
    gauges: Gauges
    tracing: Tracing
    watcher: "Watcher"
    store: StoreWatch
    started_at: datetime

    @classmethod
    def open(
        cls,
        home: Home,
        *,
        refresh_seconds: float = REFRESH_SECONDS,
        tracing: Tracing | None = None,
    ) -> "Parts":
        """Load every model in charge, and start what runs beside requests.

        Args:
            home: Where everything is kept.
            refresh_seconds: How often the registry is looked at.
            tracing: Where spans go; None for nowhere. It is closed with the other parts.

        Raises:
            RulPlatformError: The database does not answer, or a key may not be read.
        """
        slots, tracing = Slots(home), tracing or Untraced()
        slots.refresh()
        log, store = AnswerLog(home), StoreWatch(home)
        predicting = Predicting(slots, log, tracing.step)
        return cls(
            home=home,
            slots=slots,
            log=log,
            ratings=Ratings(FeedbackDesk(home, log)),
            predicting=predicting,
            gathering=Gathering(predicting, home.now),
            tokens=Tokens(home),
            sessions=Sessions.of(home.signing.folder),
            ended=Ended(home),
            metrics=Metrics(),
            gauges=Gauges(home, slots, log, store),
            tracing=tracing,
            watcher=Watcher(slots, refresh_seconds),
            store=store,
            started_at=home.now(),
        )

    def close(self) -> bool:
        """Write what waits; False where something could not be written in time."""
        self.watcher.close()
        self.store.close()
        self.ratings.close()
        is_done = self.log.close()
        self.tracing.close()
        return is_done


class Watcher:
    """Refreshes the slots again and again."""

    def __init__(self, slots: Slots, seconds: float) -> None:
        self._slots, self._seconds = slots, seconds
        self.problem: str | None = None
        self._over = Event()
        self._thread = Thread(target=self._run, name="registry watcher", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._over.set()
        self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        while not self._over.wait(self._seconds):
            try:
                self._slots.refresh()
                self.problem = None
            except Exception as error:  # whatever it is: without this thread no model is exchanged
                self.problem = type(error).__name__
                _LOG.warning("The registry cannot be read; models stay as they are: %s", error)
