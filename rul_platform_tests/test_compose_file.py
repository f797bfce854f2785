"""The compose file: valid, and of the kind that may be shown to strangers."""

import ipaddress
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from rul_platform.operation.channels import channels
from rul_platform.settings import CHANNELS, Settings
from rul_platform_tests.stack.compose import read_compose
from rul_platform_tests.test_deploy_files import TOP, call, read

COMPOSE = read("docker-compose.yml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
JOBS = frozenset(name for name, service in SERVICES.items() if service["restart"] == "no")
NETWORKS = {name: set(service.get("networks", ())) for name, service in SERVICES.items()}
ANSWERING = ("service", "grafana", "prometheus")
STARTING = ("webserver", "code", "daemon")
each_service = pytest.mark.parametrize("name", SERVICES)


def test_it_follows_the_compose_specification():
    result = call(
        "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"
    )

    assert result.returncode == 0, result.stdout


@each_service
def test_what_a_service_waits_for_exists_and_says_when_it_is_ready(name: str):
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        is_job = other in JOBS
        is_optional = "profiles" in SERVICES[other] and "profiles" not in SERVICES[name]
        assert wait.get("required", True) is not is_optional
        assert wait["condition"] == (
            "service_completed_successfully" if is_job else "service_healthy"
        )
        assert ("healthcheck" in SERVICES[other]) is not is_job


@each_service
def test_a_service_is_unprivileged_limited_and_of_a_fixed_version(name: str):
    service = SERVICES[name]

    if name != "object-store-owner":
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
        assert "cap_add" not in service
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert re.fullmatch(r"[a-z/-]+:v?[0-9][\w.-]+", service["image"])
    if name not in JOBS:
        assert service["healthcheck"]["test"][0] == "CMD"


@each_service
def test_a_port_is_open_on_the_loopback_unless_told_otherwise(name: str):
    for port in SERVICES[name].get("ports", []):
        address = port.replace("${RUL_BIND:-127.0.0.1}", "127.0.0.1").split(":", 1)[0]
        assert ipaddress.ip_address(address).is_loopback
        assert name == "proxy" or "RUL_BIND" not in port


def test_root_gives_a_new_volume_to_the_object_store_and_can_do_nothing_else():
    owner, store = SERVICES["object-store-owner"], SERVICES["object-store"]

    assert owner["user"] == "0:0"
    assert owner["cap_add"] == ["CHOWN"]
    assert owner["network_mode"] == "none"
    assert "networks" not in owner
    assert owner["entrypoint"] == ["chown", store["user"], "/data"]
    assert owner["volumes"] == ["objects:/data"]
    assert "objects:/data" in store["volumes"]
    assert owner["image"] == store["image"]
    assert owner["profiles"] == store["profiles"]
    assert "object-store-owner" in store["depends_on"]
    here = read_compose(TOP / "docker-compose.yml", {}, volumes=TOP)["object-store"]
    assert set(here.waits_for) == {"object-store-owner"}
    assert not here.beside({"object-store"}, without={"object-store-owner"}).waits_for


def test_who_publishes_a_port_or_sends_to_others_has_a_way_out_and_nobody_else():
    ways = {name for name, one in COMPOSE["networks"].items() if not one.get("internal")}
    publishing = {name for name, service in SERVICES.items() if "ports" in service}

    assert ways == {"published", "outside"}
    assert {name for name, on in NETWORKS.items() if "published" in on} == publishing
    assert {name for name, on in NETWORKS.items() if "outside" in on} == {"code"}


def neighbours(name: str, networks: dict[str, set[str]]) -> set[str]:
    """Who shares a network with a service, and so can reach every port of it."""
    return {other for other, on in networks.items() if on & networks[name]} - {name}


def test_what_answers_callers_cannot_reach_what_starts_runs():
    """The pages with rights believe `X-Forwarded-User`, and the code server asks for nothing."""
    for name in ANSWERING:
        assert neighbours(name, NETWORKS).isdisjoint(STARTING), name
    assert neighbours("webserver", NETWORKS).isdisjoint({"webserver-read-only", "service"})
    assert neighbours("proxy", NETWORKS) & set(STARTING) == {"webserver"}


def test_callers_come_to_the_service_by_the_proxy_alone_which_it_believes_about_addresses():
    assert neighbours("service", NETWORKS) == {
        "database",
        "pooler",
        "object-store",
        "proxy",
        "prometheus",
        "grafana",
    }


def hosts(service: dict[str, Any]) -> set[str]:
    """Names of services that the environment of one tells it to ask, wherever the variables lead."""
    words = " ".join(str(value) for value in service.get("environment", {}).values())
    named = set(re.findall(r"[\w-]+", words)) & {"database", "pooler"}
    return named | ({"object-store"} if "RUL_STORE" in service.get("environment", {}) else set())


@each_service
def test_a_service_reaches_whom_it_asks(name: str):
    asked = hosts(SERVICES[name]) | {
        "webserver": {"code", "database"},
        "webserver-read-only": {"code", "database"},
        "daemon": {"code", "database"},
        "proxy": {"service", "webserver"},
        "prometheus": {"service"},
        "grafana": {"prometheus"},
        "grants": {"database"},
        "pooler": {"database"},
        "code": {"pooler"},
        "service": {"pooler"},
    }.get(name, set())

    assert asked <= neighbours(name, NETWORKS)


def test_no_two_programs_listen_on_the_same_port():
    """`make stack` gives all of them one loopback."""
    ports = [port.rsplit(":", 1)[1] for s in SERVICES.values() for port in s.get("ports", ())]
    ports += [
        found
        for service in SERVICES.values()
        for word in (*service.get("command", ()), *service.get("entrypoint", ()))
        for found in re.findall(r"--port=(\d+)|address=[\d.]+:(\d+)", word)
        for found in filter(None, found)
        if "ports" not in service
    ]

    assert len(ports) == len(set(ports)) == 7


@each_service
def test_no_password_is_written_down(name: str):
    for key, value in SERVICES[name].get("environment", {}).items():
        is_place = key in ("RUL_KEYS", "RUL_SIGNING_KEY")  # of files that are made there
        if not is_place and re.search(r"PASSWORD|SECRET|TOKEN|KEY|CREDENTIAL", key):
            assert re.fullmatch(r"/run/secrets/[a-z0-9_]+", value), key
            assert value.rsplit("/", 1)[1] in (*SERVICES[name]["secrets"], "s3_credentials"), key
        assert not re.search(r"://[^:/@]+:.*@", str(value)), key


def test_each_secret_is_made_and_somebody_s(tmp_path: Path):
    make = ["sh", TOP / "deploy" / "compose" / "make_secrets.sh", tmp_path / "secrets"]
    made = subprocess.run(make, capture_output=True, text=True)
    files = {file.name: file for file in (tmp_path / "secrets").iterdir()}
    first = {name: file.read_bytes() for name, file in files.items()}

    assert made.returncode == 0, made.stderr
    assert set(COMPOSE["secrets"]) == files.keys() - {"proxy_password"}
    used = {name for service in SERVICES.values() for name in service.get("secrets", ())}
    assert used == set(COMPOSE["secrets"])
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    empty = {name for name, content in first.items() if not content.strip()}
    assert empty == {f"alert_{each}" for each in ("webhook", "slack", "teams", "smtp", "apprise")}
    assert all(file.stat().st_mode & 0o777 == 0o444 for n, file in files.items() if n not in empty)
    again = subprocess.run(make, capture_output=True, text=True)
    assert not again.stdout.startswith("made ")
    assert {name: file.read_bytes() for name, file in files.items()} == first


PAIRS = (
    ("proxy_password", "proxy_users"),
    ("s3_auth_key", "s3_credentials"),
    ("tls_certificate", "tls_key"),
)


@pytest.mark.parametrize("gone", [half for pair in PAIRS for half in pair])
def test_two_secrets_that_belong_together_are_made_anew_together(tmp_path: Path, gone: str):
    make = ["sh", TOP / "deploy" / "compose" / "make_secrets.sh", tmp_path]
    subprocess.run(make, check=True, capture_output=True)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    pair = next(pair for pair in PAIRS if gone in pair)
    left = next(half for half in pair if half != gone)
    (tmp_path / gone).unlink()

    made = subprocess.run(make, check=True, capture_output=True, text=True)

    after = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert after.keys() - before.keys() == {f"{left}.before"}
    assert after[f"{left}.before"] == before[left]
    assert {name for name in before if before[name] != after[name]} == set(pair)
    assert f"put {left} aside as {left}.before" in made.stdout
    assert matching(tmp_path, pair)


def matching(folder: Path, pair: tuple[str, str]) -> bool:
    """Whether the two halves of a pair of secrets belong together."""
    one, other = ((folder / half).read_text().strip() for half in pair)

    def says(*words: str | Path) -> str:
        return subprocess.run(["openssl", *words], capture_output=True, text=True).stdout.strip()

    match pair[0]:
        case "proxy_password":
            salt = other.split("$")[2]
            return other == f"engineer:{says('passwd', '-6', '-salt', salt, one)}"
        case "s3_auth_key":
            return all(word in other for word in one.split(","))
        case _:
            certified = says("x509", "-in", folder / pair[0], "-noout", "-pubkey")
            return certified == says("pkey", "-in", folder / pair[1], "-pubout")


@each_service
def test_volumes_and_networks_are_declared(name: str):
    sources = [volume.split(":")[0] for volume in SERVICES[name].get("volumes", [])]

    assert {s for s in sources if not s.startswith(".")} <= set(COMPOSE["volumes"])
    assert all((TOP / source).exists() for source in sources if source.startswith("."))
    assert NETWORKS[name] <= set(COMPOSE["networks"])


def databases(environ: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Login and address of each service that comes to the platform's database."""
    told = read_compose(TOP / "docker-compose.yml", environ, volumes=TOP)
    urls = {name: one.environment.get("RUL_DATABASE_URL") for name, one in told.items()}
    split = {name: urlsplit(url) for name, url in urls.items() if url}
    return {name: (url.username or "", f"{url.hostname}:{url.port}") for name, url in split.items()}


def test_each_process_comes_to_the_database_by_its_own_login():
    users = {name: login for name, (login, _) in databases({}).items()}

    assert users == {
        "migrate": "rul_owner",
        "token": "rul_worker",
        "forget": "rul_purge",
        "code": "rul_worker",
        "service": "rul_api",
    }
    for name, user in users.items():
        held = {s for s in SERVICES[name]["secrets"] if s.startswith("rul_")}
        assert held == {f"{user}_password"}


def test_what_runs_all_the_time_comes_to_the_database_through_the_pooler_where_told_to():
    """Jobs and Dagster's own tables never do."""
    assert {address for _, address in databases({}).values()} == {"database:5432"}
    led = databases({"RUL_DATABASE_SERVER": "pooler:6432"})

    assert {name for name, (_, address) in led.items() if address == "pooler:6432"} == {
        "code",
        "service",
    }
    known = set(SERVICES["pooler"]["secrets"])
    assert known == {f"{led[name][0]}_password" for name in ("code", "service")}
    assert all("pooler" in SERVICES[name]["depends_on"] for name in ("code", "service"))


def test_the_code_server_alone_holds_what_alerts_are_sent_with():
    """`send_alerts` is a sensor, and sensors are evaluated there."""
    named = {f"{key}_FILE" for key in (*CHANNELS, "RUL_ALERT_WEBHOOK_SECRET")}

    for name, service in SERVICES.items():
        given = {key for key in service.get("environment", {}) if key.startswith("RUL_ALERT_")}
        held = {secret for secret in service.get("secrets", ()) if secret.startswith("alert_")}
        assert given == (named if name == "code" else set())
        assert held == ({key[4:-5].lower() for key in named} if name == "code" else set())


def test_a_channel_is_none_until_its_address_is_written_down_and_then_it_signs(tmp_path: Path):
    make = ["sh", TOP / "deploy" / "compose" / "make_secrets.sh", tmp_path]
    subprocess.run(make, check=True, capture_output=True)
    environ = {
        key: value.replace("/run/secrets", str(tmp_path))
        for key, value in SERVICES["code"]["environment"].items()
        if key.startswith("RUL_ALERT_")
    }
    assert set(channels(Settings.read(environ))) == {"log"}

    (tmp_path / "alert_webhook").write_text("https://alerts.plant.example/rul\n")

    read = Settings.read(environ)
    assert set(channels(read)) == {"log", "webhook"}
    assert [len(key) for key in read.alert_webhook_secrets] == [32]


def test_settings_of_the_pool_and_of_mlflow_arrive_where_they_are_read():
    for name in ("code", "service"):
        given = set(SERVICES[name]["environment"])
        assert {
            f"RUL_DATABASE_POOL_{each}" for each in ("SIZE", "OVERFLOW", "WAIT", "RECYCLE")
        } <= given
    assert {"RUL_MLFLOW_URI", "RUL_MLFLOW_PREFIX"} <= set(SERVICES["code"]["environment"])


def test_the_database_cannot_be_reached_from_outside():
    assert all(COMPOSE["networks"][name]["internal"] is True for name in NETWORKS["database"])


def test_the_code_server_is_where_the_workspace_looks_for_it():
    server = read("deploy/compose/workspace.yaml")["load_from"][0]["grpc_server"]
    module = read("workspace.yaml")["load_from"][0]["python_module"]["module_name"]
    command = SERVICES[server["host"]]["command"]

    assert f"--port={server['port']}" in command
    assert f"--module-name={module}" in command
    assert f"--location-name={server['location_name']}" in command


def test_pages_that_start_runs_are_behind_the_proxy_and_the_published_ones_start_none():
    writing, reading = SERVICES["webserver"], SERVICES["webserver-read-only"]

    assert writing["command"][0] == reading["command"][0] == "dagster-webserver"
    assert "--read-only" in reading["command"]
    assert "--read-only" not in writing["command"]
    assert all(COMPOSE["networks"][name]["internal"] is True for name in writing["networks"])
    assert "ports" not in writing
    assert SERVICES["daemon"]["command"][0] == "dagster-daemon"
    assert all("dev" not in service.get("command", []) for service in SERVICES.values())


def test_dagster_s_web_pages_get_the_keys_and_not_the_home_folder():
    """They record who starts a run under a pseudonym, and may start runs: nothing else is theirs."""
    mounted = {
        name: {volume.split(":")[0] for volume in service.get("volumes", ())} & {"home", "keys"}
        for name, service in SERVICES.items()
    }
    assert mounted["webserver"] == {"keys"}
    assert mounted["webserver-read-only"] == mounted["daemon"] == mounted["migrate"] == set()
    assert all(mounted[name] == {"home", "keys"} for name in ("token", "forget", "code", "service"))


def test_nobody_is_forgotten_at_a_start_and_forgetting_waits_for_no_other_job():
    """`docker compose run` starts what a service waits for: cron shall not migrate tables each night."""
    forget = SERVICES["forget"]

    assert forget["profiles"] == ["forget"]
    assert forget["command"] == ["rul", "privacy", "purge"]
    assert not set(forget["depends_on"]) & JOBS


def test_the_key_that_signs_is_with_the_code_server_alone():
    """Who breaks into what answers callers must find nothing to sign with, and make no key either."""
    for name, service in SERVICES.items():
        mounts = [volume.split(":") for volume in service.get("volumes", ())]
        there = [f"{place}/keys/signing.key" for volume, place, *_ in mounts if volume == "signing"]
        has_platform = "RUL_KEYS" in service.get("environment", {})
        expected = (there or ["none"])[0] if has_platform else None
        assert service.get("environment", {}).get("RUL_SIGNING_KEY") == expected, name
        assert bool(there) is (name == "code"), name


def test_the_keys_lie_in_a_folder_of_the_platform_s_own_making():
    """One below the volume's own, which a driver may open to a group: keys in such a one are refused."""
    for name, service in SERVICES.items():
        given = service.get("environment", {}).get("RUL_KEYS")
        mounts = [volume.split(":") for volume in service.get("volumes", ())]
        there = [f"{place}/keys" for volume, place, *_ in mounts if volume == "keys"]
        assert (there or [None]) == [given], name


def test_what_steps_print_is_shown_by_both_web_pages():
    for name in ("code", "webserver", "webserver-read-only"):
        assert "dagster-storage:/opt/dagster/storage" in SERVICES[name]["volumes"]


def test_every_variable_of_the_production_instance_is_given():
    storage = read("dagster.yaml")["storage"]["postgres"]["postgres_db"]
    wanted = {value["env"] for value in storage.values() if isinstance(value, dict)}

    for name in ("code", "webserver", "webserver-read-only", "daemon"):
        given = {key.removesuffix("_FILE") for key in SERVICES[name]["environment"]}
        assert wanted <= given


def test_every_variable_of_the_compose_file_is_in_the_example():
    example = (TOP / "deploy" / "compose" / "env.example").read_text(encoding="utf-8")
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


def test_the_images_run_as_nobody_special():
    lines = (TOP / "deploy" / "Dockerfile").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001:10001"] * 2
    stages = [line.split() for line in lines if line.startswith("FROM ")]
    names = {stage[3] for stage in stages}
    bases = {stage[1] for stage in stages} - names
    assert all(re.fullmatch(r"python:3\.\d+-[\w-]+", base) for base in bases)
    assert {s["build"]["target"] for s in SERVICES.values() if "build" in s} <= names


def test_the_dockerfile_pleases_its_linter():
    checked = call("hadolint", "deploy/Dockerfile")

    assert checked.returncode == 0, checked.stdout


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize(
    "words",
    [
        ("config", "--syntax-only", "compose/prometheus.yml"),
        ("rules", "prometheus_rules.yml"),
    ],
)
def test_prometheus_takes_its_configuration(words: tuple[str, ...]):
    checked = subprocess.run(
        ["promtool", "check", *words], cwd=TOP / "deploy", capture_output=True, text=True
    )

    assert "SUCCESS" in checked.stdout, checked.stderr


@pytest.mark.parametrize("script", sorted((TOP / "deploy").rglob("*.sh")), ids=lambda p: p.name)
def test_a_script_is_one_for_any_shell(script: Path):
    checked = call("shellcheck", str(script))

    assert checked.returncode == 0, checked.stdout
    assert script.read_text(encoding="utf-8").startswith("#!/bin/sh\n")
    assert "set -eu\n" in script.read_text(encoding="utf-8")
