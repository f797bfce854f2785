"""Who launched a run stands on the run, as a pseudonym."""

# ruff: noqa: TID251  what Dagster's pages do has no public name

from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster._core.remote_origin import (
    InProcessCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.run_coordinator import SubmitRunContext
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from starlette.requests import Request

from rul_platform.orchestration.run_coordinator import LAUNCHED_BY, NamedRunCoordinator
from rul_platform.settings import Settings
from rul_platform.storage.home import Home

ROOT = Path(__file__).parents[2]


def request(**headers: str) -> Request:
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": pairs, "method": "POST", "path": "/graphql"})


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """With the queue that the instance of production names."""
    monkeypatch.setenv("RUL_HOME", str(tmp_path / "home"))
    named = yaml.safe_load((ROOT / "dagster.yaml").read_text())["run_coordinator"]
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump({"run_coordinator": named}))
    with dg.DagsterInstance.from_config(str(tmp_path)) as opened:
        yield opened


def submitted(instance: dg.DagsterInstance, asked: Request | None) -> dg.DagsterRun:
    @dg.job
    def nothing() -> None:
        """No step."""

    location = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="rul_platform"))
    repository = RemoteRepositoryOrigin(location, "__repository__")
    code = JobPythonOrigin("nothing", RepositoryPythonOrigin("python", ModuleCodePointer("m", "f")))
    run = instance.create_run_for_job(
        nothing,
        status=dg.DagsterRunStatus.NOT_STARTED,
        remote_job_origin=RemoteJobOrigin(repository, "nothing"),
        job_code_origin=code,
    )
    with WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as process:
        workspace = process.create_request_context(asked)
        instance.run_coordinator.submit_run(SubmitRunContext(run, workspace))
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found


def test_the_persons_pseudonym_is_on_the_run_and_the_name_nowhere(instance, tmp_path: Path):
    assert isinstance(instance.run_coordinator, NamedRunCoordinator)
    run = submitted(instance, request(**{"X-Forwarded-User": "ann@plant"}))
    home = Home(Settings.read({"RUL_HOME": str(tmp_path / "home")}))
    assert run.tags[LAUNCHED_BY] == home.people.of("ann@plant", home.now())
    assert "ann" not in str(run.tags)


@pytest.mark.parametrize("asked", [None, request(), request(**{"X-Forwarded-User": ""})])
def test_where_nobody_is_named_it_is_dagsters_own_queue(instance, asked: Request | None):
    assert LAUNCHED_BY not in submitted(instance, asked).tags
