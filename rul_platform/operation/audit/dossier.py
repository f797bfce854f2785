"""All that is recorded about one version, on one page: what it is, who decided, from what it was made.

Belongs here: gathering, in the order in which a reader asks. Does not belong here: words and pages
(``cli.audit``, ``reports.dossier_page``), whether it all holds (``verify``).
"""

import json
from collections.abc import Mapping
from typing import Any

from rul_platform.errors import EnvelopeError, KeyFileError, StoreError
from rul_platform.operation.provenance import GATE, opened
from rul_platform.storage.deployments import Deployment
from rul_platform.storage.gates import Gate
from rul_platform.storage.home import Home
from rul_platform.storage.ledger import LedgerRow
from rul_platform.storage.lineage import Materialization
from rul_platform.storage.models import ModelVersion
from rul_platform.storage.predictions import LoggedPrediction

Json = dict[str, Any]


def dossier(home: Home, version: ModelVersion, prediction: LoggedPrediction | None = None) -> Json:
    """What is recorded, as plain values.

    Returns:
        ``version``; ``prediction`` (None where none was asked about); ``in_charge``, each time;
        ``gate``, each answer with its numbers and approval; ``retrain``, what asked for it;
        ``made_from``, newest first; ``training`` with parameters and environment; ``provenance``;
        ``ledger``, the rows that name it.

    Raises:
        DatabaseError: The tables cannot be read.
    """
    gates = [
        each
        for each in home.gates.history(version.plant)
        if each.number == version.number and each.sha256 == version.sha256
    ]
    lineage = home.lineage.ancestors(version.sha256)
    made = next((each for each in lineage if each.sha256 == version.sha256), None)
    signed = _provenance(home, version)
    return {
        "version": {
            "plant": version.plant,
            "number": version.number,
            "sha256": version.sha256,
            "state": version.told_state,
            "registered_at": version.created_at.isoformat(),
        },
        "prediction": _prediction(prediction),
        "in_charge": [
            _time_in_charge(each)
            for each in home.registry.deployments(version.plant)
            if each.number == version.number
        ],
        "gate": [_gate(home, each) for each in gates],
        "retrain": _retrain(home, gates[-1].retrain_id if gates else None),
        "made_from": [_step(each) for each in lineage],
        "training": {
            "parameters": made.parameters if made else {},
            "environment": made.environment if made else {},
        },
        "provenance": signed,
        "ledger": [
            {"seq": row.seq, "kind": row.kind, "at": row.created_at, "hash": row.hash}
            for row in home.ledger.of_plant(version.plant)
            if _names(row, version)
        ],
    }


def _prediction(given: LoggedPrediction | None) -> Json | None:
    if given is None:
        return None
    return {
        "id": given.id,
        "unit": given.unit,
        "life": given.life,
        "rul": given.rul,
        "low": given.rul_low,
        "high": given.rul_high,
        "answered_at": given.created_at.isoformat(),
        "role": given.role,
        "readings": given.readings_sha256,
        "is_strange": given.is_strange,
    }


def _time_in_charge(each: Deployment) -> Json:
    return {
        "since": each.since.isoformat(),
        "until": each.until.isoformat() if each.until else None,
        "kind": each.kind,
        "actor": each.evidence.get("actor"),
        "reason": each.evidence.get("reason"),
    }


def _step(made: Materialization) -> Json:
    return {
        "asset": made.asset,
        "partition": made.partition,
        "sha256": made.sha256,
        "run": made.run_id,
        "code_version": made.code_version,
        "made_at": made.created_at.isoformat(),
        "read": [
            {"asset": read.asset, "partition": read.partition, "sha256": read.sha256}
            for read in made.inputs
        ],
    }


def _gate(home: Home, answer: Gate) -> Json:
    evidence, approval = answer.record["evidence"], home.gates.approval(answer.id)
    return {
        "id": answer.id,
        "at": answer.created_at.isoformat(),
        "verdict": answer.verdict,
        "reasons": answer.record["reasons"],
        "rmse": evidence.get("candidate_rmse"),
        "rmse_of_a_constant": evidence.get("constant_rmse"),
        "champion": evidence.get("champion_number"),
        "report": answer.report,
        "settings": answer.record.get("settings"),
        "approved_by": approval.actor if approval else None,
        "approved_because": approval.reason if approval else None,
    }


def _retrain(home: Home, number: int | None) -> Json | None:
    """What asked for it, with the feedback that it used up."""
    if number is None:
        return None
    asked = home.retrains.get(number)
    used = home.feedback.claimed(number)
    return {
        "id": asked.id,
        "trigger": asked.trigger,
        "actor": asked.actor,
        "reasons": asked.cause.get("reasons", []),
        "requested_at": asked.requested_at.isoformat(),
        "settings": asked.snapshot,
        "feedback": {
            "rows": len(used),
            "negative": sum(each.rating == "negative" for each in used),
            "erased": sum(each.standing == "erased" for each in used),
            "altered": sum(each.standing == "altered" for each in used),
        },
    }


def _provenance(home: Home, version: ModelVersion) -> Json | None:
    signed = home.provenance.of_version(version.plant, version.number)
    if not signed:
        return None
    kept = signed[-1]
    told = {"envelope": kept.envelope, "signed_at": kept.created_at.isoformat()}
    try:
        statement = opened(home, kept)
    except (StoreError, EnvelopeError, KeyFileError, OSError) as error:
        return {**told, "holds": False, "problem": str(error)}
    gate = statement.byproduct(GATE)
    sources = {each.name: dict(each.digest) for each in statement.dependencies}
    return {
        **told,
        "holds": True,
        "report": gate["digest"]["sha256"] if gate else None,
        "seed": statement.given.get("seed"),
        "packages": statement.given.get("packages", {}),
        "code": sources.get("source code", {}).get("gitCommit"),
        "lock_file": sources.get("lock file", {}).get("sha256"),
    }


def _names(row: LedgerRow, version: ModelVersion) -> bool:
    body: Mapping[str, Any] = json.loads(row.body)
    return body.get("number") == version.number and body.get("sha256") == version.sha256
