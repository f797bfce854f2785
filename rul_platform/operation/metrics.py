"""How a plant's model does at work, in plain values: for people, for files, for a service.

Belongs here: what is told of retrains and of a model at work. Does not belong here: the questions to the
tables (``storage.figures``), and any decision (``core``).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from rul_platform.core.trigger import wilson, window_start
from rul_platform.errors import StoreError
from rul_platform.operation.known_plants import known_plants
from rul_platform.operation.model_files import label_cap
from rul_platform.operation.promises import claimed_and_delivered
from rul_platform.storage.alerts import Alert
from rul_platform.storage.figures import FigureQuestions, JudgedAnswer
from rul_platform.storage.gates import Gate
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion
from rul_platform.storage.plain_files import write_whole
from rul_platform.storage.retrains import SYSTEM, Retrain

EXECUTIONS_FILE, METRICS_FILE = "retrain_executions.jsonl", "metrics.json"

CONFIDENCE = 0.95
"""Of the bounds that are told; each of the two is one-sided."""

ALL_ROWS = 1_000_000
"""More retrains than any installation has."""

ALERTS_SHOWN = 100

FIRST_FIELDS = ("id", "plant", "trigger", "watermark", "state", "verdict")

PERSON = "person"
"""The actor where one asked: who that was is nobody's business here."""


def history_rows(home: Home, plant: str | None = None) -> list[dict[str, Any]]:
    """Every retrain of one plant, or of all, as plain values; the newest first.

    Times are UTC in ISO 8601. ``gain_claimed`` and ``gain_delivered`` are parts of the former champion's
    RMSE: what the gate found, and what units that failed since then showed; None while it is not known.
    ``actor`` is ``person`` or ``system``; ``reason``, and what follows from it, is as a person typed it.
    """
    retrains = home.retrains.history(plant, ALL_ROWS)
    gains = {name: _gains(home, name) for name in {retrain.plant for retrain in retrains}}
    unknown = {"version": None, "gain_claimed": None, "gain_delivered": None}
    return [_row(retrain) | gains[retrain.plant].get(retrain.id, unknown) for retrain in retrains]


def metrics(home: Home, plant: str, now: datetime) -> dict[str, Any]:
    """What a plant's model did in the days that its policy looks back.

    Raises:
        ConfigError: The plant's policy is wrong.
    """
    since = window_start(now, home.configured(plant).policy)
    champion, figures = home.registry.champion(plant), FigureQuestions(home.engine)
    return {
        "plant": plant,
        "from": since.isoformat(),
        "until": now.isoformat(),
        "champion": _champion(home, plant, champion),
        "satisfaction": _satisfaction(home, plant, since),
        "volume": _volume(figures, plant, since),
        "outcomes": outcomes(home, plant, now),
        "inference_ms": _percentiles(figures.inference_ms(plant, since)),
        "retrains": _retrains(home.retrains.history(plant, ALL_ROWS)),
        "alerts": _alerts(home, plant),
    }


def outcomes(home: Home, plant: str, now: datetime) -> dict[str, Any]:
    """Errors of answers for machines that failed since, as in :func:`metrics`."""
    since = window_start(now, home.configured(plant).policy)
    judged = FigureQuestions(home.engine).judged(plant, since)
    return _outcomes(judged, _cap(home, home.registry.champion(plant)))


def export(home: Home, folder: Path, now: datetime) -> tuple[Path, Path]:
    """Write ``retrain_executions.jsonl``, a retrain on each line, and ``metrics.json`` into a folder.

    Each file is whole or as it was before. The oldest retrain comes first, so that a later export of the
    same home begins with the lines of this one, but for retrains that were not over. Files go where no
    erasure reaches, so nothing stands there that a person typed.

    Raises:
        StoreFullError: The disk has no room.
    """
    rows = reversed([_without_typed(row) for row in history_rows(home)])
    of_plants = [metrics(home, plant, now) for plant in known_plants(home)]
    files = folder / EXECUTIONS_FILE, folder / METRICS_FILE
    write_whole(files[0], "".join(map(_line, rows)).encode())
    text = json.dumps({"at": now.isoformat(), "plants": of_plants}, indent=2, allow_nan=False)
    write_whole(files[1], (text + "\n").encode())
    return files


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n"


def _gains(home: Home, plant: str) -> dict[int, dict[str, Any]]:
    """By retrain: the version that it made, what that gains at its gate, and what it gained at work."""
    delivered = {each.number: each.delivered for each in claimed_and_delivered(home, plant)}
    return {
        gate.retrain_id: {
            "version": gate.number,
            "gain_claimed": _gain_claimed(gate),
            "gain_delivered": delivered.get(gate.number),
        }
        for gate in home.gates.history(plant)
        if gate.retrain_id is not None
    }


