"""A model's interval, calibrated anew on what became of machines; the model itself stays as it is.

Answers of the champion for machines that have failed since tell how far it is off at work. Its interval
is made from them where a band of predicted RUL has enough machines; other bands stay. The result is a
new version with the same graph and another card, so that everything that holds for versions holds for
it: lineage, ledger, freeze and rollback.

Belongs here: from logged answers to a version in charge. Does not belong here: the arithmetic
(``core.calibration``), asking for a retrain (``triggering``).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import rul_platform
from rul_platform.core.artifact_files import CARD_FILE
from rul_platform.core.calibration import FEW_UNITS
from rul_platform.core.canonical import canonical_json, sha256, source_fingerprint
from rul_platform.core.metrics import Rows, unit_weights
from rul_platform.core.parquet import to_parquet
from rul_platform.errors import (
    CalibrationError,
    NoChampionError,
    TooFewOutcomesError,
)
from rul_platform.operation import decisions
from rul_platform.operation.alerting import raise_alert
from rul_platform.operation.asking import load
from rul_platform.operation.decisions import given
from rul_platform.operation.provenance import ensure_signed
from rul_platform.storage.artifacts import Artifact
from rul_platform.storage.deployments import RECALIBRATION, Deployment, models_of
from rul_platform.storage.figures import FigureQuestions, JudgedAnswer
from rul_platform.storage.home import Home
from rul_platform.storage.lineage import Input, environment
from rul_platform.storage.models import ModelVersion

ASSET = "recalibrated_model"
"""In the lineage only: the newest ``finetuned_model`` stays the candidate that it is."""

ROWS = "calibration_rows.parquet"
"""What the interval was calibrated on: answers, and how long each machine really lasted from there."""

_CODE = ("core", "inference", "operation/recalibrating.py", "storage/figures.py")
_PACKAGES = ("numpy", "onnxruntime", "pandas", "pyarrow")
_BEGINNING = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalibration:
    """What outcomes make of an interval; coverages and widths count every unit once.

    Attributes:
        plant: Which plant.
        over: The version whose interval it was.
        card: Of the version to be.
        rows: What calibrated it, as Parquet; its hash is on the card.
        level: Coverage that both intervals promise.
        units: Machines that calibrated it, by name.
        answers: How many answers of theirs were looked at.
        is_new: For each band whether it was calibrated anew.
        coverage_before: Share of truths that the interval held so far.
        width_before: Its mean width, in ``life_unit``.
        width_after: That of the new one around the same answers.
        life_unit: ``cycles``, ``hours`` or ``seconds``.
    """

    plant: str
    over: ModelVersion
    card: dict[str, Any]
    rows: bytes
    level: float
    units: tuple[str, ...]
    answers: int
    is_new: tuple[bool, ...]
    coverage_before: float
    width_before: float
    width_after: float
    life_unit: str


def propose(home: Home, plant: str, *, level: float | None = None) -> Recalibration:
    """Calibrate the champion's interval on outcomes; nothing is changed.

    Args:
        home: Where the model is and the log.
        plant: Which plant.
        level: Coverage that the new interval promises where none is asked for; None for the old one's.

    Raises:
        NoChampionError: The plant has no model in charge.
        TooFewOutcomesError: Too few machines have failed since it answered for them.
        CalibrationError: A challenger is on trial, no machine is new, or the level cannot be served.
        StoreError: The model's bytes are not there or changed.
    """
    champion = home.registry.champion(plant)
    if champion is None:
        raise NoChampionError(plant)
    _refuse_trial(home, plant)
    model = load(home, champion)
    answers = _unseen(home, champion, model.card)
    old, names, rul = model.calibration, *_columns(answers)
    life = np.array([each.truth for each in answers])
    new, is_new = old.renewed(names, rul, life)
    new = replace(new, level=level or old.level)
    before, after = old.interval(rul), new.interval(rul, level)
    if not any(is_new):
        why = f", {FEW_UNITS} or more in no band of predictions"
        found = len(set(names.tolist()))
        raise TooFewOutcomesError(plant, found=found, needed=FEW_UNITS, why=why)
    units = tuple(sorted(set(names.tolist())))
    rows = to_parquet(pd.DataFrame([asdict(each) for each in answers]))
    told = {"of": champion.sha256, "units": list(units), "is_new": list(is_new)}
    told |= {"rows": sha256(rows)}
    truth = np.minimum(life, old.cap)
    inside = (before[0] <= truth) & (truth <= before[1])
    return Recalibration(
        plant=plant,
        over=champion,
        card={**model.card, "interval": new.to_json(), "recalibration": told},
        rows=rows,
        level=new.level,
        units=units,
        answers=len(answers),
        is_new=is_new,
        coverage_before=_mean(inside.astype(np.float64), names),
        width_before=_mean(before[1] - before[0], names),
        width_after=_mean(after[1] - after[0], names),
        life_unit=model.preparation.life_unit,
    )


def recalibrate(
    home: Home,
    plant: str,
    *,
    actor: str,
    reason: str,
    now: datetime,
    level: float | None = None,
) -> tuple[Recalibration, Deployment]:
    """Put the champion in charge with an interval that outcomes calibrated.

    Args:
        home: Where the model is and the log.
        plant: Which plant.
        actor: Pseudonym of the person.
        reason: Why; kept for the audit.
        now: When.
        level: As of :func:`propose`.

    Raises:
        RecordError: No reason is given.
        ChampionChangedError: Somebody else deployed meanwhile.
        FrozenError: The plant is frozen.
        KeyFileError: The key that signs how the version was made cannot be used; nothing was changed.
        RulPlatformError: As :func:`propose`.
    """
    reason = given(reason)
    found = propose(home, plant, level=level)
    old = home.store.artifact(found.over.sha256)
    new = {CARD_FILE: canonical_json(found.card), ROWS: found.rows}
    kept = {name: home.store.path(old, name) for name in old.files if name not in new}
    made = home.store.write(kept | new)
    with home.registry.alone():
        version = home.registry.register(plant, made.sha256, now=now)
        _record_lineage(home, found, made, now)
        evidence = {
            "kind": RECALIBRATION,
            "of": found.over.number,
            "units": len(found.units),
            "coverage_before": found.coverage_before,
            "actor": actor,
            "reason": reason,
        }
        deployed = home.registry.deploy(
            plant, version.number, expected_champion=found.over.number, evidence=evidence, now=now
        )
        raise_alert(home, decisions.recalibrated(deployed), now)
        ensure_signed(home, version, now=now)  # or nothing of it happens
    return found, deployed


def _refuse_trial(home: Home, plant: str) -> None:
    challenger = home.registry.challenger(plant)
    if challenger is not None:
        msg = (
            f"{plant}: version {challenger.number} is on trial beside the champion, and a recalibration "
            f"would end the comparison. Wait for its end; nothing was changed."
        )
        raise CalibrationError(msg)


def _unseen(home: Home, champion: ModelVersion, card: Mapping[str, Any]) -> list[JudgedAnswer]:
    """Answers of the champion's graph for machines that failed since and taught it nothing."""
    plant, taught = champion.plant, {unit for units in card["units"].values() for unit in units}
    numbers = _same_model(home, champion)
    judged = FigureQuestions(home.engine).judged(plant, _BEGINNING)
    answers = [each for each in judged if each.number in numbers and each.unit not in taught]
    units = {each.unit for each in answers}
    if len(units) < FEW_UNITS:
        raise TooFewOutcomesError(plant, found=len(units), needed=FEW_UNITS)
    if units <= set(card.get("recalibration", {}).get("units", ())):
        msg = (
            f"{plant}: no machine has failed since the interval was last calibrated on {len(units)} of "
            f"them. Report more with `rul outcome`; nothing was changed."
        )
        raise CalibrationError(msg)
    return answers


def _same_model(home: Home, champion: ModelVersion) -> set[int]:
    """Numbers of the versions that say the same: this one, and those before a recalibration."""
    models = models_of(home.registry.deployments(champion.plant))
    return {number for number in models if models[number] == models[champion.number]}


def _columns(answers: list[JudgedAnswer]) -> tuple[np.ndarray, Rows]:
    return (
        np.array([each.unit for each in answers]),
        np.array([each.rul for each in answers], dtype=np.float64),
    )


def _mean(values: Rows, names: np.ndarray) -> float:
    return float(np.average(values, weights=unit_weights(names)))


def _record_lineage(home: Home, found: Recalibration, made: Artifact, now: datetime) -> None:
    rows, code = sha256(found.rows), source_fingerprint(Path(rul_platform.__file__).parent, _CODE)
    home.lineage.record(
        asset=ASSET,
        partition=found.plant,
        sha256=made.sha256,
        run_id="rul recalibrate",
        code_version=code,
        parameters={"level": found.level, "units": list(found.units)},
        environment=environment(_PACKAGES),
        inputs=[
            Input("finetuned_model", found.plant, found.over.sha256),
            Input("predictions", found.plant, rows),
            Input("outcomes", found.plant, rows),
        ],
        now=now,
    )
