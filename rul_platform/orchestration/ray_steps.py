"""Steps on the nodes of a Ray cluster: each is a job of its own there.

The only module that knows Ray; it is imported where ``RUL_EXECUTOR=ray``, and imports Ray itself when a
run begins. A node that dies costs its own steps: each is placed anew, up to twice. So is a step that has
waited so long for room that Ray gives it up, as often as that happens.

Nothing of this process's environment is sent along: a node gets its own when it is started, so that no
password goes through the cluster or shows on its pages.

Belongs here: placing steps, and what becomes of lost ones. Does not belong here: how much a step needs
(``step_needs``), retries of what fails in a step itself (``retries``).
"""

from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import dagster as dg

# Dagster's guide to executors of one's own names these, and they have no public names.
from dagster._core.execution.plan.objects import StepRetryData  # noqa: TID251
from dagster._core.execution.retries import RetryMode  # noqa: TID251
from dagster._core.executor.step_delegating import (  # noqa: TID251
    CheckStepHealthResult,
    StepDelegatingExecutor,
    StepHandler,
)

from rul_platform.errors import ClusterUnreachableError, MissingExtraError
from rul_platform.orchestration.step_needs import StepNeeds, needs_of

if TYPE_CHECKING:  # no asset lives here, so Dagster resolves no annotation of this module
    from ray.job_submission import JobSubmissionClient

HEALTH_SECONDS = 5
"""From one look at the cluster's jobs to the next: so long a lost step goes unnoticed, and as long as
Ray itself takes to tell."""

MAX_LOST, WAIT_SECONDS = 2, 5
"""How often a lost step is placed anew, and how long before: Ray needs seconds to forget a dead node."""

GIVEN_UP = "JOB_SUPERVISOR_ACTOR_START_TIMEOUT"
"""What Ray calls a job that found no room in 15 minutes, or in RAY_JOB_START_TIMEOUT_SECONDS."""


def ray_executor(address: str, training: StepNeeds) -> dg.ExecutorDefinition:
    """Carries out steps on the cluster whose job server is at ``address``.

    Args:
        address: URL of the job server, as ``http://head:8265``.
        training: What a step needs that trains.

    Raises:
        MissingExtraError: Ray or dagster-ray is not installed.
    """
    if missing := [name for name in ("ray", "dagster_ray") if find_spec(name) is None]:
        package = missing[0].replace("_", "-")
        raise MissingExtraError("RUL_EXECUTOR=ray", package=package, extra="ray")

    @dg.executor(name="ray", requirements=dg.multiple_process_executor_requirements())
    def ray(_context: dg.InitExecutorContext) -> dg.Executor:
        return RayExecutor(
            placing(connected(address), training),
            retries=RetryMode.ENABLED,
            check_step_health_interval_seconds=HEALTH_SECONDS,
            should_verify_step=True,
        )

    return ray


class RayExecutor(StepDelegatingExecutor):
    """Gives a lost step to another node."""

    def __init__(self, handler: StepHandler, **rest: Any) -> None:
        """One for each run."""
        super().__init__(handler, **rest)
        self._lost = Counter[str]()

    def log_failure_or_retry_event_after_error(
        self, step_context: Any, err_info: Any, known_state: Any
    ) -> dg.DagsterEvent:
        """Dagster calls this for a step that is gone without a word.

        What fails in a step, the step itself has written into the event log: it never comes here.
        """
        key = step_context.step.key
        self._lost[key] += 1
        if self._lost[key] > MAX_LOST:
            return super().log_failure_or_retry_event_after_error(
                step_context, err_info, known_state
            )
        again = StepRetryData(error=err_info, seconds_to_wait=WAIT_SECONDS)
        return dg.DagsterEvent.step_retry_event(step_context, again)


def connected(address: str) -> "JobSubmissionClient":
    """The cluster's job server.

    Raises:
        ClusterUnreachableError: It does not answer.
    """
    from ray.job_submission import JobSubmissionClient

    try:
        return JobSubmissionClient(address)
    except (ConnectionError, RuntimeError, OSError) as error:
        why = str(error).strip().splitlines()[0].rstrip(".")
        raise ClusterUnreachableError(address, why) from error


def placing(client: "JobSubmissionClient", training: StepNeeds) -> StepHandler:
    """Submits each step as a job that is placed where there is room for what its tags ask for."""
    from dagster_ray.core.executor import RayStepHandler

    given_up = Counter[str]()

    class Placing(RayStepHandler):
        def check_step_health(self, step_handler_context: Any) -> CheckStepHealthResult:
            """What Ray gave up waits again, as another job: nothing of the step has begun."""
            found = super().check_step_health(step_handler_context)
            reason = found.unhealthy_reason or ""
            if GIVEN_UP in reason:
                self._submit_again(step_handler_context, reason)
                return CheckStepHealthResult.healthy()
            return found

        def _submit_again(self, context: Any, reason: str) -> None:
            attempt, key = super()._get_ray_job_submission_id(context), self._get_step_key(context)
            log = context.get_step_context(key).log
            log.warning(f'"{key}" found no room yet, and goes on waiting. {reason}')
            given_up[attempt] += 1
            try:
                list(self.launch_step(context))
            except Exception:
                given_up[attempt] -= 1  # the next look at it finds the former job, and comes here
                raise

        def _get_ray_job_submission_id(self, step_handler_context: Any) -> str:
            """The newest job of this attempt at the step."""
            attempt = super()._get_ray_job_submission_id(step_handler_context)
            return f"{attempt}-again-{given_up[attempt]}" if given_up[attempt] else attempt

        def launch_step(self, step_handler_context: Any) -> Iterator[Any]:
            """Steps are launched one after the other, so that the amounts are this step's."""
            (tags,) = step_handler_context.step_tags.values()
            needs = needs_of(tags, training)
            self.num_cpus, self.num_gpus = needs.cpus, needs.gpus
            yield from super().launch_step(step_handler_context)

    return Placing(
        client,
        env_vars=None,
        runtime_env=None,
        num_cpus=None,
        num_gpus=None,
        memory=None,
        resources=None,
    )