def _gain_claimed(gate: Gate) -> float | None:
    evidence = gate.record.get("evidence", {})
    champion, candidate = evidence.get("champion_rmse"), evidence.get("candidate_rmse")
    return 1.0 - candidate / champion if champion and candidate is not None else None


def _row(retrain: Retrain) -> dict[str, Any]:
    """All fields; the first ones are what others may rely on."""
    actor = SYSTEM if retrain.actor == SYSTEM else PERSON
    fields = asdict(replace(retrain, actor=actor))
    plain = {n: v.isoformat() if isinstance(v, datetime) else v for n, v in fields.items()}
    return dict.fromkeys(FIRST_FIELDS) | plain


def _without_typed(row: dict[str, Any]) -> dict[str, Any]:
    """Without the reason for forcing or cancelling a retrain, which stands in up to three fields."""
    told = {name: value for name, value in row.items() if name != "reason"}
    if row["trigger"] == "forced":
        told["cause"] = {"reasons": ["forced"]}
    if row["state"] == "cancelled":
        told["error"] = "cancelled"
    return told


def _champion(home: Home, plant: str, champion: ModelVersion | None) -> dict[str, Any] | None:
    if champion is None:
        return None
    since = home.registry.deployments(plant)[-1].since
    return {"number": champion.number, "sha256": champion.sha256, "since": since.isoformat()}


def _cap(home: Home, champion: ModelVersion | None) -> float | None:
    """The longest life that the model tells apart; None without one, or where its files are broken."""
    try:
        return label_cap(home, champion.sha256) if champion else None
    except StoreError:
        return None


def _satisfaction(home: Home, plant: str, since: datetime) -> dict[str, Any]:
    days = home.feedback.stats(plant, since)
    positive, negative = sum(day.positive for day in days), sum(day.negative for day in days)
    total = positive + negative
    low, high = wilson(positive, total, CONFIDENCE)
    return {
        "positive": positive,
        "negative": negative,
        "share": positive / total if total else None,
        "lower": low,
        "upper": high,
        "confidence": CONFIDENCE,
        "per_day": [
            {"day": day.day.isoformat(), "positive": day.positive, "negative": day.negative}
            for day in days
        ],
    }


def _volume(figures: FigureQuestions, plant: str, since: datetime) -> dict[str, Any]:
    answers = figures.answers_per_day(plant, since)
    failures = figures.failures_per_day(plant, since)
    return {
        "answers": sum(answers.values()),
        "failures": sum(failures.values()),
        "per_day": [
            {"day": day, "answers": answers.get(day, 0), "failures": failures.get(day, 0)}
            for day in sorted(answers.keys() | failures.keys())
        ],
    }


def _outcomes(judged: Sequence[JudgedAnswer], cap: float | None) -> dict[str, Any]:
    """Errors of answers about units that failed since, each unit weighing the same.

    Truth is cut off at the label cap, as where a model is trained and judged.
    """
    found: dict[str, Any] = {"units": 0, "answers": len(judged), "rmse": None, "coverage": None}
    if not judged or cap is None:
        return found
    squares: dict[str, list[float]] = {}
    inside: dict[str, list[bool]] = {}
    for each in judged:
        truth = min(each.truth, cap)
        squares.setdefault(each.unit, []).append((each.rul - truth) ** 2)
        inside.setdefault(each.unit, []).append(each.rul_low <= truth <= each.rul_high)
    return found | {
        "units": len(squares),
        "rmse": float(np.sqrt(np.mean([np.mean(of_unit) for of_unit in squares.values()]))),
        "coverage": float(np.mean([np.mean(of_unit) for of_unit in inside.values()])),
    }


def _percentiles(values: Sequence[float]) -> dict[str, Any]:
    found: dict[str, Any] = {"answers": len(values), "p50": None, "p95": None}
    if values:
        found["p50"], found["p95"] = np.percentile(np.asarray(values), [50, 95]).tolist()
    return found


def _retrains(retrains: Sequence[Retrain]) -> dict[str, Any]:
    """Of all times: there are few."""
    seconds = [
        (each.finished_at - each.started_at).total_seconds()
        for each in retrains
        if each.finished_at is not None and each.started_at is not None
    ]
    states = [each.state for each in retrains]
    return {
        "by_state": {state: states.count(state) for state in sorted(set(states))},
        "seconds_median": float(np.median(seconds)) if seconds else None,
        "seconds_longest": max(seconds, default=None),
    }


def _alerts(home: Home, plant: str) -> dict[str, Any]:
    """The newest alerts that some channel has not taken, or never will."""
    waiting = home.alerts.recent(ALERTS_SHOWN, only_undelivered=True)
    return {"undelivered": [_alert(alert) for alert in waiting if alert.plant in (plant, "")]}


def _alert(alert: Alert) -> dict[str, Any]:
    plain = {name: getattr(alert, name) for name in ("kind", "severity", "title", "repeats")}
    return plain | {"created_at": alert.created_at.isoformat()}
