"""Readings that are no longer like those a model learned from."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from rul_platform.orchestration.sensors.rounds import go_round, reason
from rul_platform.storage.home import Home

EVERY = timedelta(hours=1)
"""From the beginning of a round to that of the next one."""
NEVER = datetime.min.replace(tzinfo=UTC)


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def watch_data_drift(
    context: dg.SensorEvaluationContext, home: dg.ResourceParam[Home]
) -> dg.SensorResult:
    """Raise an alert where readings have drifted. It starts no retrain: they carry no label.

    A round each hour; one that many plants make long goes on each minute until it is over.
    """
    from rul_platform.operation import triggering

    now, cursor = home.now(), _Cursor.read(context.cursor)
    if cursor.rests(now):
        text = f"the round is over; the next one begins at {cursor.began + EVERY:%H:%M} UTC"
        return dg.SensorResult(skip_reason=text, cursor=cursor.text)

    def look(plant: str) -> str:
        verdict = triggering.evaluate_data_drift(home, plant, now)
        return "; ".join(verdict.reasons)

    seen = go_round(home, "data drift", look, now=now, log=context.log, after=cursor.plant)
    left = _Cursor(seen.last, now if cursor.plant is None else cursor.began)
    return dg.SensorResult(skip_reason=reason(seen.told), cursor=left.text)


@dataclass(frozen=True, slots=True)
class _Cursor:
    """The plant visited last, None where the round is over, and when the round began."""

    plant: str | None = None
    began: datetime = NEVER

    @classmethod
    def read(cls, text: str | None) -> "_Cursor":
        """What the tick before left; that of another version of the platform begins anew."""
        try:
            found = json.loads(text or "{}")
            return cls(found["plant"], datetime.fromisoformat(found["began"]))
        except (ValueError, KeyError, TypeError):
            return cls()

    @property
    def text(self) -> str:
        """For :meth:`read`."""
        return json.dumps({"plant": self.plant, "began": self.began.isoformat()})

    def rests(self, now: datetime) -> bool:
        """Whether it is not yet time for another round; a clock that was set back makes nobody wait."""
        return self.plant is None and self.began <= now < self.began + EVERY
