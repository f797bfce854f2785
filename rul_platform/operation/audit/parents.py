"""What plants can start from that no asset made, and who selected it: files, tables and ledger agree.

An imported checkpoint comes from outside, so the walk down from a version ends at it: its row in the
ledger is what says who brought it, and which file it was.

Belongs here: imports and selections. Does not belong here: what an asset made (``versions``).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rul_platform.core.canonical import canonical_json
from rul_platform.core.parents import PRETRAINED
from rul_platform.operation.audit.hashed import Hashed
from rul_platform.operation.audit.problems import Problem
from rul_platform.storage.home import Home
from rul_platform.storage.parents import IMPORT_ROW, SELECTION_ROW, Imported, Selected

PART = "parents"
FILES = ("checkpoint.pt", "card.json")

Body = Mapping[str, Any]


def parents(home: Home, hashed: Hashed) -> Iterator[Problem]:
    """Everything that is wrong with imported checkpoints and with what was selected."""
    for each in home.parents.imported():
        place = f"checkpoint {each.name}"
        yield from _whole(home, each, place, hashed)
    yield from _both_ways(home, IMPORT_ROW, [_of_import(each) for each in home.parents.imported()])
    yield from _both_ways(home, SELECTION_ROW, [_of_choice(e) for e in home.parents.history()])
    for each in home.parents.history():
        yield from _known(home, each)


def of_import(home: Home, sha256: str, where: str, hashed: Hashed) -> Iterator[Problem]:
    """What is wrong with an imported checkpoint that a version was made from, down to its ledger row."""
    for problem in hashed.problems(home, sha256):
        yield Problem("broken", PART, where, problem)
    if not any(body["sha256"] == sha256 for body in _told(home, IMPORT_ROW)):
        what = f"no row of the ledger says who imported checkpoint {sha256[:12]}"
        yield Problem("broken", PART, where, what)


def _whole(home: Home, each: Imported, place: str, hashed: Hashed) -> Iterator[Problem]:
    """The artifact is there, and holds the file that was imported."""
    found = hashed.problems(home, each.sha256)
    for problem in found:
        yield Problem("broken", PART, place, problem)
    if found:
        return
    files = home.store.artifact(each.sha256).files
    if set(files) != set(FILES) or files[FILES[0]].sha256 != each.file_sha256:
        what = f"its artifact does not hold the file {each.file_sha256[:12]} that was imported"
        yield Problem("broken", PART, place, what)


def _known(home: Home, each: Selected) -> Iterator[Problem]:
    """What was selected is registered under where it is said to come from."""
    if each.origin == PRETRAINED:
        made = home.lineage.by_sha256(each.sha256)
        is_known = any(e.asset == PRETRAINED and e.partition == each.architecture for e in made)
    else:
        every = home.parents.imported()
        is_known = any(
            (e.sha256, e.architecture) == (each.sha256, each.architecture) for e in every
        )
    if not is_known:
        what = f"{each.origin} {each.sha256[:12]} was selected, and is registered nowhere"
        yield Problem("broken", PART, f"selection {each.id} of {each.architecture}", what)


def _both_ways(home: Home, kind: str, kept: list[Body]) -> Iterator[Problem]:
    """Each row of the table stands in the ledger, and each row of the ledger in the table."""
    told = [canonical_json(_facts(body, kept)) for body in _told(home, kind)]
    for body in map(canonical_json, kept):
        if body not in told:
            what = f"the ledger does not say what the table says: {body.decode()}"
            yield Problem("broken", PART, kind, what)
        else:
            told.remove(body)
    for body in told:
        what = f"the ledger says {body.decode()}, and the table does not"
        yield Problem("broken", PART, kind, what)


def _facts(body: Body, kept: list[Body]) -> Body:
    """Of a row of the ledger, what the table keeps too."""
    names = kept[0].keys() if kept else body.keys()
    return {name: body.get(name) for name in names}


def _told(home: Home, kind: str) -> list[Body]:
    return [json.loads(row.body) for row in home.ledger.of_kind(kind)]


def _of_import(each: Imported) -> Body:
    names = ("name", "architecture", "sha256", "file_sha256", "actor")
    return {name: getattr(each, name) for name in names}


def _of_choice(each: Selected) -> Body:
    names = ("architecture", "sha256", "origin", "name", "actor", "reason")
    return {name: getattr(each, name) for name in names}
