"""Which network plants start from: what there is, what was selected, and selecting another one.

    file ── import ──► imported_checkpoint ─┐
                                            ├── select ──► parent of the next training
    pretrained_checkpoint (the asset) ──────┘

Whoever selects names something that is registered: a name, a sha256, or ``pretrained``, the newest that
the asset made, now and later. Nothing is ever opened by such a text. Where nobody selected anything, it
is the newest too.

Belongs here: from what was named to an artifact, and the decision. Does not belong here: reading files
(``orchestration.imported_checkpoints``), weights (``learning``), which plant starts when
(``orchestration``).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from rul_platform.core.architectures import ARCHITECTURES
from rul_platform.core.artifact_files import CARD_FILE
from rul_platform.core.parents import IMPORTED, NEWEST, PRETRAINED, config_of, is_sha256
from rul_platform.core.wording import did_you_mean, listing
from rul_platform.errors import (
    OtherArchitectureError,
    ParentChangedError,
    RecordError,
    UnknownCheckpointError,
)
from rul_platform.operation.decisions import given
from rul_platform.storage.home import Home
from rul_platform.storage.parents import Selected

__all__ = ["KnownCheckpoint", "Selected", "known", "parent_of", "select", "selected"]

SHOWN = 200
"""Characters of what was asked for that an error repeats: no name is longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCheckpoint:
    """A checkpoint that plants can start from.

    Attributes:
        names: What it is called; ``pretrained`` where it is the newest of the asset; maybe nothing.
        architecture: ``lstm``, ``gru`` or ``tcn``.
        sha256: The artifact.
        origin: ``pretrained_checkpoint`` or ``imported_checkpoint``, as lineage names it.
        config: Its sizes, channels and terms, plain values; empty where nobody asked for them.
        seen: Subsets of turbofans that it has seen; None where that is not known.
    """

    names: tuple[str, ...]
    architecture: str
    sha256: str
    origin: str
    config: dict[str, Any] = field(default_factory=dict[str, Any])
    seen: tuple[str, ...] | None = None


def known(home: Home) -> tuple[KnownCheckpoint, ...]:
    """All of them, by architecture; of each those of the asset first, and older before newer ones.

    Raises:
        StoreError: A card is not there, or was changed.
    """
    return tuple(_described(home, each) for each in _registered(home))


def selected(home: Home, architecture: str) -> Selected | None:
    """What somebody selected for an architecture; None where nobody did.

    Of ``pretrained`` the ``sha256`` is that of the newest now, whatever it was when it was selected.
    """
    found = home.parents.newest(architecture)
    if found is None or found.name != NEWEST:
        return found
    made = home.lineage.current(PRETRAINED, architecture)
    return found if made is None else replace(found, sha256=made.sha256)


def parent_of(home: Home, architecture: str) -> KnownCheckpoint | None:
    """What the next training starts from: what is selected, or else the newest of the asset."""
    chosen = selected(home, architecture)
    made = home.lineage.current(PRETRAINED, architecture)
    sha256 = chosen.sha256 if chosen else made.sha256 if made else None
    registered = [each for each in _registered(home) if each.architecture == architecture]
    return next((each for each in registered if each.sha256 == sha256), None)


def select(
    home: Home,
    architecture: str,
    wanted: str,
    *,
    actor: str,
    expected: str | None,
    now: datetime,
    reason: str | None = None,
) -> Selected:
    """Let trainings of an architecture start from this checkpoint from now on.

    What is selected already is not selected again, so that a repetition is harmless.

    Args:
        home: Where checkpoints are registered.
        architecture: ``lstm``, ``gru`` or ``tcn``.
        wanted: A name, a sha256, or ``pretrained``.
        actor: Pseudonym of who decides.
        expected: sha256 of the selection that the decision is based on; None for none.
        now: When.
        reason: Why, for the audit; None where whoever asks has not been told one.

    Raises:
        RecordError: No such architecture, or an empty reason.
        UnknownCheckpointError: Nothing is registered under this name or hash.
        OtherArchitectureError: It is of another architecture.
        StoreError: Its files are damaged.
        ParentChangedError: Another selection counts than the expected one.
    """
    why = "" if reason is None else given(reason)
    found = _found(home, architecture, wanted)
    _require_whole(home, found)
    name = _given_name(found) if is_sha256(wanted) else wanted
    with home.parents.alone():
        before = selected(home, architecture)
        was = before.sha256 if before else None
        if before and (was, before.name == NEWEST) == (found.sha256, wanted == NEWEST):
            return before
        if was != expected:
            raise ParentChangedError(architecture, expected=expected, found=was)
        return home.parents.select(
            architecture,
            sha256=found.sha256,
            origin=found.origin,
            name=name,
            over=was,
            actor=actor,
            reason=why,
            now=now,
        )


