"""Saying, signed, how a version of a model was made.

    model's files ◄── subject ── statement ── dependencies ──► windows, readings, checkpoint, raw data,
                                    │                          code commit, lock file
                                    └── byproducts ──► gate's report, Dagster's records, ledger's anchor

The statement is an artifact of its own, so that equal models stay equal bytes. It is signed when the
gate has answered, and before a deployment where it is missing.

Belongs here: gathering, signing and opening. Does not belong here: the form (``core.statement``),
whether what it says still holds (``operation.audit``).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rul_platform.core.artifact_files import CARD_FILE
from rul_platform.core.dsse import open_envelope, seal
from rul_platform.core.statement import MANIFEST, PAYLOAD, Dependency, Statement
from rul_platform.operation.source_state import SourceState
from rul_platform.storage.database import writing
from rul_platform.storage.gates import Gate
from rul_platform.storage.home import Home
from rul_platform.storage.lineage import Input, Materialization
from rul_platform.storage.models import ModelVersion
from rul_platform.storage.provenance import Provenance

ENVELOPE = "provenance.dsse.json"
"""The envelope's file."""

ANCHOR, GATE, DAGSTER = "ledger anchor", "gate", "dagster record"
"""Names of byproducts."""

Record = Mapping[str, Any]


def sign_version(
    home: Home,
    version: ModelVersion,
    *,
    now: datetime,
    records: Sequence[Record] = (),
    code: SourceState | None = None,
) -> Provenance | None:
    """Say how a version was made, sign it, and note both in the ledger.

    Args:
        home: Where everything is.
        version: Which one.
        now: When.
        records: What Dagster itself says of the materialisations: data and code versions.
        code: The code that trained it; None where that is not known any more, and is not signed.

    Returns:
        Where the statement is; None where this process has no key to sign with.

    Raises:
        StoreError: The version's manifest or card is not there or changed.
        KeyFileError: The key is damaged, or others may read or replace it.
    """
    key = home.signing.signer()
    if key is None:
        return None
    statement = _statement(home, version, records, code)
    made = home.store.write({ENVELOPE: seal(statement.to_bytes(), PAYLOAD, key)})
    with writing(home.engine):
        kept = home.provenance.record(
            plant=version.plant,
            number=version.number,
            sha256=version.sha256,
            envelope=made.sha256,
            now=now,
        )
        body = {
            "number": version.number,
            "sha256": version.sha256,
            "envelope": made.sha256,
            "key_id": key.public.id,
        }
        home.ledger.append("version", plant=version.plant, body=body, now=now)
    return kept


def ensure_signed(home: Home, version: ModelVersion, *, now: datetime) -> None:
    """Sign a version that nobody has signed yet, as one from before there were signatures.

    Raises:
        RulPlatformError: As :func:`sign_version`.
    """
    if not home.provenance.of_version(version.plant, version.number):
        sign_version(home, version, now=now)


def opened(home: Home, kept: Provenance) -> Statement:
    """The statement about a version, if its signature holds.

    Raises:
        StoreError: The envelope is not there or changed.
        EnvelopeError: Nobody known signed it, or it is no statement.
        KeyFileError: A public key is damaged.
    """
    source = f"provenance of {kept.plant} version {kept.number}"
    data = home.store.read(home.store.artifact(kept.envelope), ENVELOPE)
    envelope = open_envelope(data, PAYLOAD, home.signing.known(), source=source)
    return Statement.from_bytes(envelope.payload, source=source)


def _statement(
    home: Home, version: ModelVersion, records: Sequence[Record], code: SourceState | None
) -> Statement:
    artifact = home.store.artifact(version.sha256)
    card = json.loads(home.store.read(artifact, CARD_FILE))
    lineage = home.lineage.ancestors(version.sha256)
    made = next((each for each in lineage if each.sha256 == version.sha256), None)
    gate = home.gates.latest(version.plant, version.number)
    return Statement(
        subjects={
            MANIFEST: version.sha256,
            **{name: entry.sha256 for name, entry in artifact.files.items()},
        },
        chosen={
            "plant": version.plant,
            "version": version.number,
            "parameters": made.parameters if made else {},
        },
        given={
            "seed": card.get("training", {}).get("seed"),
            "environment": made.environment if made else {},
            "packages": code.packages if code else {},
            "retrain": _retrain(home, gate),
        },
        dependencies=[*_materials(lineage, version.sha256), *_code(code)],
        builder=_builder(made, code),
        run=made.run_id if made else "",
        finished_at=(made.created_at if made else version.created_at).isoformat(),
        byproducts=_byproducts(home, gate, records),
    )


def _materials(lineage: Sequence[Materialization], sha256: str) -> list[Dependency]:
    """All that the version was made from; what no asset made came from outside, and is named last."""
    made = [each for each in lineage if each.sha256 != sha256]
    known = {each.sha256 for each in lineage}
    found = [
        Dependency(
            name=f"{each.asset}[{each.partition}]",
            digest={"sha256": each.sha256},
            facts={
                "run": each.run_id,
                "code_version": each.code_version,
                "parameters": each.parameters,
                "made_at": each.created_at.isoformat(),
            },
        )
        for each in made
    ]
    outside: dict[str, Input] = {
        each.sha256: each for step in lineage for each in step.inputs if each.sha256 not in known
    }
    return found + [
        Dependency(
            name=f"{each.asset}[{each.partition}]",
            digest={"sha256": each.sha256},
            facts={"from": "outside"},
        )
        for each in outside.values()
    ]


def _builder(made: Materialization | None, code: SourceState | None) -> dict[str, str]:
    told = {"rul_platform": str(made.environment.get("rul_platform", "")) if made else ""}
    return told | ({"code": code.fingerprint} if code else {})


def _code(code: SourceState | None) -> list[Dependency]:
    if code is None:
        return []
    found = list[Dependency]()
    if code.commit:
        found.append(
            Dependency(
                name="source code",
                digest={"gitCommit": code.commit},
                facts={"changed_since": code.is_changed, "fingerprint": code.fingerprint},
            )
        )
    if code.lock:
        found.append(Dependency(name="lock file", digest={"sha256": code.lock}))
    return [
        *found,
        Dependency(name="installed packages", digest={"sha256": code.packages_sha256}),
    ]


def _retrain(home: Home, gate: Gate | None) -> dict[str, Any] | None:
    """What asked for the version: the trigger, its numbers, and the settings that it went by."""
    if gate is None or gate.retrain_id is None:
        return None
    asked = home.retrains.get(gate.retrain_id)
    return {
        "id": asked.id,
        "trigger": asked.trigger,
        "watermark": asked.watermark,
        "cause": asked.cause,
        "actor": asked.actor,
        "settings": home.snapshots.get(asked.snapshot),
        "settings_sha256": asked.snapshot,
    }


def _byproducts(home: Home, gate: Gate | None, records: Sequence[Record]) -> list[Record]:
    found: list[Record] = []
    if gate is not None:
        told = {"verdict": gate.verdict, "gate": gate.id}
        found.append({"name": GATE, "digest": {"sha256": gate.report}, "annotations": told})
    if (anchor := home.anchors.newest()) is not None:
        found.append({"name": ANCHOR, "annotations": anchor.to_json()})
    found += [{"name": DAGSTER, "annotations": dict(each)} for each in records]
    return found
