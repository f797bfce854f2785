"""Whether the store of artifacts answers, for a service that needs it only now and then.

Belongs here: asking again and again, beside everything else. Does not belong here: who is told
(``service.gauges``).
"""

import logging
from threading import Event, Thread

from rul_platform.errors import StoreUnreachableError
from rul_platform.storage.home import Home

_LOG = logging.getLogger(__name__)

LOOK_SECONDS = 15.0
CLOSE_SECONDS = 1.0
"""A question to a server that says nothing is not waited for."""


class StoreWatch:
    """Asks the store whether it is there."""

    def __init__(self, home: Home, *, seconds: float = LOOK_SECONDS) -> None:
        self._home, self._seconds = home, seconds
        self._is_up, self._over = True, Event()
        self._thread = Thread(target=self._run, name="store watch", daemon=True)
        self._thread.start()

    @property
    def is_up(self) -> bool:
        """Whether it answered the last time; True before the first time."""
        return self._is_up

    def look(self) -> None:
        """Ask once."""
        try:
            self._home.store.blobs.reach()
            self._is_up = True
        except StoreUnreachableError as error:
            if self._is_up:
                _LOG.warning("Models in memory go on, new ones wait: %s", error)
            self._is_up = False

    def close(self) -> None:
        """Stop."""
        self._over.set()
        self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        while not self._over.wait(self._seconds):
            self.look()
