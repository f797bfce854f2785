"""Steps of an answer, for whoever wants to know how long each takes.

Belongs here: what a watcher of steps looks like. Does not belong here: watchers (``service.spans``).
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol


class Step(Protocol):
    """Told of each step, as a block that the step runs in."""

    def __call__(self, name: str, *, plant: str, version: int) -> AbstractContextManager[Any]:
        """A step of this name, for this plant, with this version of its model."""
        ...


_NOTHING = nullcontext()


def unwatched(name: str, *, plant: str, version: int) -> AbstractContextManager[Any]:  # noqa: ARG001
    """Nobody wants to know."""
    return _NOTHING
