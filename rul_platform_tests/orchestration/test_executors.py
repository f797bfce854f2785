"""Where steps are carried out, and what is said where that cannot be."""

import socket
import sys
from pathlib import Path

import dagster as dg
import pytest

from rul_platform.errors import ClusterUnreachableError, MissingExtraError
from rul_platform.orchestration.code_location import build_defs
from rul_platform.orchestration.executors import executor_of
from rul_platform.orchestration.ray_steps import connected
from rul_platform.settings import Settings
from rul_platform.storage.home import Home


def settings(folder: Path, executor: str) -> Settings:
    named = {"RUL_EXECUTOR": executor, "RUL_RAY_ADDRESS": "http://127.0.0.1:8265"}
    return Settings.read({"RUL_HOME": str(folder), "RUL_CMAPSS_URL": "", **named})


@pytest.mark.parametrize("name", ["in_process", "multiprocess", "ray"])
def test_the_setting_names_the_executor_of_every_job(name: str, tmp_path: Path):
    pytest.importorskip("dagster_ray")

    defs = build_defs(Home(settings(tmp_path, name)))

    assert {job.executor_def.name for job in defs.get_repository_def().get_all_jobs()} == {name}


def test_whoever_builds_it_may_say_otherwise(tmp_path: Path):
    defs = build_defs(Home(settings(tmp_path, "ray")), executor=dg.in_process_executor)

    assert defs.resolve_implicit_global_asset_job_def().executor_def.name == "in_process"


@pytest.mark.parametrize("module", ["ray", "dagster_ray"])
def test_a_missing_extra_is_named(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, module, None)  # Python's own way to hide a module

    with pytest.raises(MissingExtraError, match=r"RUL_EXECUTOR=ray needs .*rul-platform\[ray\]"):
        executor_of(settings(tmp_path, "ray"))


def test_ray_is_loaded_by_a_run_and_not_by_the_code_location(tmp_path: Path):
    pytest.importorskip("dagster_ray")

    build_defs(Home(settings(tmp_path, "ray"))).resolve_asset_graph()

    assert "ray" not in sys.modules


def test_a_cluster_that_does_not_answer_is_named_with_what_to_do():
    pytest.importorskip("ray")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"

        with pytest.raises(ClusterUnreachableError) as refused:
            connected(address)

    assert str(refused.value).startswith(f"No Ray cluster answers at {address}, which RUL_RAY_ADD")
    assert "RUL_EXECUTOR=multiprocess works without a cluster" in str(refused.value)
