"""What a deployment rests on: an answer of the gate, an approval, a shadow that outcomes confirmed.

Belongs here: each of them held against the ledger. Does not belong here: who was in charge when, the
gate's rule (``decisions``).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from rul_platform.core import gate as gates
from rul_platform.operation.audit.problems import Problem
from rul_platform.storage.deployments import ROLLBACK, Deployment
from rul_platform.storage.gates import APPROVABLE, Approval, Gate
from rul_platform.storage.home import Home

DEPLOYMENTS, APPROVALS = "deployments", "approvals"
NEEDS_GATE = ("promotion", "approval", "confirmed")
"""Kinds of deployments that rest on an answer of the gate."""


def in_words(each: Deployment) -> str:
    """A time in charge, in words."""
    return f"{each.plant} version {each.number} since {each.since:%F %T}"


def basis(home: Home, each: Deployment) -> Iterator[Problem]:
    """What is missing of that which a deployment of this kind must rest on."""
    if each.kind in (ROLLBACK, "forced", "recalibration"):
        missing = [name for name in ("actor", "reason") if not each.evidence.get(name)]
        if missing:
            what = f"a {each.kind} without {' and '.join(missing)}"
            yield Problem("broken", DEPLOYMENTS, in_words(each), what)
        return
    if each.kind not in NEEDS_GATE:
        yield Problem("broken", DEPLOYMENTS, in_words(each), f"no such decision: {each.kind}")
        return
    answers = [g for g in home.gates.history(each.plant) if g.number == each.number]
    known = [g for g in answers if g.sha256 == each.sha256]
    if not known:
        yield Problem("broken", DEPLOYMENTS, in_words(each), "the gate has not judged it")
        return
    named = [g for g in known if g.report == each.evidence.get("report")]
    before = [g for g in known if g.created_at <= each.since]
    newest = (named or before or known)[-1]  # by what it names; a clock may have been set back
    if each.kind == "confirmed" and newest.verdict == gates.REJECT:
        yield Problem(
            "broken", DEPLOYMENTS, in_words(each), "it was confirmed, and the gate said REJECT"
        )
    if each.kind == "promotion" and newest.verdict not in (gates.PROMOTE, gates.IN_CHARGE):
        what = f"it was promoted, and the gate had said {newest.verdict}"
        yield Problem("broken", DEPLOYMENTS, in_words(each), what)
    if each.kind == "approval" and home.gates.approval(newest.id) is None:
        yield Problem(
            "broken", DEPLOYMENTS, in_words(each), "a person's approval is recorded nowhere"
        )


def approvals(home: Home) -> Iterator[Problem]:
    """Every approval has its row of the ledger, every such row its approval, and both say the same."""
    noted = dict[int, list[tuple[str, Mapping[str, Any]]]]()
    for row in home.ledger.of_kind("approval"):
        body = json.loads(row.body)
        noted.setdefault(body["gate"], []).append((row.plant, body))
    answers = {answer.id: answer for answer in home.gates.every()}
    for each in home.gates.approvals():
        told = noted.get(each.gate_id, [])
        plant, body = told.pop(0) if told else ("", None)
        for what in _of_approval(home, each, answers.get(each.gate_id), plant, body):
            yield Problem("broken", APPROVALS, f"approval of gate {each.gate_id}", what)
    for gate_id in (gate_id for gate_id, bodies in noted.items() for _ in bodies):
        what = "it stands in the ledger, and in no table"
        yield Problem("broken", APPROVALS, f"approval of gate {gate_id}", what)


def shadows(home: Home, plant: str, made: Sequence[Deployment]) -> Iterator[Problem]:
    """Every confirmed version has the ledger's row of its comparison, and every such row its version.

    Args:
        home: Where both are.
        plant: Whose.
        made: The plant's deployments, oldest first.
    """
    told = [json.loads(row.body) for row in home.ledger.of_plant(plant, ["shadow"])]
    noted = [body for body in told if body["verdict"] == "confirm"]
    for before, each in pairwise((None, *made)):
        if each is None or each.kind != "confirmed":
            continue
        settled = {
            "number": each.number,
            "sha256": each.sha256,
            "champion": before.number if before else None,
            **each.evidence.get("shadow", {}),
        }
        if settled in noted:
            noted.remove(settled)
        else:
            what = "the ledger knows nothing of the comparison that confirmed it"
            yield Problem("broken", DEPLOYMENTS, in_words(each), what)
    for body in noted:
        what = f"the ledger says that version {body['number']} was confirmed; the table does not"
        yield Problem("broken", DEPLOYMENTS, plant, what)


def _of_approval(
    home: Home, each: Approval, answer: Gate | None, plant: str, body: Mapping[str, Any] | None
) -> Iterator[str]:
    """What is wrong with one approval, held against the ledger, the gate's answer and the deployment."""
    if body is None:
        yield "the ledger knows nothing of it"
    elif "approval" in body and body["approval"] != each.sha256:
        yield "who approved, why or when is not what the ledger's hash was made of"
    if answer is None:
        yield "there is no such answer of the gate"
        return
    if answer.verdict not in APPROVABLE:
        yield f"the gate said {answer.verdict}, which nobody can approve"
    judged = (answer.plant, answer.number, answer.sha256)
    if body is not None and (plant, body["number"], body["sha256"]) != judged:
        found = f"{plant} version {body['number']} ({body['sha256'][:12]})"
        yield f"the ledger says that it was of {found}, and the gate judged another"
    for deployed in home.registry.deployments(answer.plant):
        given = deployed.evidence
        if deployed.kind != "approval" or given.get("gate") != each.gate_id:
            continue
        if (given["actor"], given["reason"]) != (each.actor, each.reason):
            yield f"another person or reason put version {deployed.number} in charge upon it"
