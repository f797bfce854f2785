"""Model versions: their files, their signed provenance, and the way down to registered raw data.

Belongs here: one version after the other, and every other artifact that lineage names. Does not belong
here: who decided about them (``decisions``).
"""

import json
from collections.abc import Iterator

from rul_platform.core.parents import IMPORTED
from rul_platform.core.statement import MANIFEST, Statement
from rul_platform.errors import EnvelopeError, KeyFileError, StoreError, StoreUnreachableError
from rul_platform.operation.audit.hashed import Hashed
from rul_platform.operation.audit.parents import of_import
from rul_platform.operation.audit.problems import Problem, guarded
from rul_platform.operation.provenance import GATE, opened
from rul_platform.storage.home import Home
from rul_platform.storage.lineage import BORN_OUTSIDE, RAW_DATA
from rul_platform.storage.models import ModelVersion
from rul_platform.storage.provenance import Provenance

PART = "versions"
NEEDED = ("champion", "candidate", "shadow")
"""States whose files are never tidied away."""


def versions(home: Home, hashed: Hashed) -> Iterator[Problem]:
    """Everything that is wrong with model versions and with what they were made from."""
    for version in home.registry.versions():
        yield from guarded(PART, of_version(home, version, hashed))


def of_version(home: Home, version: ModelVersion, hashed: Hashed) -> Iterator[Problem]:
    """Everything that is wrong with one version and with what it was made from."""
    where = f"{version.plant} version {version.number}"
    for problem in hashed.problems(home, version.sha256):
        yield Problem("broken", PART, where, problem)
    if version.cleaned_at is not None and (
        version.state in NEEDED or version.sha256 not in hashed.tidied(home)
    ):
        what = "it is said to be tidied away, and the ledger knows nothing of that, or it is needed"
        yield Problem("broken", PART, where, what)
    yield from _lineage(home, version, where, hashed)
    yield from _provenance(home, version, where, hashed)


def everything_else(home: Home, hashed: Hashed) -> Iterator[Problem]:
    """Artifacts that some materialisation made and that no version rests on.

    Those that were made again since may be tidied away; the current one of a partition may not.
    """
    for made in home.lineage.currents():
        for problem in hashed.problems(home, made.sha256):
            yield Problem("broken", "artifacts", f"{made.asset}[{made.partition}]", problem)


def _lineage(home: Home, version: ModelVersion, where: str, hashed: Hashed) -> Iterator[Problem]:
    """The walk down from the version: each step registered, each artifact whole, raw data at its end."""
    steps = home.lineage.ancestors(version.sha256)
    if not steps:
        yield Problem("broken", PART, where, "no materialisation made it: its lineage is not there")
        return
    if not any(step.asset in RAW_DATA for step in steps):
        what = f"its lineage ends at {steps[-1].asset}, before any raw data"
        yield Problem("broken", PART, where, what)
    known = {step.sha256 for step in steps}
    for step in steps:
        place = f"{where}, {step.asset}[{step.partition}]"
        if step.sha256 != version.sha256:  # the version's own files are told already
            for problem in hashed.problems(home, step.sha256):
                yield Problem("broken", PART, place, problem)
        for read in step.inputs:
            if read.asset == IMPORTED:
                yield from of_import(home, read.sha256, f"{place}, {read.asset}", hashed)
            if read.asset not in BORN_OUTSIDE and read.sha256 not in known:
                what = f"it read {read.asset}[{read.partition}], which nothing registered made"
                yield Problem("broken", PART, place, what)


def _provenance(home: Home, version: ModelVersion, where: str, hashed: Hashed) -> Iterator[Problem]:
    signed = home.provenance.of_version(version.plant, version.number)
    there = {each.envelope for each in signed}
    told = [json.loads(row.body) for row in home.ledger.of_plant(version.plant, ["version"])]
    noted = {body["envelope"] for body in told if body["number"] == version.number}
    for envelope in noted - there:
        what = f"the statement {envelope[:12]} about it stands in the ledger, and in no table"
        yield Problem("broken", PART, f"{where}, provenance", what)
    for envelope in there - noted:
        what = f"the ledger knows nothing of the statement {envelope[:12]} about it"
        yield Problem("broken", PART, f"{where}, provenance", what)
    if not signed and not noted and version.cleaned_at is None:
        what = "how it was made is not signed: `rul audit sign` does so on a machine with the key"
        yield Problem("unknown", PART, where, what)
    for kept in signed:
        for problem in hashed.problems(home, kept.envelope):
            yield Problem("broken", PART, f"{where}, provenance", problem)
        try:
            statement = opened(home, kept)
        except StoreUnreachableError:
            raise
        except (StoreError, EnvelopeError, KeyFileError, OSError) as error:
            yield Problem("broken", PART, f"{where}, provenance", str(error))
            continue
        yield from _statement(home, version, kept, statement, where)


def _statement(
    home: Home, version: ModelVersion, kept: Provenance, statement: Statement, where: str
) -> Iterator[Problem]:
    """What was signed, held against what is recorded now."""
    place = f"{where}, provenance"
    if statement.subjects.get(MANIFEST) != kept.sha256:
        found = str(statement.subjects.get(MANIFEST))[:12]
        what = f"it is about artifact {found}, and the version's is {kept.sha256[:12]}"
        yield Problem("broken", PART, place, what)
    if version.cleaned_at is None:
        yield from _subjects(home, version, statement, place)
    own = home.lineage.by_sha256(version.sha256)
    parameters = statement.chosen.get("parameters")
    if not any(e.run_id == statement.run and e.parameters == parameters for e in own):
        what = "lineage names another run or other parameters than what was signed"
        yield Problem("broken", PART, place, what)
    lineage = home.lineage.ancestors(version.sha256)
    registered = {step.sha256 for step in lineage}
    brought = {read.sha256 for step in lineage for read in step.inputs if read.asset == IMPORTED}
    for each in statement.dependencies:
        sha256 = each.digest.get("sha256", "")
        if "run" not in each.facts:  # from outside, or no artifact
            if each.name.startswith(f"{IMPORTED}[") and sha256 not in brought:
                what = f"{each.name} ({sha256[:12]}) was signed, and lineage names it no more"
                yield Problem("broken", PART, place, what)
            continue
        made = home.lineage.by_sha256(sha256)
        if sha256 not in registered:
            what = f"{each.name} ({sha256[:12]}) was signed as its origin, and lineage names it no more"
            yield Problem("broken", PART, place, what)
        elif not any(
            e.run_id == each.facts["run"] and e.code_version == each.facts["code_version"]
            for e in made
        ):
            what = f"{each.name}: lineage names another version of the code or another run"
            yield Problem("broken", PART, place, what)
    gate = statement.byproduct(GATE)
    if gate is not None and not home.lineage.by_sha256(gate["digest"]["sha256"]):
        yield Problem(
            "broken", PART, place, "the gate's report that was signed is registered nowhere"
        )


def _subjects(
    home: Home, version: ModelVersion, statement: Statement, place: str
) -> Iterator[Problem]:
    try:
        files = home.store.artifact(version.sha256).files
    except (StoreError, OSError):
        return  # told already
    told = {name: each for name, each in statement.subjects.items() if name != MANIFEST}
    if told != {name: entry.sha256 for name, entry in files.items()}:
        yield Problem(
            "broken", PART, place, "the files that were signed are not those of the version"
        )
