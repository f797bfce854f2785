"""Bringing an MLflow server to where our records are.

Every step looks first at what is there, so that a second call does nothing, and one after a kill does
what was left. A server that is down costs the call, and nothing else: nobody waits for it.

Belongs here: which steps, in which order. Does not belong here: what is told (``facts``), and how
(``server``).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from rul_platform.errors import (
    MlflowError,
    MlflowRefusedError,
    StoreError,
    StoreUnreachableError,
)
from rul_platform.operation.mlflow_export.facts import Facts, facts, model_files
from rul_platform.operation.mlflow_export.mark import note_exported
from rul_platform.operation.mlflow_export.server import (
    FACTS,
    FINISHED,
    SHA256,
    STATE,
    MlflowServer,
)
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion

if TYPE_CHECKING:
    from mlflow.entities import Run

ALIASES = ("champion", "shadow")
"""Names in MLflow for the one version that is in this state."""

LOCK = "mlflow.lock"
"""In the home folder: who is at it."""


@dataclass(slots=True, kw_only=True)
class Exported:
    """What a round did.

    Attributes:
        runs: Made, or brought up to date.
        versions: Registered.
        aliases: Moved or taken away.
        problems: A sentence for each version, or plant, that was left behind.
    """

    runs: int = 0
    versions: int = 0
    aliases: int = 0
    problems: list[str] = field(default_factory=list[str])

    @property
    def is_nothing(self) -> bool:
        """Whether all was there before."""
        return not (self.runs or self.versions or self.aliases or self.problems)


def export(home: Home, uri: str) -> Exported:
    """Export every version of every plant.

    Damaged or absent files of one version do not hold up the others, nor does a plant of which the
    server takes something not.

    Raises:
        MissingExtraError: MLflow's client is not installed.
        MlflowError: The server or our store does not answer, or another export is at work.
    """
    server, done = MlflowServer(uri), Exported()
    with _alone(home):
        newest = home.ledger.newest_about_plants()
        versions = home.registry.versions()
        for plant in sorted({each.plant for each in versions}):
            try:
                _export_plant(
                    home, server, [each for each in versions if each.plant == plant], done
                )
            except MlflowRefusedError as error:
                done.problems.append(f"{plant}: {error.problem}")
        note_exported(home, newest, done.problems)
    return done


def _export_plant(
    home: Home, server: MlflowServer, versions: Sequence[ModelVersion], done: Exported
) -> None:
    plant = versions[0].plant
    name = f"{home.settings.mlflow_prefix}{plant}"
    experiment = server.experiment(name)
    runs, pointed = server.runs(experiment), server.model(name, plant)
    registered = server.model_versions(name)
    for version in versions:
        number = str(version.number)
        try:
            told = facts(home, version)
            run = runs.get(number) or server.begin_run(experiment, f"{name} {number}", told)
            if changed := _changed(told, run):
                done.problems.append(
                    f"{plant} version {number}: MLflow keeps parameters as it was first told them, and "
                    f"these are other ones now: {', '.join(changed)}"
                )
            done.runs += _fill_run(home, server, version, told, run)
        except StoreUnreachableError:
            problem = "the store with the files of versions does not answer"
            raise MlflowError(problem) from None
        except (StoreError, OSError) as error:
            done.problems.append(f"{plant} version {number}: {error}")
            continue
        there = registered.get(number)
        if there is not None and there.tags.get(STATE) != version.state:
            server.note_state(name, there.version, version.state)
        elif there is None and told.has_files:
            registered[number] = server.register(name, run, {**told.tags, STATE: version.state})
            done.versions += 1
    for alias in ALIASES:
        numbers = [str(each.number) for each in versions if each.state == alias]
        wanted = next((str(registered[n].version) for n in numbers if n in registered), None)
        if wanted != pointed.get(alias):
            server.point(name, alias, wanted)
            done.aliases += 1


def _fill_run(
    home: Home, server: MlflowServer, version: ModelVersion, told: Facts, run: "Run"
) -> bool:
    """Whether something was missing or has changed since."""
    if run.data.tags.get(SHA256) != version.sha256:
        problem = (
            f"it has another model as version {version.number} of {version.plant}; installations that "
            f"export to one server need a RUL_MLFLOW_PREFIX of their own each"
        )
        raise MlflowRefusedError(problem)
    is_whole = run.info.status == FINISHED
    if is_whole and run.data.tags.get(FACTS) == told.digest:
        return False
    has_to_send = told.has_files and not is_whole
    server.fill_run(run, told, model_files(home, version) if has_to_send else {})
    return True


def _changed(told: Facts, run: "Run") -> list[str]:
    """Names of parameters that the run holds with another value."""
    there = run.data.params
    return [name for name, value in told.params.items() if there.get(name, value) != value]


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Two at once would make runs twice; MLflow has nothing that keeps them apart."""
    try:
        with FileLock(home.folder / LOCK).acquire(timeout=0):
            yield
    except Timeout:
        raise MlflowError(
            "another export of this home is at work; ask again when it is done"
        ) from None
