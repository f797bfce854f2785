"""What must hold of an artifact, looked up in the stored bytes and not in the memory that made them.

A blocking check stops what is downstream in the same run. What must hold in every run (no leak, the
gate) is refused by the asset itself as well.
"""

import json
from collections.abc import Collection, Iterable, Iterator

import dagster as dg
import numpy as np
import pandas as pd

from rul_platform.core import splits
from rul_platform.core.canonical import sha256
from rul_platform.core.cmapss import (
    PUBLISHED_SHA256,
    SIMULATED,
    file_names,
    held_out_fleet,
    training_fleet,
)
from rul_platform.core.findings import LEFT_OF_LOSS
from rul_platform.core.gate import HOLD, Verdict
from rul_platform.core.moments import MomentsFit
from rul_platform.core.scaling import MIN_READINGS
from rul_platform.errors import DataError
from rul_platform.orchestration.audit_checks import lineage_holds
from rul_platform.orchestration.model_checks import MODEL_CHECKS
from rul_platform.orchestration.partitioned_checks import (
    Context,
    checked,
    partitioned_check,
)
from rul_platform.orchestration.partitions import ARCHITECTURE, PLANT, SUBSET
from rul_platform.orchestration.step import Files
from rul_platform.orchestration.stored_windows import (
    cmapss_training,
    preparation_of,
    splits_of,
)
from rul_platform.storage.home import Home
from rul_platform.storage.stored_fleet import pieces_of

ROUNDING = 1e-3
"""How far float32 may take the mean and spread of scaled training rows from 0 and 1."""


@partitioned_check("raw_cmapss", SUBSET, blocking=True)
def raw_schema(context: Context, home: Home) -> dg.AssetCheckResult:
    """26 finite numbers in each row, cycles from 1 without gaps, one RUL for every test engine."""
    subset, files = checked(context, home, "raw_cmapss")
    train, test, rul = file_names(subset)
    try:
        learned = training_fleet(files.read(train), train)
        tested = held_out_fleet(files.read(test), files.read(rul), test, rul)
    except DataError as error:
        return dg.AssetCheckResult(passed=False, description=str(error))
    engines = {"training_engines": len(learned.units), "test_engines": len(tested.units)}
    return dg.AssetCheckResult(passed=True, metadata=engines)


@partitioned_check("raw_cmapss", SUBSET, blocking=True)
def raw_checksums(context: Context, home: Home) -> dg.AssetCheckResult:
    """The files are NASA's, byte for byte; simulated or knowingly other data is named as such."""
    subset, files = checked(context, home, "raw_cmapss")
    if subset == SIMULATED:
        return dg.AssetCheckResult(
            passed=True, description="Simulated data: there is no published hash."
        )
    found = {name: sha256(files.read(name)) for name in file_names(subset)}
    other = [name for name, digest in found.items() if digest != PUBLISHED_SHA256[name]]
    made = home.lineage.current("raw_cmapss", subset)
    is_accepted = made is not None and made.parameters.get("accept_other_data") is True
    return dg.AssetCheckResult(
        passed=not other,
        severity=dg.AssetCheckSeverity.WARN if is_accepted else dg.AssetCheckSeverity.ERROR,
        description=f"Not as published: {', '.join(other)}."
        if other
        else "As NASA published them.",
        metadata=found,
    )


@partitioned_check("cmapss_windows", SUBSET, blocking=True)
def no_engine_in_two_splits(context: Context, home: Home) -> dg.AssetCheckResult:
    """An engine that trains does not validate."""
    _, files = checked(context, home, "cmapss_windows")
    return _one_split_each([cmapss_training(files).index])


@partitioned_check("plant_windows", PLANT, blocking=True)
def no_unit_in_two_splits(context: Context, home: Home) -> dg.AssetCheckResult:
    """A unit that trains neither validates nor tests."""
    _, files = checked(context, home, "plant_windows")
    return _one_split_each(_pieces(files, "windows", "unit", "split"))


