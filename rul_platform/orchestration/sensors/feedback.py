"""What people say of a model asks for retrains, and every open retrain gets its run."""

import dagster as dg

from rul_platform.core.trigger import TriggerVerdict
from rul_platform.errors import ConfigError
from rul_platform.orchestration import reconciling, retrain_runs
from rul_platform.orchestration.jobs import RETRAIN_JOB
from rul_platform.orchestration.sensors.rounds import after, go_round, plants_at_work, reason
from rul_platform.storage.home import Home


@dg.sensor(
    job_name=RETRAIN_JOB,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def retrain_on_feedback(
    context: dg.SensorEvaluationContext, home: dg.ResourceParam[Home]
) -> dg.SensorResult:
    """Ask for a retrain where feedback calls for one, and for the run of every retrain without one.

    What was asked for is in the platform's own tables: a lost daemon, a deleted run or a reset cursor
    loses nothing and doubles nothing.
    """
    from rul_platform.operation import glancing, triggering

    now, begun = home.now(), home.stopwatch()
    home.feedback.roll_up()
    verdicts = glancing.glance(home, plants_at_work(home), now)
    firing = [
        plant
        for plant, verdict in verdicts.items()
        if isinstance(verdict, TriggerVerdict) and verdict.fires
    ]

    def look(plant: str) -> str:
        verdict = verdicts.get(plant)
        if isinstance(verdict, ConfigError):
            raise verdict
        if verdict is None or verdict.fires:
            asked = triggering.evaluate(home, plant, now)
            if asked is not None:
                return f"retrain {asked.id} is asked for"
            verdict = triggering.check(home, plant, now).verdict
        return "; ".join((*verdict.blocks, *verdict.reasons))

    seen = go_round(
        home, "feedback", look, now=now, log=context.log, after=after(context.cursor), urgent=firing,
        begun=begun,
    )  # fmt: skip
    settled = reconciling.reconcile(home, context.instance, now)
    requests = [
        retrain_runs.request(home, retrain)
        for retrain in home.retrains.open_requests()
        if retrain_runs.run_of(context.instance, retrain) is None and retrain.run_id is None
    ]
    text = reason((*settled, *seen.told))
    if not requests:
        return dg.SensorResult(skip_reason=text, cursor=seen.cursor)
    context.log.info(text)
    return dg.SensorResult(run_requests=requests, cursor=seen.cursor)