def _found(home: Home, architecture: str, wanted: str) -> KnownCheckpoint:
    """What is meant, if it can be started from.

    Raises:
        RecordError: No such architecture.
        UnknownCheckpointError: Nothing is registered under this name or hash.
        OtherArchitectureError: It is of another architecture.
    """
    if architecture not in ARCHITECTURES:
        expected = " or ".join(ARCHITECTURES)
        raise RecordError("The architecture", found=repr(architecture[:SHOWN]), expected=expected)
    every = _registered(home)
    meant = [each for each in every if wanted in (*each.names, each.sha256)]
    fitting = [each for each in meant if each.architecture == architecture]
    if fitting:
        return fitting[0]
    if meant and wanted != NEWEST:  # every architecture has a newest one of its own
        found = meant[0].architecture
        raise OtherArchitectureError(wanted, found=found, expected=architecture)
    names = _names(each for each in every if each.architecture == architecture)
    hint = did_you_mean(wanted, names) if len(wanted) <= SHOWN else ""
    shown = [listing(names)] if names else []
    raise UnknownCheckpointError(wanted[:SHOWN], known=shown, hint=hint)


def _registered(home: Home) -> list[KnownCheckpoint]:
    """All of them, without what stands on their cards."""
    return [
        each
        for architecture in ARCHITECTURES
        for each in (*_made(home, architecture), *_imported(home, architecture))
    ]


def _made(home: Home, architecture: str) -> list[KnownCheckpoint]:
    """What the asset made, each content once; the newest last."""
    history = [each.sha256 for each in home.lineage.history(PRETRAINED, architecture)]
    newest_first = dict.fromkeys(reversed(history))
    return [
        KnownCheckpoint(
            names=(NEWEST,) if sha256 == history[-1] else (),
            architecture=architecture,
            sha256=sha256,
            origin=PRETRAINED,
        )
        for sha256 in reversed(newest_first)
    ]


def _imported(home: Home, architecture: str) -> list[KnownCheckpoint]:
    """What was imported, each content once with all of its names."""
    names = dict[str, list[str]]()
    for each in home.parents.imported():
        if each.architecture == architecture:
            names.setdefault(each.sha256, []).append(each.name)
    return [
        KnownCheckpoint(
            names=tuple(given_names), architecture=architecture, sha256=sha256, origin=IMPORTED
        )
        for sha256, given_names in names.items()
    ]


def _described(home: Home, each: KnownCheckpoint) -> KnownCheckpoint:
    card = json.loads(home.store.read(home.store.artifact(each.sha256), CARD_FILE))
    seen = card.get("subsets")
    return replace(each, config=config_of(card), seen=None if seen is None else tuple(seen))


def _require_whole(home: Home, found: KnownCheckpoint) -> None:
    """Read and hash every file, as before anything is put in charge."""
    artifact = home.store.artifact(found.sha256)
    for name in artifact.files:
        home.store.path(artifact, name)


def _given_name(found: KnownCheckpoint) -> str:
    """The first name that a person gave; empty where nobody gave one."""
    return next((name for name in found.names if name != NEWEST), "")


def _names(every: Iterable[KnownCheckpoint]) -> list[str]:
    return [name for each in every for name in each.names]
