"""The Dagster instance in force, and the embedded one: SQLite below the home folder, for one person."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import click
import dagster as dg
from filelock import FileLock, Timeout
from sqlalchemy.exc import SQLAlchemyError

from rul_platform.operation.audit.problems import Problem
from rul_platform.orchestration import switches
from rul_platform.storage.home import Home
from rul_platform.storage.plain_files import write_whole

SETTINGS, COMMAND_SETTINGS = "dagster.yaml", "command_line.yaml"
LOCK = "command.lock"
STARTED_BY, COMMAND_LINE = "rul/started_by", "command_line"
"""A tag of the runs that a command executes in its own process."""
UNFINISHED = [
    status
    for status in dg.DagsterRunStatus
    if status
    not in (
        dg.DagsterRunStatus.SUCCESS,
        dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.CANCELED,
    )
]
KILLED = "The command that ran this was killed."

WITHOUT_LOG_CAPTURE = """
# What runs in a terminal shows its output there. Capturing it would start watchers that answer Ctrl-C
# with a traceback of their own.
compute_logs:
  module: dagster.core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""


def prepare_instance(home: Home) -> Path:
    """Make the instance's folder and settings where they are missing; returns the folder."""
    folder = home.dagster
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / SETTINGS
    if not settings.exists():
        wanted = files("rul_platform.orchestration") / "embedded_dagster.yaml"
        write_whole(settings, wanted.read_bytes())
    return folder


@contextmanager
def open_instance(home: Home) -> Iterator[dg.DagsterInstance]:
    """The instance for a command: the UI's, without log capture, and for one command at a time.

    Runs of former commands that were killed are failed first: they would count as running for ever.
    """
    folder = prepare_instance(home)
    settings = (folder / SETTINGS).read_text(encoding="utf-8")
    captures = "compute_logs:" in settings
    write_whole(
        folder / COMMAND_SETTINGS, (settings + ("" if captures else WITHOUT_LOG_CAPTURE)).encode()
    )
    with _alone(folder), dg.DagsterInstance.from_config(str(folder), COMMAND_SETTINGS) as instance:
        fail_dead_runs(instance)
        yield instance


def in_force_folder(home: Home) -> Path:
    """Folder of the instance in force: ``DAGSTER_HOME`` with a ``dagster.yaml``, else the embedded."""
    named = home.settings.dagster_home
    if named is not None and (named / SETTINGS).exists():
        return named
    return home.dagster


@contextmanager
def in_force(home: Home) -> Iterator[dg.DagsterInstance]:
    """The instance whose sensors and schedules are at work; the embedded one is made where missing."""
    folder = in_force_folder(home)
    if folder == home.dagster:
        prepare_instance(home)
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        yield instance


def switched_unseen(home: Home) -> tuple[Problem, ...]:
    """Sensors and schedules of the instance in force that were switched outside of the ledger."""
    folder = in_force_folder(home)
    if not (folder / SETTINGS).exists():
        return ()
    try:
        with in_force(home) as instance:
            return switches.problems(home, instance)
    except (dg.DagsterError, SQLAlchemyError) as error:
        what = (
            f"the instance in {folder} cannot be asked: {type(error).__name__}"  # may hold secrets
        )
        return (Problem("unknown", "switches", "sensors and schedules", what),)


def tidy_instance(home: Home) -> Path:
    """The instance's folder for the UI, without runs of commands that were killed.

    Where a command is at work, its runs are alive and nothing is touched.
    """
    folder = prepare_instance(home)
    lock = FileLock(folder / LOCK)
    try:
        with lock.acquire(timeout=0), dg.DagsterInstance.from_config(str(folder)) as instance:
            fail_dead_runs(instance)
    except Timeout:
        pass
    return folder


def is_command_at_work(home: Home) -> bool:
    """Whether some process holds this home's lock of commands."""
    lock = home.settings.home / "dagster" / LOCK
    if not lock.exists():
        return False
    try:
        with FileLock(lock).acquire(timeout=0):
            return False
    except Timeout:
        return True


def fail_dead_runs(instance: dg.DagsterInstance) -> None:
    """Fail the runs of commands that are gone. Only for whoever holds the lock."""
    wanted = dg.RunsFilter(statuses=UNFINISHED, tags={STARTED_BY: COMMAND_LINE})
    for run in instance.get_runs(filters=wanted):
        instance.report_run_failed(run, KILLED)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock of commands; the system lets go of it when a process dies, however it dies."""
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        click.echo("Another command is at work on this home folder; waiting for it.", err=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
