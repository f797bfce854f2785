"""Rows of model versions, inside the transaction of whoever asks.

Belongs here: reading rows, and changing one where it is still as it was read. Does not belong
here: when to do so, and the transaction (``version_states``, ``models``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from rul_platform.errors import UnknownVersionError, VersionStateError
from rul_platform.storage.tables import MODEL_VERSION

_V = MODEL_VERSION.c


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """One version of a plant's model.

    Attributes:
        plant: Whose model.
        number: From 1, per plant, in the order of registration.
        sha256: Its artifact.
        state: One of ``tables.STATES``.
        created_at: When it was registered, in UTC.
        note: Why it is in this state, where there is something to say.
        cleaned_at: When its files were removed; None while they are there.
    """

    plant: str
    number: int
    sha256: str
    state: str
    created_at: datetime
    note: str
    cleaned_at: datetime | None

    def is_ready(self, states: Iterable[str]) -> bool:
        """Whether it is in one of the states and its files were not removed."""
        return self.state in states and self.cleaned_at is None

    @property
    def told_state(self) -> str:
        """Its state, for people."""
        return self.state if self.cleaned_at is None else f"{self.state}, its files removed"


def of_plant(connection: sa.Connection, plant: str | None) -> tuple[ModelVersion, ...]:
    """Versions of one plant, or of all; by plant, then by number."""
    found = _select(connection, *([] if plant is None else [_V.plant == plant]))
    return tuple(sorted(found, key=lambda each: (each.plant, each.number)))


def get(connection: sa.Connection, plant: str, number: int) -> ModelVersion:
    """One version.

    Raises:
        UnknownVersionError: The plant has none of this number.
    """
    known = of_plant(connection, plant)
    for version in known:
        if version.number == number:
            return version
    raise UnknownVersionError(plant, number, held=[version.number for version in known])


def in_state(connection: sa.Connection, plant: str, state: str) -> ModelVersion | None:
    """The version in a state that only one has at a time, or None."""
    found = _select(connection, _V.plant == plant, _V.state == state)
    return found[0] if found else None


def in_states(connection: sa.Connection, states: Sequence[str]) -> list[ModelVersion]:
    """Versions in any of these states, whatever the plant; by plant, then by number."""
    return _select(connection, _V.state.in_(states))


def add(connection: sa.Connection, plant: str, sha256: str, now: datetime) -> ModelVersion:
    """A new candidate; the same artifact again is the version that it already is."""
    known = of_plant(connection, plant)
    for version in known:
        if version.sha256 == sha256:
            return version
    number = max((version.number for version in known), default=0) + 1
    row = {"plant": plant, "number": number, "sha256": sha256, "created_at": now}
    connection.execute(MODEL_VERSION.insert().values(**row, state="candidate", note=""))
    return get(connection, plant, number)


def move(connection: sa.Connection, version: ModelVersion, state: str, note: str) -> None:
    """Give a version another state, if it is still in the one that it was read in.

    Raises:
        VersionStateError: It is not.
    """
    moved = connection.execute(
        _update(version).where(_V.state == version.state).values(state=state, note=note)
    )
    if not moved.rowcount:
        found = get(connection, version.plant, version.number)
        require(found, (version.state,), f"becomes {state} here", needs_files=False)


def note_cleaned(connection: sa.Connection, version: ModelVersion, at: datetime | None) -> None:
    """Say when its files were removed, or that they are there again."""
    connection.execute(_update(version).values(cleaned_at=at))


def require(
    version: ModelVersion, states: Iterable[str], what: str, *, needs_files: bool = True
) -> None:
    """Let only versions in these states do this.

    Raises:
        VersionStateError: It is in another state, or its files were removed and are needed.
    """
    states = tuple(states)
    if version.state not in states or (needs_files and version.cleaned_at is not None):
        raise VersionStateError(
            version.plant, version.number, state=version.told_state, allowed=states, what=what
        )


def _update(version: ModelVersion) -> sa.Update:
    return MODEL_VERSION.update().where(_V.plant == version.plant, _V.number == version.number)


def _select(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[ModelVersion]:
    question = sa.select(MODEL_VERSION).where(*conditions).order_by(_V.number)
    return [ModelVersion(**row) for row in connection.execute(question).mappings()]
