"""Answers in the log by the thousand, without any model that gave them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import sqlalchemy as sa

from rul_platform.storage.models import ModelRegistry
from rul_platform.storage.predictions import LoggedPrediction, PredictionLog

SHA256 = "a" * 64


def log_answers(
    engine: sa.Engine, plant: str, units: Sequence[str], *, each: int, now: datetime
) -> None:
    """Log so many answers of each machine, an hour apart; life counts them, and the RUL falls."""
    version = ModelRegistry(engine).register(plant, SHA256, now=now)
    PredictionLog(engine).record_all(
        [
            LoggedPrediction(
                id=uuid4().hex, plant=plant, unit=unit, number=version.number, sha256=SHA256,
                life=float(at), rul=100.0 - at + place % 50, rul_low=80.0 - at,
                rul_high=160.0 - at + place % 50, created_at=now + timedelta(hours=at), role="champion",
                beside=None, raw_rul=None, inference_ms=None, readings_sha256=None, is_strange=False,
            )
            for place, unit in enumerate(units)
            for at in range(each)
        ]
    )  # fmt: skip
