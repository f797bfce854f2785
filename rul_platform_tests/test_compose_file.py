"""The compose file: valid, and of the kind that may be shown to strangers."""

import ipaddress
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from rul_platform_tests.test_deploy_files import TOP, call, read

COMPOSE = read("docker-compose.yml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
each_service = pytest.mark.parametrize("name", SERVICES)


def test_it_follows_the_compose_specification():
    result = call(
        "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"
    )

    assert result.returncode == 0, result.stdout


@each_service
def test_what_a_service_waits_for_exists_and_says_when_it_is_healthy(name: str):
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        assert wait["condition"] == "service_healthy"
        assert "healthcheck" in SERVICES[other]


@each_service
def test_a_service_is_checked_unprivileged_and_of_a_fixed_version(name: str):
    service = SERVICES[name]

    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["user"] not in ("", "root", "0", "0:0")
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert re.fullmatch(r"[a-z-]+:[0-9][\w.-]+", service["image"])


@each_service
def test_a_port_is_open_on_the_loopback_only(name: str):
    for port in SERVICES[name].get("ports", []):
        assert ipaddress.ip_address(port.split(":", 1)[0]).is_loopback


@each_service
def test_no_password_is_written_down(name: str):
    for key, value in SERVICES[name].get("environment", {}).items():
        if re.search(r"PASSWORD|SECRET|TOKEN|KEY", key):
            assert value.startswith("${POSTGRES_PASSWORD:?"), key
        for password in re.findall(r"://[^:/@]+:(.*)@", str(value)):
            assert password.startswith("${POSTGRES_PASSWORD:?"), key


@each_service
def test_volumes_and_networks_are_declared(name: str):
    sources = [volume.split(":")[0] for volume in SERVICES[name].get("volumes", [])]

    assert {s for s in sources if not s.startswith(".")} <= set(COMPOSE["volumes"])
    assert all((TOP / source).exists() for source in sources if source.startswith("."))
    assert set(SERVICES[name]["networks"]) <= set(COMPOSE["networks"])


def test_the_database_cannot_be_reached_from_outside():
    assert SERVICES["database"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_the_code_server_is_where_the_workspace_looks_for_it():
    server = read("deploy/workspace.yaml")["load_from"][0]["grpc_server"]
    module = read("workspace.yaml")["load_from"][0]["python_module"]["module_name"]
    command = SERVICES[server["host"]]["command"]

    assert f"--port={server['port']}" in command
    assert f"--module-name={module}" in command
    assert f"--location-name={server['location_name']}" in command


def test_the_web_pages_and_the_daemon_are_separate_and_none_is_the_developers_server():
    programs = {name: service.get("command", [""])[0] for name, service in SERVICES.items()}

    assert programs["webserver"] == "dagster-webserver"
    assert programs["daemon"] == "dagster-daemon"
    assert all(
        service.get("command", [])[:2] != ["dagster", "dev"] for service in SERVICES.values()
    )


def test_every_variable_of_the_production_instance_is_given():
    storage = read("dagster.yaml")["storage"]["postgres"]["postgres_db"]
    wanted = {value["env"] for value in storage.values() if isinstance(value, dict)}

    for name in ("code", "webserver", "daemon"):
        assert wanted <= set(SERVICES[name]["environment"])


def test_every_variable_of_the_compose_file_is_in_the_example():
    example = (TOP / "deploy" / "env.example").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\$\{(\w+)", yaml.safe_dump(COMPOSE)))

    assert wanted == set(re.findall(r"^(\w+)=", example, flags=re.MULTILINE))


def test_secrets_are_kept_out_of_the_repository_and_of_the_image():
    assert ".env" in (TOP / ".gitignore").read_text(encoding="utf-8").split()
    ignored = (TOP / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert next(line for line in ignored if not line.startswith("#")) == "*"


def test_the_image_is_built_from_what_the_checkout_has_and_the_ignore_file_lets_through():
    dockerfile = (TOP / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    allowed = (TOP / ".dockerignore").read_text(encoding="utf-8").split()
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, flags=re.MULTILINE)
    sources = {source for line in copies for source in line.split()}

    assert sources >= {"pyproject.toml", "constraints.txt", "rul_platform", "dagster.yaml"}
    assert {f"!{source}" for source in sources} <= set(allowed)
    assert all(Path(TOP / source).exists() for source in sources)


def test_the_image_runs_as_nobody_special():
    lines = (TOP / "deploy" / "Dockerfile").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if line.startswith("USER ")] == ["USER rul"]
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert all(re.fullmatch(r"python:3\.\d+-[\w-]+", base) for base in bases)
