"""Bringing an MLflow server to where our records are.

Every step looks first at what is there, so that a second call does nothing, and one after a kill does
what was left. A plant that was told as a whole and has no news since is not asked about again:
one question tells whether the aliases of all those are where they were. A server that is down costs the
call, and nothing else: nobody waits for it.

Belongs here: which steps, in which order. Does not belong here: what is told (``facts``), and how
(``server``).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from rul_platform.errors import (
    MlflowError,
    MlflowRefusedError,
    StoreError,
    StoreUnreachableError,
)
from rul_platform.operation.mlflow_export.facts import Facts, facts, model_files
from rul_platform.operation.mlflow_export.mark import (
    Mark,
    Told,
    digest_of,
    read_mark,
    target_of,
    write_mark,
)
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
    from mlflow.entities.model_registry import ModelVersion as Registered

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


def export(home: Home, uri: str, *, is_all_asked: bool = False) -> Exported:
    """Export every version of every plant.

    Damaged or absent files of one version do not hold up the others, nor does a plant of which the
    server takes something not.

    Args:
        home: Whose versions.
        uri: The server's address.
        is_all_asked: Whether the server is asked about plants without news, too.

    Raises:
        MissingExtraError: MLflow's client is not installed.
        MlflowError: The server or our store does not answer, or another export is at work.
    """
    server, done, target = MlflowServer(uri), Exported(), target_of(home, uri)
    with _alone(home):
        newest, before = home.ledger.newest_about_plants(), read_mark(home)
        is_ours = before.target == target and before.ledger <= newest  # else a backup came back
        known = before.plants if is_ours and not is_all_asked else {}
        plants = _by_plant(home.registry.versions())
        told = _unchanged(home, server, plants, replace(before, plants=known)) if known else {}
        for plant in sorted(plants.keys() - told.keys()):
            problems = len(done.problems)
            try:
                aliases = _export_plant(home, server, plants[plant], done)
            except MlflowRefusedError as error:
                done.problems.append(f"{plant}: {error.problem}")
                continue
            if len(done.problems) == problems:
                told[plant] = Told(versions=digest_of(plants[plant]), aliases=aliases)
        left = frozenset(done.problems)
        write_mark(home, Mark(ledger=newest, problems=left, target=target, plants=told))
    return done


def _by_plant(versions: Iterable[ModelVersion]) -> dict[str, list[ModelVersion]]:
    found = dict[str, list[ModelVersion]]()
    for each in versions:
        found.setdefault(each.plant, []).append(each)
    return found


def _unchanged(
    home: Home, server: MlflowServer, plants: Mapping[str, Sequence[ModelVersion]], mark: Mark
) -> dict[str, Told]:
    """Those of the mark's plants of which there is nothing new to tell, here and there."""
    prefix, news = home.settings.mlflow_prefix, home.ledger.plants_after(mark.ledger)
    try:
        there = server.aliases(prefix)
    except MlflowRefusedError:  # the plants' own questions will tell why
        return {}
    return {
        plant: told
        for plant, told in mark.plants.items()
        if plant in plants
        and plant not in news
        and told.versions == digest_of(plants[plant])
        and _ours(there.get(plant)) == told.aliases
    }


def _ours(aliases: Mapping[str, str] | None) -> dict[str, str] | None:
    """Those that we move; None where there is no model."""
    return None if aliases is None else {each: aliases[each] for each in ALIASES if each in aliases}


@dataclass(frozen=True, slots=True, kw_only=True)
class _There:
    """What MLflow holds of a plant when its turn comes.

    Attributes:
        name: Of its experiment and its registered model.
        experiment: Its id.
        runs: By the number of our version.
        registered: MLflow's versions, likewise; those that are made in this turn come in.
        pointed: Aliases, to MLflow's versions.
    """

    name: str
    experiment: str
    runs: Mapping[str, "Run"]
    registered: dict[str, "Registered"]
    pointed: Mapping[str, str]

    @classmethod
    def of(cls, server: MlflowServer, name: str, plant: str) -> "_There":
        """Ask for it; an experiment and a registered model that are missing are made."""
        experiment = server.experiment(name)
        return cls(
            name=name,
            experiment=experiment,
            runs=server.runs(experiment),
            pointed=server.model(name, plant),
            registered=server.model_versions(name),
        )


def _export_plant(
    home: Home, server: MlflowServer, versions: Sequence[ModelVersion], done: Exported
) -> dict[str, str]:
    """Tell everything of a plant.

    Returns:
        Its aliases there, to MLflow's versions.
    """
    plant = versions[0].plant
    there = _There.of(server, f"{home.settings.mlflow_prefix}{plant}", plant)
    for version in versions:
        _export_version(home, server, there, version, done)
    return _export_aliases(server, there, versions, done)


def _export_version(
    home: Home, server: MlflowServer, there: _There, version: ModelVersion, done: Exported
) -> None:
    """Its run, its files and its state; one whose files are damaged or absent is left behind."""
    number, name = str(version.number), there.name
    try:
        told = facts(home, version)
        run = there.runs.get(number) or server.begin_run(there.experiment, f"{name} {number}", told)
        if changed := _changed(told, run):
            done.problems.append(
                f"{version.plant} version {number}: MLflow keeps parameters as it was first told "
                f"them, and these are other ones now: {', '.join(changed)}"
            )
        done.runs += _fill_run(home, server, version, told, run)
    except StoreUnreachableError:
        problem = "the store with the files of versions does not answer"
        raise MlflowError(problem) from None
    except (StoreError, OSError) as error:
        done.problems.append(f"{version.plant} version {number}: {error}")
        return
    known = there.registered.get(number)
    if known is not None and known.tags.get(STATE) != version.state:
        server.note_state(name, known.version, version.state)
    elif known is None and told.has_files:
        tags = {**told.tags, STATE: version.state}
        there.registered[number] = server.register(name, run, tags)
        done.versions += 1


def _export_aliases(
    server: MlflowServer, there: _There, versions: Sequence[ModelVersion], done: Exported
) -> dict[str, str]:
    """Let aliases point where our states say; gives them all, to MLflow's versions."""
    wanted = {
        each.state: str(there.registered[number].version)
        for each in versions
        if each.state in ALIASES and (number := str(each.number)) in there.registered
    }
    for alias in ALIASES:
        if wanted.get(alias) != there.pointed.get(alias):
            server.point(there.name, alias, wanted.get(alias))
            done.aliases += 1
    return wanted


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
