"""The ledger's chain, its anchors, and the keys that signed them.

Belongs here: the walk over all rows, once, in small memory. Does not belong here: what single rows say
(``decisions``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rul_platform.core.ledger import LedgerRow, breaks
from rul_platform.core.ledger_anchor import Anchor
from rul_platform.core.signatures import PublicKey
from rul_platform.errors import KeyFileError, RulPlatformError
from rul_platform.operation.audit.problems import Problem
from rul_platform.operation.provenance import ANCHOR, opened
from rul_platform.operation.signing import told as keys_told
from rul_platform.storage.home import Home

PART = "ledger"


@dataclass(slots=True)
class Walk:
    """What was counted on the way.

    Attributes:
        rows: Of the ledger.
        last: Number of the last row.
        anchors: How many rows have an anchor that holds.
    """

    rows: int = 0
    last: int = 0
    anchors: int = 0


def chain(home: Home, walk: Walk) -> Iterator[Problem]:
    """Everything that is wrong with the chain and with its anchors.

    An anchor of a row that is not there shows a cut tail; one whose hash is another than the row's shows
    that the ledger was written anew. Anchors come from the table, the file and signed envelopes.
    """
    anchors, problems = _anchors(home)
    yield from (*problems, *_keys(home))
    waiting = dict[int, set[str]]()
    for anchor in anchors:
        waiting.setdefault(anchor.seq, set()).add(anchor.hash)
    highest, rewritten = max(waiting, default=0), list[int]()
    for problem in breaks(_watched(home.ledger.all(), walk, waiting, rewritten)):
        yield Problem("broken", PART, "ledger", problem)
    for seq in rewritten:
        what = "its hash is not the one that was signed: the ledger was written anew"
        yield Problem("broken", PART, f"ledger row {seq}", what)
    if waiting:
        gone = f"row {min(waiting)}" if len(waiting) == 1 else f"rows from {min(waiting)} on"
        yield Problem("broken", PART, "ledger", f"{gone} were signed and are not there")
    if walk.last > highest:
        what = f"rows {highest + 1} to {walk.last} are signed by no known key"
        yield Problem("unknown", PART, "ledger", what)


def _watched(
    rows: Iterator[LedgerRow], walk: Walk, waiting: dict[int, set[str]], rewritten: list[int]
) -> Iterator[LedgerRow]:
    """Rows as they go by, each held against what was signed of it."""
    for row in rows:
        walk.rows, walk.last = walk.rows + 1, row.seq
        if (signed := waiting.pop(row.seq, None)) is not None:
            if signed == {row.hash}:
                walk.anchors += 1
            else:
                rewritten.append(row.seq)
        yield row


def _anchors(home: Home) -> tuple[list[Anchor], list[Problem]]:
    """Those that a known key signed, and what is wrong with the others."""
    try:
        keys = home.signing.known()
    except KeyFileError as error:
        return [], [Problem("broken", PART, "keys", str(error))]
    found, problems = list[Anchor](), list[Problem]()
    if not keys and home.ledger.newest() is not None:
        what = f"no public key in {home.signing.folder}: signatures cannot be checked"
        return [], [Problem("unknown", PART, "keys", what)]
    for where, anchor in _all_anchors(home):
        if isinstance(anchor, str):
            problems.append(Problem("broken", PART, where, anchor))
        elif (problem := _problem(anchor, keys)) is not None:
            problems.append(Problem("broken", PART, f"{where}, of row {anchor.seq}", problem))
        else:
            found.append(anchor)
    return found, problems


def _keys(home: Home) -> Iterator[Problem]:
    """Keys that the ledger tells of and that cannot be believed; files of keys that it does not."""
    try:
        told, known = keys_told(home), home.signing.known()
    except KeyFileError:
        return  # `_anchors` says what is wrong with the files
    for each in told if known else ():
        if each.problem is not None:
            kind = "broken" if each.key_id in known or not each.key_id else "unknown"
            yield Problem(kind, PART, f"key {each.key_id[:12]}", each.problem)
    for key_id in known.keys() - {each.key_id for each in told}:
        what = "its public key is here, and the ledger knows nothing of it"
        yield Problem("broken", PART, f"key {key_id[:12]}", what)


def _all_anchors(home: Home) -> Iterator[tuple[str, Anchor | str]]:
    seen = set[Anchor]()
    for anchor in home.anchors.in_table():
        seen.add(anchor)
        yield "anchor in the database", anchor
    for anchor in home.anchors.in_file():
        if anchor not in seen:
            yield "anchor in the file", anchor
    for version in home.registry.versions():
        for kept in home.provenance.of_version(version.plant, version.number):
            where = f"anchor in the provenance of {version.plant} version {version.number}"
            try:
                told = opened(home, kept).byproduct(ANCHOR)
            except (RulPlatformError, OSError):
                continue  # `versions` says what is wrong with it
            if told is not None:
                yield where, Anchor.from_json(told["annotations"])


def _problem(anchor: Anchor, keys: Mapping[str, PublicKey]) -> str | None:
    problem = anchor.problem(keys)
    return None if problem is None else f"it {problem}"
