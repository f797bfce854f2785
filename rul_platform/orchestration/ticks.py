"""What the daemon would do at this moment: one tick of a sensor, and the runs that it asks for.

For the command line and for a demonstration whose clock is not the real one.
"""

import logging

import dagster as dg

from rul_platform.orchestration.retraining import run_retrain
from rul_platform.orchestration.sensors.feedback import retrain_on_feedback
from rul_platform.orchestration.sensors.guard import guard_champions
from rul_platform.orchestration.step import RETRAIN_TAG
from rul_platform.storage.home import Home


def tick_feedback(home: Home, instance: dg.DagsterInstance) -> tuple[int, ...]:
    """Let the feedback sensor look once, and run the retrains that it asks for.

    Returns:
        Ids of the retrains that were run.
    """
    asked = _tick(retrain_on_feedback, home, instance).run_requests or []
    retrains = tuple(int(request.tags[RETRAIN_TAG]) for request in asked)
    for retrain in retrains:
        run_retrain(home, instance, retrain)
    return retrains


def tick_guard(home: Home, instance: dg.DagsterInstance) -> None:
    """Let the guard look once."""
    _tick(guard_champions, home, instance)


def _tick(sensor: dg.SensorDefinition, home: Home, instance: dg.DagsterInstance) -> dg.SensorResult:
    logging.disable(logging.INFO)  # what a tick found belongs into the UI, not into a terminal
    try:
        with dg.build_sensor_context(instance=instance, resources={"home": home}) as context:
            result = sensor(context)
    finally:
        logging.disable(logging.NOTSET)
    return result if isinstance(result, dg.SensorResult) else dg.SensorResult()
