"""Who was put in charge when, and whether each decision really met the policy that was in force.

Belongs here: intervals in charge, gates decided again, triggers counted again, feedback as it was
committed to. Does not belong here: what single deployments rest on (``grounds``), the models themselves
(``versions``).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from rul_platform.core import gate as gates
from rul_platform.core import trigger
from rul_platform.core.canonical import canonical_json, sha256
from rul_platform.core.commitments import merkle_root
from rul_platform.core.gate_evidence import Evidence
from rul_platform.core.policy import Policy
from rul_platform.core.trigger import Circumstances, FeedbackCounts
from rul_platform.errors import RecordError
from rul_platform.operation.audit.grounds import (
    APPROVALS,
    DEPLOYMENTS,
    approvals,
    basis,
    in_words,
    shadows,
)
from rul_platform.operation.audit.problems import Problem, guarded
from rul_platform.operation.gate_rule import gate_rule
from rul_platform.storage.deployments import Deployment
from rul_platform.storage.gates import Gate
from rul_platform.storage.home import Home
from rul_platform.storage.models import LEDGER_KINDS

SETTINGS, GATES = "settings", "gates"
TRIGGERS, FEEDBACK = "triggers", "feedback"
UNDECIDABLE = "not decidable by today's rule"


@dataclass(slots=True)
class Counted:
    """What was looked at.

    Attributes:
        deployments: Of all plants.
        gates: Answers decided again.
        triggers: Of retrains that feedback asked for.
        feedback: Rows whose commitment was computed again.
        erased: Rows of which nobody knows any more who gave them.
    """

    deployments: int = 0
    gates: int = 0
    triggers: int = 0
    feedback: int = 0
    erased: int = 0


def decisions(home: Home, counted: Counted) -> Iterator[Problem]:
    """Everything that is wrong with what was decided, plant after plant."""
    yield from guarded(SETTINGS, _settings(home))
    for plant in _plants(home):
        yield from guarded(DEPLOYMENTS, _deployments(home, plant, counted))
        yield from guarded(GATES, _gates(home, plant, counted))
    yield from guarded(APPROVALS, approvals(home))
    yield from guarded(TRIGGERS, _triggers(home, counted))
    yield from guarded(FEEDBACK, _feedback(home, counted))


def _plants(home: Home) -> list[str]:
    """Those with versions, and those that the ledger says had some."""
    told = home.ledger.of_kind("deployment", "rollback", "gate", "version")
    versions = home.registry.versions()
    return sorted({each.plant for each in versions} | {row.plant for row in told})


def _settings(home: Home) -> Iterator[Problem]:
    """Settings are kept under their hash, so that those of then can be trusted."""
    for kept, settings in home.snapshots.all().items():
        if sha256(canonical_json(settings)) != kept:
            what = "its settings do not have the hash that they are kept under"
            yield Problem("broken", SETTINGS, f"settings {kept[:12]}", what)


def _deployments(home: Home, plant: str, counted: Counted) -> Iterator[Problem]:
    made = home.registry.deployments(plant)
    counted.deployments += len(made)
    kinds = ("deployment", *set(LEDGER_KINDS.values()))
    told = [json.loads(row.body) for row in home.ledger.of_plant(plant, kinds)]
    noted = dict[tuple[int, str], list[dict[str, Any]]]()
    for body in told:
        if "since" in body:
            noted.setdefault((body["number"], body["since"]), []).append(body)
    for before, after in pairwise(made):
        if before.until != after.since:
            until = before.until.isoformat() if before.until else "never"
            what = f"it ended {until}, and version {after.number} began {after.since.isoformat()}"
            yield Problem("broken", DEPLOYMENTS, in_words(before), what)
    for each in made:
        if each.until is None and each is not made[-1]:
            yield Problem(
                "broken", DEPLOYMENTS, in_words(each), "it never ended, though others followed"
            )
        bodies = noted.get((each.number, each.since.isoformat()))
        yield from _against_ledger(each, bodies.pop(0) if bodies else None)
        yield from basis(home, each)
    yield from shadows(home, plant, made)
    yield from _serving(home, plant, made)
    for number, since in (key for key, bodies in noted.items() for _ in bodies):
        what = f"the ledger says that version {number} came in charge {since}; the table does not"
        yield Problem("broken", DEPLOYMENTS, plant, what)


def _serving(home: Home, plant: str, made: Sequence[Deployment]) -> Iterator[Problem]:
    """Who answers is the version of the deployment that is open."""
    champion = home.registry.champion(plant)
    serves = made[-1].number if made and made[-1].until is None else None
    found = champion.number if champion else None
    if found != serves:
        what = f"version {found} answers, and by its deployments it is version {serves}"
        yield Problem("broken", DEPLOYMENTS, plant, what)


def _against_ledger(each: Deployment, body: Mapping[str, Any] | None) -> Iterator[Problem]:
    if body is None:
        yield Problem("broken", DEPLOYMENTS, in_words(each), "the ledger knows nothing of it")
        return
    if body["sha256"] != each.sha256:
        what = f"the ledger names artifact {body['sha256'][:12]}, the table {each.sha256[:12]}"
        yield Problem("broken", DEPLOYMENTS, in_words(each), what)
    if body["evidence"] != sha256(canonical_json(each.evidence)):
        what = "its evidence is not what the ledger's hash was made of"
        yield Problem("broken", DEPLOYMENTS, in_words(each), what)


def _gates(home: Home, plant: str, counted: Counted) -> Iterator[Problem]:
    told = {
        body["gate"]: body
        for body in (json.loads(row.body) for row in home.ledger.of_plant(plant, ["gate"]))
    }
    for answer in home.gates.history(plant):
        counted.gates += 1
        where = f"{plant} version {answer.number}, gate {answer.id}"
        body = told.pop(answer.id, None)
        if body is None:
            yield Problem("broken", GATES, where, "the ledger knows nothing of it")
        elif any(body[name] != value for name, value in _of_gate(answer).items()):
            yield Problem("broken", GATES, where, "it is not what the ledger says")
        yield from _decided_again(home, answer, where)
    for number in told:
        what = f"gate {number} stands in the ledger, and in no table"
        yield Problem("broken", GATES, plant, what)


def _of_gate(answer: Gate) -> dict[str, Any]:
    return {
        "number": answer.number,
        "sha256": answer.sha256,
        "verdict": answer.verdict,
        "record": answer.record,
        "report": answer.report,
        "retrain_id": answer.retrain_id,
    }


def _decided_again(home: Home, answer: Gate, where: str) -> Iterator[Problem]:
    """The same evidence under the same settings must give the same verdict, by the same rule.

    A rule that was changed since may say otherwise of old evidence, or need what was not kept then.
    """
    settings, rule = answer.record.get("settings"), answer.record.get("rule")
    try:
        policy = Policy(**home.snapshots.get(settings)) if settings else Policy()
        evidence = Evidence.from_json(answer.record["evidence"])
        found = gates.decide(evidence, policy)
    except (RecordError, TypeError, KeyError, ValueError) as error:
        yield Problem("unknown", GATES, where, f"{UNDECIDABLE}: {error}")
        return
    if found.verdict != answer.verdict and rule == gate_rule():
        what = f"it said {answer.verdict}; its evidence under its settings gives {found.verdict}"
        yield Problem("broken", GATES, where, what)
    elif found.verdict != answer.verdict:
        by = f"rule {rule}" if rule else "a rule that it does not name"
        now = f"today's, {gate_rule()}, gives {found.verdict}"
        what = f"{UNDECIDABLE}: it said {answer.verdict} by {by}; {now}"
        yield Problem("unknown", GATES, where, what)
    if evidence.candidate != answer.sha256:
        yield Problem("broken", GATES, where, "its evidence is about another model")


def _triggers(home: Home, counted: Counted) -> Iterator[Problem]:
    """Each retrain that feedback asked for: counted and decided again, by the settings of then."""
    for row in home.ledger.of_kind("trigger"):
        body = json.loads(row.body)
        where = f"{row.plant}, retrain {body['retrain']}"
        if body["trigger"] != "feedback":
            continue
        counted.triggers += 1
        try:
            policy = Policy(**home.snapshots.get(body["settings"]))
            counts = FeedbackCounts(**body["cause"]["counts"])
        except (RecordError, TypeError, KeyError) as error:
            yield Problem("unknown", TRIGGERS, where, f"its rule cannot be applied again: {error}")
            continue
        now = home.retrains.get(body["retrain"]).requested_at
        if not trigger.decide(counts, policy, Circumstances(now=now)).fires:
            what = "its counts do not ask for a retrain under the settings of then"
            yield Problem("broken", TRIGGERS, where, what)
        used = home.feedback.claimed(body["retrain"])
        if len(used) != body["feedback"]["rows"]:
            what = f"it used {body['feedback']['rows']} ratings; {len(used)} are there"
            yield Problem("broken", TRIGGERS, where, what)
        elif sum(each.rating == "negative" for each in used) != counts.negative:
            what = f"{counts.negative} of its ratings were negative, and now others are"
            yield Problem("broken", TRIGGERS, where, what)
        elif merkle_root(each.commitment for each in used) != body["feedback"]["root"]:
            what = "the ratings that it used are others than those under the ledger's root"
            yield Problem("broken", TRIGGERS, where, what)


def _feedback(home: Home, counted: Counted) -> Iterator[Problem]:
    """Each rating, held against what it was committed to; one whose person is erased says no more."""
    for row in home.feedback.all():
        counted.feedback += 1
        counted.erased += row.standing == "erased"
        if row.standing == "altered":
            what = f"the rating {row.id} of {row.plant}, unit {row.unit}, was altered"
            yield Problem("broken", FEEDBACK, "feedback", what)
    noted = [json.loads(row.body) for row in home.ledger.of_kind("erasure", "purge")]
    told = sum(body["feedback"] for body in noted)
    if told != counted.erased:
        what = f"{counted.erased} ratings are without a person, and the ledger says {told}"
        yield Problem("broken", FEEDBACK, "feedback", what)