@partitioned_check("cmapss_windows", SUBSET, blocking=True)
def engine_scaler_saw_training_only(context: Context, home: Home) -> dg.AssetCheckResult:
    """Scaled training rows have mean 0 and, unless rare, spread 1: no other row moved them."""
    _, files = checked(context, home, "cmapss_windows")
    units = cmapss_training(files).select(splits.TRAIN).units()
    return _scaled_by_training(files, units.tolist(), [files.table("train_cycles.parquet")])


@partitioned_check("plant_windows", PLANT, blocking=True)
def plant_scaler_saw_training_only(context: Context, home: Home) -> dg.AssetCheckResult:
    """Scaled training rows have mean 0 and, unless rare, spread 1: no other row moved them."""
    _, files = checked(context, home, "plant_windows")
    units = [unit for unit, role in splits_of(files).items() if role == splits.TRAIN]
    sensors = preparation_of(files).scaler.sensors
    return _scaled_by_training(
        files, units, _pieces(files, "cycles", "unit", "condition", *sensors)
    )


@partitioned_check("cmapss_windows", SUBSET, blocking=True)
def engine_channels_are_usable(context: Context, home: Home) -> dg.AssetCheckResult:
    """Every channel is a finite number. A sensor that never moves is named: it warns."""
    _, files = checked(context, home, "cmapss_windows")
    return usable(files, [files.table("train_cycles.parquet")])


@partitioned_check("plant_windows", PLANT, blocking=True)
def plant_channels_are_usable(context: Context, home: Home) -> dg.AssetCheckResult:
    """Every channel is a finite number. A sensor that never moves is named: it warns."""
    _, files = checked(context, home, "plant_windows")
    return usable(files, _pieces(files, "cycles", *preparation_of(files).channels))


@partitioned_check("pretrained_checkpoint", ARCHITECTURE, blocking=True)
def overfits_one_batch(context: Context, home: Home) -> dg.AssetCheckResult:
    """A fresh network of this architecture learns 32 windows by heart; if not, it is wired wrongly."""
    from rul_platform.learning.fitting import training
    from rul_platform.learning.networks import checkpoints, models

    architecture, files = checked(context, home, "pretrained_checkpoint")
    card = json.loads(files.read("card.json"))
    stored = home.store.artifact(next(iter(card["windows"].values())))
    windows = cmapss_training(Files(home.store, stored)).select(splits.TRAIN)
    config = checkpoints.load(files.read("checkpoint.pt"), source=architecture).config
    fresh = models.build(config, seed=0)
    left = training.overfit_one_batch(fresh, windows, cap=card["cap"], seed=0)
    return dg.AssetCheckResult(
        passed=left <= LEFT_OF_LOSS,
        description=f"{left:.2%} of the loss is left, at most {LEFT_OF_LOSS:.0%} is allowed.",
        metadata={"loss_left": left},
    )


@partitioned_check("evaluation_report", PLANT, blocking=True)
def beats_the_constant(context: Context, home: Home) -> dg.AssetCheckResult:
    """The candidate knows more than the mean life."""
    _, files = checked(context, home, "evaluation_report")
    evidence = _verdict(files).evidence
    return dg.AssetCheckResult(
        passed=evidence.candidate_rmse < evidence.constant_rmse,
        metadata={
            "candidate_rmse": evidence.candidate_rmse,
            "constant_rmse": evidence.constant_rmse,
        },
    )


@partitioned_check("evaluation_report", PLANT, blocking=False)
def compared_with_boosting(context: Context, home: Home) -> dg.AssetCheckResult:
    """A network that gradient boosting beats is hardly worth its cost. Warns, does not block."""
    _, files = checked(context, home, "evaluation_report")
    evidence = _verdict(files).evidence
    return dg.AssetCheckResult(
        passed=evidence.candidate_rmse <= evidence.boosting_rmse,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "candidate_rmse": evidence.candidate_rmse,
            "boosting_rmse": evidence.boosting_rmse,
        },
    )


