"""The model of a plant: who answers, since when and why, what its gate measured, what came of it.

Belongs here: gathering it. Does not belong here: words and drawings (``service``), which version answers
in memory (``serving.slots``).
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rul_platform.core.gate import Verdict
from rul_platform.core.policy import Policy
from rul_platform.core.transfer_verdict import Benefit
from rul_platform.errors import ConfigError, StoreError
from rul_platform.operation.promises import Promise, claimed_and_delivered
from rul_platform.storage.deployments import Deployment
from rul_platform.storage.gates import Gate
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion

UNREADABLE = (StoreError, OSError, ValueError, KeyError, TypeError)
"""What reading a version's card raises where it is gone, changed, or of another form."""

REPORT_FILE = "report.html"
"""The evaluation's page, among the files of a gate's report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Whether what was learned elsewhere helps here, as the version's report says it.

    Attributes:
        benefit: ``helps``, ``harms`` or ``undecided``.
        pretrained: The best approach that uses it; None where none could be tried.
        scratch: What it was compared with, from the plant's own units alone.
        difference: RMSE of the first minus that of the second, in life units; None without either.
        low: Lower end of its interval.
        high: Upper end.
    """

    benefit: Benefit
    pretrained: str | None
    scratch: str | None
    difference: float | None
    low: float | None
    high: float | None

    @property
    def needs_a_reason(self) -> bool:
        """Whether it is undecided although the interval alone says something else."""
        if self.benefit != "undecided" or self.low is None or self.high is None:
            return False
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a version's card says of how it was made; None where it says nothing.

    Attributes:
        approach: How it learned.
        architecture: Family of its network.
        cap: Longest life that it tells apart, in life units.
        life_unit: Of the plant.
        calibrated_on: How many units its interval was calibrated on.
        level: Share of truths that the interval promises to hold.
        transfer: Whether pretraining helps here.
    """

    approach: str | None
    architecture: str | None
    cap: float | None
    life_unit: str | None
    calibrated_on: int | None
    level: float | None
    transfer: Transfer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One answer of the gate about a version.

    Attributes:
        gate: As it was recorded.
        verdict: The same with its numbers, None where the record is of a form that is not known.
        approved_by: Pseudonym of the person who approved it, None where nobody has.
    """

    gate: Gate
    verdict: Verdict | None
    approved_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    """All that is shown of a plant's model.

    Attributes:
        plant: Whose.
        champion: The version in charge, None without one.
        since: When its time in charge began, in UTC.
        card: The champion's, None where it cannot be read or there is no champion.
        challenger: The version that is asked beside it.
        versions: All of the plant, by number.
        deployments: Times in charge, oldest first, without gap or overlap.
        judged: The newest answer of the gate about the champion; None where there is none.
        policy: The plant's settings, None where they are wrong.
        promises: What each change of the champion claimed and delivered, oldest first.
    """

    plant: str
    champion: ModelVersion | None
    since: datetime | None
    card: Card | None
    challenger: ModelVersion | None
    versions: tuple[ModelVersion, ...]
    deployments: tuple[Deployment, ...]
    judged: Judged | None
    policy: Policy | None
    promises: tuple[Promise, ...]


def model_view(home: Home, plant: str) -> ModelView:
    """What there is to show of a plant's model.

    Raises:
        DatabaseError: The tables cannot be read.
    """
    champion, deployed = home.registry.champion(plant), home.registry.deployments(plant)
    is_served = champion is not None and bool(deployed)
    return ModelView(
        plant=plant,
        champion=champion,
        since=deployed[-1].since if is_served else None,
        card=card_of(home, champion) if champion else None,
        challenger=home.registry.challenger(plant),
        versions=home.registry.versions(plant),
        deployments=deployed,
        judged=judged(home, champion) if champion else None,
        policy=_policy(home, plant),
        promises=claimed_and_delivered(home, plant),
    )


def card_of(home: Home, version: ModelVersion) -> Card | None:
    """What a version's card says; None where it cannot be read."""
    try:
        artifact = home.store.artifact(version.sha256)
        return _card(json.loads(home.store.read(artifact, "card.json")))
    except UNREADABLE:
        return None


def judged(home: Home, version: ModelVersion) -> Judged | None:
    """The newest answer of the gate about a version; None where it was never asked."""
    gate = home.gates.latest(version.plant, version.number)
    if gate is None:
        return None
    approval = home.gates.approval(gate.id)
    approved_by = approval.actor if approval else None
    return Judged(gate=gate, verdict=_verdict(gate), approved_by=approved_by)


def report_page(home: Home, version: ModelVersion) -> bytes | None:
    """The report of a version as its page, found by the hash that the gate's answer names.

    Returns:
        None where there is no answer of the gate, or its report has no page.

    Raises:
        StoreError: The report is not there, or changed.
    """
    gate = home.gates.latest(version.plant, version.number)
    if gate is None or gate.sha256 != version.sha256:
        return None
    artifact = home.store.artifact(gate.report)
    return home.store.read(artifact, REPORT_FILE) if REPORT_FILE in artifact.files else None


def _card(told: dict[str, Any]) -> Card:
    preparation, interval = told.get("preparation") or {}, told.get("interval") or {}
    choice = told.get("choice") or {}
    cap, units = preparation.get("cap"), interval.get("units")
    return Card(
        approach=choice.get("name") or told.get("approach"),
        architecture=told.get("architecture"),
        cap=None if cap is None else float(cap),
        life_unit=preparation.get("life_unit"),
        calibrated_on=None if units is None else int(units),
        level=interval.get("level"),
        transfer=_transfer(choice.get("transfer")),
    )


def _transfer(told: dict[str, Any] | None) -> Transfer | None:
    if told is None:
        return None
    others = ("pretrained", "scratch", "difference", "low", "high")
    return Transfer(benefit=told["benefit"], **{name: told.get(name) for name in others})


def _verdict(gate: Gate) -> Verdict | None:
    try:
        return Verdict.from_json(gate.record)
    except (KeyError, TypeError):
        return None


def _policy(home: Home, plant: str) -> Policy | None:
    try:
        return home.configured(plant).policy
    except ConfigError:
        return None
