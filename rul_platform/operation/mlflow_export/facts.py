"""What MLflow is told of one version: how it was made, how good it is, where it comes from.

No person is in it: neither who decided nor what anybody typed as a reason.

Belongs here: gathering plain values. Does not belong here: sending them (``export``).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rul_platform.core.artifact_files import CARD_FILE, MODEL_FILE
from rul_platform.core.canonical import canonical_json, sha256
from rul_platform.storage.gates import Gate
from rul_platform.storage.home import Home
from rul_platform.storage.lineage import Materialization
from rul_platform.storage.models import ModelVersion

MOST_CHARACTERS = 500
"""Of a parameter: what every release of MLflow that we know takes."""

METRICS = {
    "candidate_rmse": "rmse",
    "champion_rmse": "rmse_of_champion",
    "constant_rmse": "rmse_of_a_constant",
    "boosting_rmse": "rmse_of_boosting",
    "units": "test_units",
    "cap": "cap",
}
"""Figures of the gate to their names in MLflow; errors in life units of the plant."""

CARD = {"architecture": "architecture", "seed": "seed"}
PREPARATION = {"window": "window", "cap": "label_cap", "life_unit": "life_unit"}
"""What of a model's card is told as parameters, and under which name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Plain values about one version.

    Attributes:
        params: What was chosen, and what the model is.
        metrics: What the gate measured; empty where it has not judged.
        step: Grows with each answer of the gate about this version; 0 before the first.
        at: When it was judged last, else when it was registered.
        tags: Where it comes from, each beginning with ``rul.``.
        has_files: Whether they were neither removed to make room nor found damaged.
    """

    params: Mapping[str, str]
    metrics: Mapping[str, float]
    step: int
    at: datetime
    tags: Mapping[str, str]
    has_files: bool

    @property
    def digest(self) -> str:
        """Changes when anything of it does."""
        told = [self.params, self.metrics, self.step, self.tags, self.has_files]
        return sha256(canonical_json(told))


def facts(home: Home, version: ModelVersion) -> Facts:
    """Gather them.

    Raises:
        StoreError: The version's card is not there or changed.
        OSError: It cannot be reached.
    """
    gate = home.gates.latest(version.plant, version.number)
    if gate is not None and gate.sha256 != version.sha256:
        gate = None
    made = home.lineage.by_sha256(version.sha256)
    evidence = gate.record.get("evidence", {}) if gate else {}
    has_files = version.cleaned_at is None and version.state != "quarantined"
    return Facts(
        params=dict(_params(_card(home, version) if has_files else {}, made[-1:])),
        metrics={
            name: float(evidence[key])
            for key, name in METRICS.items()
            if evidence.get(key) is not None
        },
        step=gate.id if gate else 0,
        at=gate.created_at if gate else version.created_at,
        tags=dict(_tags(home, version, gate, made[-1:])),
        has_files=has_files,
    )


def model_files(home: Home, version: ModelVersion) -> dict[str, bytes]:
    """The graph and the card: data that nothing runs when it is read.

    The graph holds what the network learned. The checkpoint that a training could go on from stays here.

    Raises:
        StoreError: A file is not there or changed.
        OSError: It cannot be reached.
    """
    artifact = home.store.artifact(version.sha256)
    return {name: home.store.read(artifact, name) for name in (MODEL_FILE, CARD_FILE)}


def _card(home: Home, version: ModelVersion) -> dict[str, Any]:
    return json.loads(home.store.read(home.store.artifact(version.sha256), CARD_FILE))


def _params(
    card: Mapping[str, Any], made: tuple[Materialization, ...]
) -> Iterator[tuple[str, str]]:
    for each in made:
        for name, value in each.parameters.items():
            yield from _flat(name, value)
    preparation = card.get("preparation", {})
    for told, names in ((card, CARD), (preparation, PREPARATION)):
        for key, name in names.items():
            if told.get(key) is not None:
                yield f"model.{name}", str(told[key])


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}", inner)
        return
    text = value if isinstance(value, str) else canonical_json(value).decode()
    yield name, text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def _tags(
    home: Home, version: ModelVersion, gate: Gate | None, made: tuple[Materialization, ...]
) -> Iterator[tuple[str, str]]:
    yield "rul.plant", version.plant
    yield "rul.version", str(version.number)
    yield "rul.sha256", version.sha256
    yield "rul.registered_at", version.created_at.isoformat()
    for each in made:
        yield "rul.asset", each.asset
        yield "rul.materialization", str(each.id)
        yield "rul.dagster_run", each.run_id
        yield "rul.code_version", each.code_version
        for position, read in enumerate(each.inputs):  # several may be of one asset
            yield f"rul.input.{position}.{read.asset}", read.sha256
    for signed in home.provenance.of_version(version.plant, version.number)[-1:]:
        yield "rul.provenance", signed.envelope
    if gate is not None:
        yield "rul.verdict", gate.verdict
        yield "rul.report", gate.report
        if gate.retrain_id is not None:
            yield "rul.retrain", str(gate.retrain_id)
        if life_unit := gate.record.get("evidence", {}).get("life_unit"):
            yield "rul.life_unit", str(life_unit)
