"""How a model version was made, as a statement that others can read.

Belongs here: the form. Does not belong here: gathering the facts (``operation.provenance``), signing
(``dsse``).

Sources: in-toto attestation framework, Statement v1 and ResourceDescriptor v1
(github.com/in-toto/attestation); SLSA provenance v1.0 (slsa.dev/spec/v1.0/provenance).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rul_platform.core.canonical import canonical_json
from rul_platform.errors import EnvelopeError

PAYLOAD = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD = "urn:rul-platform:training:1"
BUILDER = "urn:rul-platform:builder:1"

MANIFEST = "manifest"
"""Name of the subject that stands for the artifact as a whole: its hash is the version's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """Something that was used.

    Attributes:
        name: What it is, as ``plant_windows[pumps]``.
        digest: Algorithm to hex digits: ``sha256``, or ``gitCommit``.
        facts: What else is known of it: plain values.
    """

    name: str
    digest: Mapping[str, str]
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def to_json(self) -> dict[str, Any]:
        """A ResourceDescriptor."""
        told = {"annotations": dict(self.facts)} if self.facts else {}
        return {"name": self.name, "digest": dict(self.digest), **told}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A version and how it came to be.

    Attributes:
        subjects: File name to hex sha256, and ``MANIFEST`` to the artifact's.
        chosen: What a person chose: SLSA's external parameters.
        given: What followed without a person: seed, retrain, environment; internal parameters.
        dependencies: What it was made from, down to raw data, code and lock file.
        builder: Versions of what trained it.
        run: Id of the run.
        finished_at: When, ISO 8601 in UTC.
        byproducts: What else the run left: the gate's report, the ledger's anchor, Dagster's records.
    """

    subjects: Mapping[str, str]
    chosen: Mapping[str, Any]
    given: Mapping[str, Any]
    dependencies: Sequence[Dependency]
    builder: Mapping[str, str]
    run: str
    finished_at: str
    byproducts: Sequence[Mapping[str, Any]] = ()

    def to_bytes(self) -> bytes:
        """The in-toto Statement, as it is signed."""
        return canonical_json(
            {
                "_type": STATEMENT,
                "subject": [
                    {"name": name, "digest": {"sha256": self.subjects[name]}}
                    for name in sorted(self.subjects)
                ],
                "predicateType": PREDICATE,
                "predicate": {
                    "buildDefinition": {
                        "buildType": BUILD,
                        "externalParameters": dict(self.chosen),
                        "internalParameters": dict(self.given),
                        "resolvedDependencies": [each.to_json() for each in self.dependencies],
                    },
                    "runDetails": {
                        "builder": {"id": BUILDER, "version": dict(self.builder)},
                        "metadata": {"invocationId": self.run, "finishedOn": self.finished_at},
                        "byproducts": [dict(each) for each in self.byproducts],
                    },
                },
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes, *, source: str) -> "Statement":
        """The inverse of :meth:`to_bytes`.

        Raises:
            EnvelopeError: It is no such statement.
        """
        try:
            told: dict[str, Any] = json.loads(data)
            kinds = (told["_type"], told["predicateType"])
            definition = told["predicate"]["buildDefinition"]
            details = told["predicate"]["runDetails"]
            made = cls(
                subjects={each["name"]: each["digest"]["sha256"] for each in told["subject"]},
                chosen=definition["externalParameters"],
                given=definition["internalParameters"],
                dependencies=[
                    Dependency(
                        name=each["name"],
                        digest=each["digest"],
                        facts=each.get("annotations", {}),
                    )
                    for each in definition["resolvedDependencies"]
                ],
                builder=details["builder"]["version"],
                run=details["metadata"]["invocationId"],
                finished_at=details["metadata"]["finishedOn"],
                byproducts=details["byproducts"],
            )
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise EnvelopeError(source, found="no statement", expected="one of in-toto") from error
        if kinds != (STATEMENT, PREDICATE):
            raise EnvelopeError(
                source, found=f"a statement of type {kinds}", expected=f"{STATEMENT} on {PREDICATE}"
            )
        return made

    def byproduct(self, name: str) -> Mapping[str, Any] | None:
        """What the run left under a name, or None."""
        return next((each for each in self.byproducts if each.get("name") == name), None)
