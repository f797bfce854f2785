"""From a version down to raw data as a graph, and what the ledger says, in plain values.

Belongs here: gathering, and the depth of each step. Does not belong here: where a step is drawn, words
(``service``), whether it all holds (``audit.verify``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rul_platform.core.ledger import LedgerRow
from rul_platform.errors import EnvelopeError, KeyFileError, StoreError
from rul_platform.operation.provenance import opened
from rul_platform.operation.told_failures import told
from rul_platform.storage.home import Home
from rul_platform.storage.lineage import Input, Materialization
from rul_platform.storage.models import ModelVersion

CODE, COMMIT = "source code", "gitCommit"
"""Where a statement names the commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something on the way from raw data to a version: an artifact, or bytes from outside.

    Attributes:
        key: Unique in its graph.
        asset: Name of the asset.
        partition: Which one of its partitions.
        sha256: The bytes.
        run_id: The run that made it; None where it came from outside.
        code_version: Of the code that made it; None likewise.
        made_at: When, in UTC; None likewise.
        depth: 0 for the version itself; every step lies deeper than all that was made from it.
        read: Keys of the steps that it was made from, in the order of reading.
    """

    key: str
    asset: str
    partition: str
    sha256: str
    run_id: str | None
    code_version: str | None
    made_at: datetime | None
    depth: int
    read: tuple[str, ...]

    @property
    def is_outside(self) -> bool:
        """Whether it came from outside of the platform."""
        return self.run_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Whether it is signed how a version was made.

    Attributes:
        is_signed: Whether there is a statement.
        problem: What is wrong with it, found with the public keys; empty where nothing is. No paths.
        signed_at: When, in UTC; None without one.
        envelope: The artifact that holds the newest statement.
        commit: Of the code that trained it; None where that is not known.
    """

    is_signed: bool
    problem: str = ""
    signed_at: datetime | None = None
    envelope: str | None = None
    commit: str | None = None

    @property
    def holds(self) -> bool:
        """Whether a known key signed these words about it."""
        return self.is_signed and not self.problem


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorState:
    """How far the ledger is signed.

    Attributes:
        newest: Number of the ledger's last row; 0 of an empty ledger.
        seq: The row that the newest anchor signs; None where nothing is signed.
        signed_at: When, in UTC; None likewise, or where nobody can read it.
        key_id: Who signed.
        problem: What is wrong with it, found with the public keys and the row; empty where nothing
            is. No paths.
    """

    newest: int
    seq: int | None = None
    signed_at: datetime | None = None
    key_id: str | None = None
    problem: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether the last row is signed, and that holds."""
        return self.seq == self.newest and not self.problem


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """A row of the ledger, its body read.

    Attributes:
        seq: Its number.
        kind: What happened.
        at: When, in UTC; None where nobody can read it.
        hash: Its hash.
        body: What it says.
        is_signed: Whether an anchor covers it.
    """

    seq: int
    kind: str
    at: datetime | None
    hash: str
    body: Mapping[str, Any]
    is_signed: bool


def lineage_of(home: Home, version: ModelVersion) -> tuple[Step, ...]:
    """Every step from a version down to raw data, by depth, then as it was made.

    Raises:
        DatabaseError: The tables cannot be read.
    """
    made = home.lineage.ancestors(version.sha256)
    read = {each.id: _read(each, made) for each in made}
    outside = {_outside_key(given): given for found in read.values() for given in found
               if isinstance(given, Input)}  # fmt: skip
    keys = {each.id: tuple(map(_key, read[each.id])) for each in made}
    depths = _depths(made, keys)
    steps = [_step(each, depths[_key(each)], keys[each.id]) for each in made]
    steps += [_outside(each, key, depths[key]) for key, each in outside.items()]
    return tuple(sorted(steps, key=lambda step: step.depth))


def signature_of(home: Home, version: ModelVersion) -> Signature:
    """Whether the newest statement about a version holds."""
    signed = home.provenance.of_version(version.plant, version.number)
    if not signed:
        return Signature(is_signed=False)
    kept = signed[-1]
    problem, commit = "", None
    try:
        statement = opened(home, kept)
        commit = next(
            (e.digest.get(COMMIT) for e in statement.dependencies if e.name == CODE), None
        )
    except (StoreError, EnvelopeError, KeyFileError, OSError) as error:
        problem = told(error)
    return Signature(
        is_signed=True,
        problem=problem,
        signed_at=kept.created_at,
        envelope=kept.envelope,
        commit=commit,
    )


def anchor_state(home: Home) -> AnchorState:
    """How far the ledger is signed, and whether its newest anchor holds."""
    last, anchor = home.ledger.newest(), home.anchors.newest()
    newest = last.seq if last else 0
    if anchor is None:
        return AnchorState(newest=newest)
    try:
        problem = anchor.problem(home.signing.known()) or ""
    except (KeyFileError, OSError) as error:
        problem = told(error)
    signed = home.ledger.rows(after=anchor.seq - 1, limit=1)
    if not problem and (not signed or signed[0].hash != anchor.hash):
        problem = "signs a row that is not in the ledger"
    return AnchorState(
        newest=newest,
        seq=anchor.seq,
        signed_at=_moment(anchor.signed_at),
        key_id=anchor.key_id,
        problem=problem,
    )


def ledger_entries(
    home: Home, plant: str, *, limit: int, before: int | None = None
) -> tuple[LedgerEntry, ...]:
    """The newest rows about a plant, or the ones before a row; newest first."""
    anchor = home.anchors.newest()
    signed = anchor.seq if anchor else 0
    rows = home.ledger.newest_of_plant(plant, limit=limit, before=before)
    return tuple(_entry(row, is_signed=row.seq <= signed) for row in rows)


def _entry(row: LedgerRow, *, is_signed: bool) -> LedgerEntry:
    return LedgerEntry(
        seq=row.seq,
        kind=row.kind,
        at=_moment(row.created_at),
        hash=row.hash,
        body=json.loads(row.body),
        is_signed=is_signed,
    )


def _moment(text: str) -> datetime | None:
    """A moment as the ledger has it; somebody may have changed it."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _read(
    child: Materialization, made: tuple[Materialization, ...]
) -> list[Materialization | Input]:
    """What a step read: as ``LineageStore.ancestors`` follows it, or from outside."""
    found = list[Materialization | Input]()
    for given in child.inputs:
        same = [each for each in made if each.sha256 == given.sha256 and each.id < child.id]
        named = [e for e in same if (e.asset, e.partition) == (given.asset, given.partition)]
        found.append(max(named or same, key=lambda each: each.id) if same else given)
    return list({_key(each): each for each in found}.values())


def _key(of: Materialization | Input) -> str:
    return _outside_key(of) if isinstance(of, Input) else f"m{of.id}"


def _outside_key(given: Input) -> str:
    return f"{given.asset}-{given.sha256}"


def _depths(
    made: tuple[Materialization, ...], keys: Mapping[int, tuple[str, ...]]
) -> dict[str, int]:
    """The longest way from the version; those that stand first were made from those behind them."""
    found = dict[str, int]()
    for each in made:
        depth = found.setdefault(_key(each), 0)
        for key in keys[each.id]:
            found[key] = max(found.get(key, 0), depth + 1)
    return found


def _step(made: Materialization, depth: int, read: tuple[str, ...]) -> Step:
    return Step(
        key=_key(made),
        asset=made.asset,
        partition=made.partition,
        sha256=made.sha256,
        run_id=made.run_id,
        code_version=made.code_version,
        made_at=made.created_at,
        depth=depth,
        read=read,
    )


def _outside(given: Input, key: str, depth: int) -> Step:
    return Step(
        key=key,
        asset=given.asset,
        partition=given.partition,
        sha256=given.sha256,
        run_id=None,
        code_version=None,
        made_at=None,
        depth=depth,
        read=(),
    )
