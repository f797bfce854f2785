"""What happens by the clock, in UTC: a nightly audit and a look at every plant, retention, a fire drill.

The sensors look more often at less; these jobs look at everything, also where the sensors are switched
off, and leave a run that shows it.
"""

import math

import dagster as dg

from rul_platform.orchestration import switches
from rul_platform.orchestration.sensors.rounds import go_round, plants_at_work
from rul_platform.storage.home import Home

HomeResource = dg.ResourceParam[Home]

METRICS = "metrics"
"""Folder in the home folder where the nightly check writes every plant's figures."""


@dg.op
def check_plants(context: dg.OpExecutionContext, home: HomeResource) -> None:
    """Ask every condition of every plant, tidy up where the policy says so, and write the figures."""
    from rul_platform.operation import metrics, tidying, triggering

    now = home.now()

    def look(plant: str) -> str:
        by_feedback = triggering.evaluate(home, plant, now)
        by_outcomes = None if by_feedback else triggering.evaluate_outcomes(home, plant, now)
        asked = by_feedback or by_outcomes
        drift = triggering.evaluate_data_drift(home, plant, now)
        if home.configured(plant).policy.cleanup:
            tidying.clean_up(home, plant, now)
        retrain = f"retrain {asked.id} is asked for; " if asked else ""
        return retrain + "; ".join(drift.reasons)

    whole = go_round(home, "nightly check", look, now=now, log=context.log, budget_seconds=math.inf)
    for line in whole.told:
        context.log.info(line)
    metrics.export(home, home.folder / METRICS, now)


@dg.op
def forget_what_is_old(context: dg.OpExecutionContext, home: HomeResource) -> None:
    """Make the months to come, and remove personal data whose time is over.

    An alert where this login may not, and nobody else did.
    """
    from rul_platform.operation import privacy
    from rul_platform.operation.alerting import raise_alert
    from rul_platform.storage import months
    from rul_platform.storage.alerts import NewAlert

    now = home.now()
    context.log.info(f"Months made: {months.add_ahead(home.engine, now)}.")
    if home.feedback.may_forget():
        context.log.info(str(privacy.purge(home, now)))
        return
    context.log.info("This login may not forget persons: `rul privacy purge` as rul_purge does.")
    if privacy.is_overdue(home, now):
        alert = NewAlert(
            key=f"retention:{now:%Y-%m-%d}",
            plant="",
            kind="retention",
            severity="critical",
            title="Personal data is kept for longer than the settings allow",
            text="Run `rul privacy purge` as rul_purge, daily: docs/postgresql.md shows how.",
        )
        raise_alert(home, alert, now)


@dg.op
def rehearse_rollbacks(context: dg.OpExecutionContext, home: HomeResource) -> None:
    """Load and ask the version that each plant would fall back to; an alert where that fails."""
    from rul_platform.operation import fire_drill
    from rul_platform.operation.alerting import raise_alert
    from rul_platform.storage.alerts import NewAlert

    now = home.now()
    for plant in plants_at_work(home):
        drill = fire_drill.rehearse(home, plant)
        context.log.info(f"{plant}: version {drill.number}: {drill.problem or 'would serve'}")
        if drill.problem is None:
            continue
        alert = NewAlert(
            key=f"fire-drill:{plant}:{now:%Y-%m-%d}",
            plant=plant,
            kind="fire_drill",
            severity="warning" if drill.number is None else "critical",
            title=f"{plant}: a rollback would not help now",
            text=f"{drill.problem}. The champion serves; if it had to go, nothing could take over.",
        )
        raise_alert(home, alert, now)


@dg.op
def verify_records(context: dg.OpExecutionContext, home: HomeResource) -> None:
    """Audit everything, as `rul audit verify` does; an alert and a failed run where it does not hold."""
    from rul_platform.operation.alerting import raise_alert
    from rul_platform.operation.audit.verify import BROKEN, verify
    from rul_platform.storage.alerts import NewAlert

    now = home.now()
    found = verify(home, more=switches.problems(home, context.instance))
    context.log.info(str(found.looked_at))
    for problem in found.problems:
        context.log.warning(f"[{problem.part}] {problem.kind}: {problem.sentence}")
    if found.exit_code != BROKEN:
        return
    broken = [each for each in found.problems if each.kind == "broken"]
    alert = NewAlert(
        key=f"audit:{now:%Y-%m-%d}",
        plant="",
        kind="audit",
        severity="critical",
        title=f"The records do not hold: {len(broken)} problems",
        text=f"The first: {broken[0].sentence}. `rul audit verify` tells all of them.",
    )
    raise_alert(home, alert, now)
    raise dg.Failure(description=f"{alert.title}. {alert.text}", allow_retries=False)


@dg.job(description=verify_records.description)
def nightly_audit() -> None:
    """One step."""
    verify_records()


@dg.job(description=check_plants.description)
def nightly_check() -> None:
    """One step."""
    check_plants()


@dg.job(description=forget_what_is_old.description)
def retention() -> None:
    """One step."""
    forget_what_is_old()


@dg.job(description=rehearse_rollbacks.description)
def fallback_fire_drill() -> None:
    """One step."""
    rehearse_rollbacks()


def _at(cron: str, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=f"{job.name}_schedule",
        job=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )


SCHEDULES = [
    _at("15 1 * * *", nightly_audit),
    _at("15 2 * * *", nightly_check),
    _at("15 3 * * *", retention),
    _at("15 4 * * 1", fallback_fire_drill),
]