@partitioned_check("evaluation_report", PLANT, blocking=True)
def promotion_gate(context: Context, home: Home) -> dg.AssetCheckResult:
    """The verdict is PROMOTE, or the model is in charge already. HOLD warns: a person decides."""
    _, files = checked(context, home, "evaluation_report")
    verdict = _verdict(files)
    is_held = verdict.verdict == HOLD  # blocks nothing: the deploying asset waits for the approval
    return dg.AssetCheckResult(
        passed=verdict.is_open,
        severity=dg.AssetCheckSeverity.WARN if is_held else dg.AssetCheckSeverity.ERROR,
        description=f"{verdict.verdict}: {'; '.join(verdict.reasons)}",
    )


CHECKS = [
    raw_schema,
    raw_checksums,
    no_engine_in_two_splits,
    no_unit_in_two_splits,
    engine_scaler_saw_training_only,
    plant_scaler_saw_training_only,
    engine_channels_are_usable,
    plant_channels_are_usable,
    overfits_one_batch,
    beats_the_constant,
    compared_with_boosting,
    promotion_gate,
    lineage_holds,
    *MODEL_CHECKS,
]


def _verdict(files: Files) -> Verdict:
    return Verdict.from_json(json.loads(files.read("gate.json")))


def _pieces(files: Files, table: str, *columns: str) -> Iterator[pd.DataFrame]:
    """A plant's stored table, which may be longer than memory."""
    return pieces_of(files.store, files.artifact, table, columns)


def _one_split_each(index: Iterable[pd.DataFrame]) -> dg.AssetCheckResult:
    roles: dict[str, set[str]] = {}
    for piece in index:
        for unit, split in piece[["unit", "split"]].drop_duplicates().itertuples(index=False):
            roles.setdefault(str(unit), set()).add(split)
    torn = sorted(unit for unit, found in roles.items() if len(found) > 1)
    return dg.AssetCheckResult(
        passed=not torn,
        description=f"In two splits: {', '.join(torn)}." if torn else None,
        metadata={"units": len(roles)},
    )


def _scaled_by_training(
    files: Files, units: Collection[str], cycles: Iterable[pd.DataFrame]
) -> dg.AssetCheckResult:
    """Whether the stored scaled rows of training units are centred, condition by condition."""
    scaler = preparation_of(files).scaler
    moments = MomentsFit(scaler.sensors)
    for piece in cycles:
        moments.add(piece[piece["unit"].isin(units)])
    within = moments.within().values()
    mean = np.stack([each.mean for each in within])
    spread = np.stack([each.spread for each in within])
    off = float(np.abs(mean).max())
    is_rare = np.array([[each.rows < MIN_READINGS] for each in within])  # no spread of their own
    is_scaled = is_rare | (np.abs(spread - 1) < ROUNDING) | (spread < ROUNDING)  # constant: none
    return dg.AssetCheckResult(
        passed=off < ROUNDING and bool(is_scaled.all()) and set(scaler.fitted_on) == set(units),
        metadata={"largest_mean": off, "fitted_on_units": len(scaler.fitted_on)},
    )


def usable(files: Files, cycles: Iterable[pd.DataFrame]) -> dg.AssetCheckResult:
    """Whether the stored channels are numbers, and which sensors never move."""
    preparation = preparation_of(files)
    count = len(preparation.channels)
    is_broken = np.zeros(count, dtype=np.bool_)
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    for piece in cycles:
        values = piece[list(preparation.channels)].to_numpy()
        is_broken |= ~np.isfinite(values).all(axis=0)
        low, high = np.fmin(low, values.min(axis=0)), np.fmax(high, values.max(axis=0))
    broken = [name for name, at in zip(preparation.channels, is_broken, strict=True) if at]
    moves = dict(zip(preparation.channels, (low < high).tolist(), strict=True))
    still = [name for name in preparation.scaler.sensors if not moves[name]]
    said = [
        *([f"No finite number somewhere in {', '.join(broken)}."] if broken else []),
        *([f"Constant, so without any influence: {', '.join(still)}."] if still else []),
    ]
    return dg.AssetCheckResult(
        passed=not said,
        severity=dg.AssetCheckSeverity.ERROR if broken else dg.AssetCheckSeverity.WARN,
        description=" ".join(said) or None,
        metadata={"channels": len(preparation.channels), "constant_sensors": len(still)},
    )
