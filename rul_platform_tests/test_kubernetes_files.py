"""The files for Kubernetes: accepted by its schemas and by Dagster's own launcher, and safe to show.

The manifests are held against the published schemas of two releases of Kubernetes. What libraries of
Dagster read of the values for its chart is given to them, and a Job is built by the launcher itself. The
chart is not rendered here: ``test_dagster_chart`` does that, where Helm and the chart are at hand.
"""

# ruff: noqa: TID251  where a run's code comes from has no public name

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin

from rul_platform.orchestration.step_needs import run_tags
from rul_platform.settings import Settings
from rul_platform_tests.test_deploy_files import TOP, read

FOLDER = TOP / "deploy" / "kubernetes"
DAGSTER_NETWORK = "dagster_network.yaml"
RELEASES = ("1.30", "1.37")
"""The oldest and the newest release that the manifests are for."""


def documents() -> list[tuple[str, dict[str, Any]]]:
    """Every manifest, with a name for people."""
    return [
        (f"{path.name}: {each['kind']}", each)
        for path in (*sorted((FOLDER / "service").glob("*.yaml")), FOLDER / DAGSTER_NETWORK)
        for each in yaml.safe_load_all(path.read_text(encoding="utf-8"))
        if each["kind"] != "Kustomization"
    ]


VALUES: dict[str, Any] = read("deploy/kubernetes/dagster_values.yaml")
LAUNCHER = VALUES["runLauncher"]["config"]["k8sRunLauncher"]
(CODE,) = VALUES["dagster-user-deployments"]["deployments"]


def pod_of(document: dict[str, Any]) -> dict[str, Any]:
    """What a pod of it is; empty for what starts none."""
    spec = document.get("spec", {})
    spec = spec.get("jobTemplate", {}).get("spec", spec)
    return spec if document["kind"] == "Pod" else spec.get("template", {}).get("spec", {})


WORKLOADS = {
    each["metadata"].get("name", "rul-migration"): pod_of(each)
    for _, each in documents()
    if pod_of(each)
}
LOGINS = {
    "rul-service": "rul-api",
    "rul-migration": "rul-owner",
    "rul-forgetting": "rul-purge",
    "rul-backup": "rul-owner",
}
"""The secret with the database's URL, by what runs."""
DISKS = {
    "rul-service": {"/var/lib/rul": "rul-home", "/var/lib/rul-keys": "rul-keys"},
    "rul-migration": {},
    "rul-forgetting": {"/var/lib/rul": "rul-home", "/var/lib/rul-keys": "rul-keys"},
    "rul-backup": {
        "/var/lib/rul": "rul-home",
        "/var/lib/rul-keys": "rul-keys",
        "/var/lib/rul-signing": "rul-signing",
        "/backup": "rul-backup",
        "/backup-keys": "rul-backup-keys",
    },
}
"""The claims that each mounts, by their places."""
NAMED = {
    (each["kind"], each["metadata"].get("name", "rul-migration")): each for _, each in documents()
}
PAGE = (TOP / "docs" / "kubernetes.md").read_text(encoding="utf-8")
CLAIMS = {
    each["metadata"]["name"] for _, each in documents() if each["kind"] == "PersistentVolumeClaim"
}
each_document = pytest.mark.parametrize(
    "document", [each for _, each in documents()], ids=[name for name, _ in documents()]
)
each_workload = pytest.mark.parametrize("name", WORKLOADS)


@pytest.mark.parametrize("release", RELEASES)
@each_document
def test_a_manifest_follows_the_schema_of_kubernetes(document: dict[str, Any], release: str):
    import kubernetes_validate

    kubernetes_validate.validate(document, release, strict=True)


def test_the_kustomization_names_what_is_applied_and_leaves_out_what_comes_before():
    kustomization = read("deploy/kubernetes/service/kustomization.yaml")
    files = {path.name for path in (FOLDER / "service").glob("*.yaml")}

    assert files - set(kustomization["resources"]) == {
        "kustomization.yaml",
        "namespace.yaml",
        "migration.yaml",
        "bucket.yaml",
        "backup.yaml",
    }
    assert set(kustomization["resources"]) <= files


@each_workload
def test_a_pod_has_no_rights_a_read_only_system_and_an_amount_of_everything(name: str):
    pod = WORKLOADS[name]
    (container,) = pod["containers"]

    assert pod["automountServiceAccountToken"] is False
    assert_unprivileged(pod["securityContext"], container["securityContext"])
    assert set(container["resources"]["requests"]) == {"cpu", "memory"}
    assert set(container["resources"]["limits"]) == {"memory"}


@each_workload
def test_a_pod_mounts_what_it_needs_and_no_more(name: str):
    pod = WORKLOADS[name]
    (container,) = pod["containers"]
    claims = {
        volume["name"]: volume["persistentVolumeClaim"]["claimName"]
        for volume in pod["volumes"]
        if "persistentVolumeClaim" in volume
    }
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}

    assert set(mounts.values()) == {volume["name"] for volume in pod["volumes"]}
    assert mounts.pop("/tmp") == "tmp"  # noqa: S108  a folder of the pod's own
    assert {place: claims[volume] for place, volume in mounts.items()} == DISKS[name]
    told = {each["name"] for each in container["env"]}
    assert ("RUL_HOME" in told) is ("/var/lib/rul" in mounts)


@each_workload
def test_the_database_s_url_is_a_secret_by_reference_and_the_page_makes_it(name: str):
    (container,) = WORKLOADS[name]["containers"]
    (url,) = (each for each in container["env"] if each["name"] == "RUL_DATABASE_URL")

    assert "value" not in url
    login = LOGINS[name]
    assert url["valueFrom"]["secretKeyRef"] == {"name": login, "key": "RUL_DATABASE_URL"}
    assert f"create secret generic {login} --from-file=RUL_DATABASE_URL=" in PAGE


def test_a_bucket_s_credentials_come_from_a_secret_that_may_be_missing():
    for name in ("rul-service", "rul-backup"):
        (container,) = WORKLOADS[name]["containers"]
        assert container["envFrom"] == [{"secretRef": {"name": "rul-bucket", "optional": True}}]
        assert {"name": "RUL_STORE", "value": ""} in container["env"]
    assert "create secret generic rul-bucket --from-file=AWS_ACCESS_KEY_ID=" in PAGE


def test_a_bucket_is_reached_by_a_rule_of_its_own_and_otherwise_names_and_databases_alone():
    ports = {
        name: {
            (each["protocol"], each["port"]) for rule in policy["egress"] for each in rule["ports"]
        }
        for name in ("rul-service", "rul-bucket")
        for policy in [NAMED["NetworkPolicy", name]["spec"]]
    }

    assert ports["rul-bucket"] == {("TCP", 443)}
    assert ports["rul-service"] == {("UDP", 53), ("TCP", 53), ("TCP", 5432), ("TCP", 4318)}
    assert NAMED["NetworkPolicy", "rul-bucket"]["spec"]["policyTypes"] == ["Egress"]
    (chosen,) = NAMED["NetworkPolicy", "rul-bucket"]["spec"]["podSelector"]["matchExpressions"]
    service = NAMED["Deployment", "rul-service"]["spec"]["template"]["metadata"]["labels"]
    backup = NAMED["Pod", "rul-backup"]["metadata"]["labels"]
    named = [labels["app.kubernetes.io/name"] for labels in (service, backup)]
    assert chosen == {"key": "app.kubernetes.io/name", "operator": "In", "values": named}


def test_a_proxy_is_believed_where_the_network_lets_in_nobody_else():
    (container,) = WORKLOADS["rul-service"]["containers"]
    (rule,) = NAMED["NetworkPolicy", "rul-service"]["spec"]["ingress"]

    assert {"name": "FORWARDED_ALLOW_IPS", "value": "*"} in container["env"]
    assert [set(each) for each in rule["from"]] == [{"namespaceSelector"}] * 2


def test_forgetting_is_done_each_night_by_one_at_a_time():
    forgetting = NAMED["CronJob", "rul-forgetting"]["spec"]
    (container,) = WORKLOADS["rul-forgetting"]["containers"]

    assert container["args"] == ["rul", "privacy", "purge"]
    assert len(forgetting["schedule"].split()) == 5
    assert forgetting["concurrencyPolicy"] == "Forbid"


def test_no_file_holds_a_password():
    for path in FOLDER.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert "kind: Secret" not in text, path
        assert not re.findall(r"://[^:/@\s]+:[^@\s]+@", text), path


def test_everything_that_points_at_the_service_finds_it():
    found = {kind: each for (kind, name), each in NAMED.items() if name == "rul-service"}
    labels = found["Deployment"]["spec"]["template"]["metadata"]["labels"]
    (container,) = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    (port,) = container["ports"]

    for selector in (
        found["Deployment"]["spec"]["selector"]["matchLabels"],
        found["Service"]["spec"]["selector"],
        found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        found["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
    assert found["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == "rul-service"
    assert found["Service"]["spec"]["ports"][0]["targetPort"] == port["name"]
    (rule,) = found["NetworkPolicy"]["spec"]["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": port["containerPort"]}]
    assert container["args"][-1] == str(port["containerPort"])
    for probe, path in {"startup": "/live", "liveness": "/live", "readiness": "/serving"}.items():
        assert container[f"{probe}Probe"]["httpGet"] == {"path": path, "port": port["name"]}


def test_dagster_s_web_pages_get_the_keys_and_not_the_home_folder():
    """They record who starts a run under a pseudonym, and may start runs: nothing else is theirs."""
    assert claims_of(VALUES["dagsterWebserver"]) == {"rul-keys"}
    assert claims_of(LAUNCHER) == CLAIMS
    assert claims_of(VALUES["dagsterDaemon"]) == set()


def test_the_key_that_signs_is_with_the_code_server_and_its_runs_alone():
    """Who breaks into what answers callers must find nothing to sign with, and make no key either."""
    place = "/var/lib/rul-signing"
    file = {"name": "RUL_SIGNING_KEY", "value": f"{place}/keys/signing.key"}
    assert {"name": "signing", "mountPath": place} in CODE["volumeMounts"]
    assert file in CODE["env"]
    launched = LAUNCHER["runK8sConfig"]["containerConfig"]
    assert file in launched["env"]
    assert CODE["volumeMounts"] == LAUNCHER["volumeMounts"]
    none = {"name": "RUL_SIGNING_KEY", "value": "none"}
    for name in ("rul-service", "rul-forgetting"):
        assert "rul-signing" not in claims_of(WORKLOADS[name])
        assert none in WORKLOADS[name]["containers"][0]["env"]
    assert none in VALUES["dagsterWebserver"]["env"]


def test_the_keys_lie_in_a_folder_of_the_platform_s_own_making():
    """One below the disk's own, which `fsGroup` opens to a group: keys in such a one are refused."""
    pods = [WORKLOADS[name]["containers"][0] for name, disks in DISKS.items() if disks]
    for container in (*pods, CODE, VALUES["dagsterWebserver"]):
        (place,) = (m["mountPath"] for m in container["volumeMounts"] if m["name"] == "keys")
        assert {"name": "RUL_KEYS", "value": f"{place}/keys"} in container["env"]


def test_the_chart_is_told_only_what_its_schema_knows():
    """Names as in the schema that the chart of Dagster 1.13 publishes; other names it would ignore."""
    assert set(VALUES) <= {
        "global", "dagsterWebserver", "dagster-user-deployments", "postgresql", "retention", "telemetry",
        "generatePostgresqlPasswordSecret", "runLauncher", "dagsterDaemon", "additionalInstanceConfig",
    }  # fmt: skip
    assert set(LAUNCHER) <= {
        "image", "imagePullPolicy", "jobNamespace", "loadInclusterConfig", "kubeconfigFile",
        "envConfigMaps", "envSecrets", "envVars", "volumeMounts", "volumes", "labels",
        "failPodOnRunFailure", "resources", "schedulerName", "securityContext", "runK8sConfig",
    }  # fmt: skip
    assert set(LAUNCHER["runK8sConfig"]) <= {
        "containerConfig", "podSpecConfig", "podTemplateSpecMetadata", "jobSpecConfig", "jobMetadata",
    }  # fmt: skip
    assert set(VALUES["dagster-user-deployments"]) <= {
        "enabled", "enableSubchart", "imagePullSecrets", "deployments", "rbacEnabled", "serviceAccount",
    }  # fmt: skip
    assert set(CODE) <= {
        "name", "image", "port", "dagsterApiGrpcArgs", "includeConfigInLaunchedRuns", "env",
        "envConfigMaps", "envSecrets", "annotations", "nodeSelector", "affinity", "tolerations",
        "podSecurityContext", "securityContext", "resources", "livenessProbe", "readinessProbe",
        "startupProbe", "labels", "volumeMounts", "volumes", "schedulerName",
    }  # fmt: skip
    assert set(VALUES["dagsterDaemon"]) <= {
        "enabled", "image", "runCoordinator", "heartbeatTolerance", "env", "envConfigMaps",
        "envSecrets", "podSecurityContext", "securityContext", "resources", "runMonitoring",
        "runRetries", "sensors", "schedules", "volumeMounts", "volumes", "initContainerResources",
    }  # fmt: skip
    assert set(VALUES["dagsterWebserver"]) <= {
        "image", "service", "readinessProbe", "workspace", "env", "podSecurityContext",
        "securityContext", "volumes", "volumeMounts", "resources", "initContainerResources",
    }  # fmt: skip


def test_the_location_is_called_as_everywhere():
    (server,) = VALUES["dagsterWebserver"]["workspace"]["servers"]

    assert server["name"] == "rul_platform"
    assert CODE["dagsterApiGrpcArgs"][-2:] == ["--location-name", server["name"]]
    assert (server["host"], server["port"]) == (CODE["name"], CODE["port"])


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """What the chart writes into its dagster.yaml, but for the storage, which is tested elsewhere."""
    (tmp_path / "kubeconfig").write_text(json.dumps(NOWHERE))
    (tmp_path / "dagster.yaml").write_text(
        yaml.safe_dump(
            {
                "telemetry": VALUES["telemetry"],
                "run_coordinator": VALUES["dagsterDaemon"]["runCoordinator"]["config"][
                    "customRunCoordinator"
                ],
                "run_launcher": {
                    "module": "dagster_k8s",
                    "class": "K8sRunLauncher",
                    "config": launcher_config(tmp_path / "kubeconfig"),
                },
                **VALUES["additionalInstanceConfig"],
            }
        )
    )
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        yield instance


def launcher_config(kubeconfig: Path) -> dict[str, Any]:
    """As the chart's template makes it from the values."""
    return {
        "service_account_name": "dagster",
        "instance_config_map": "dagster-instance",
        "dagster_home": VALUES["global"]["dagsterHome"],
        "postgres_password_secret": VALUES["global"]["postgresqlSecretName"],
        "job_namespace": "rul",
        "fail_pod_on_run_failure": LAUNCHER["failPodOnRunFailure"],
        "image_pull_policy": LAUNCHER["imagePullPolicy"],
        "resources": LAUNCHER["resources"],
        "security_context": LAUNCHER["securityContext"],
        "env_secrets": [each["name"] for each in LAUNCHER["envSecrets"]],
        "volumes": LAUNCHER["volumes"],
        "volume_mounts": LAUNCHER["volumeMounts"],
        "run_k8s_config": {
            snake(name): config for name, config in LAUNCHER["runK8sConfig"].items()
        },
        "load_incluster_config": False,
        "kubeconfig_file": str(kubeconfig),
    }


def test_dagster_takes_the_instance_that_the_values_describe(instance: dg.DagsterInstance):
    assert type(instance.run_coordinator).__name__ == "NamedRunCoordinator"
    assert type(instance.run_launcher).__name__ == "K8sRunLauncher"
    assert instance.run_monitoring_enabled
    assert instance.run_retries_max_retries == 2


def test_limits_and_patience_are_those_of_the_compose_file():
    instance, ours = read("dagster.yaml"), VALUES["additionalInstanceConfig"]

    assert ours["run_retries"] == instance["run_retries"]
    assert ours["retention"] == instance["retention"]
    assert set(ours["run_monitoring"]) == set(instance["run_monitoring"])
    limits = "tag_concurrency_limits"
    assert ours["concurrency"]["runs"][limits] == instance["concurrency"]["runs"][limits]


def test_a_run_that_trains_becomes_a_job_with_a_gpu_and_without_rights(
    instance: dg.DagsterInstance, tmp_path: Path
):
    """Built by Dagster's launcher, from the values, the code server's settings and the run's tags."""
    import kubernetes_validate

    asked = Settings.read(
        {"RUL_HOME": str(tmp_path), "RUL_TRAINING_CPUS": "4", "RUL_TRAINING_GPUS": "1"}
    )

    job = launched(instance, run_tags(asked))

    kubernetes_validate.validate(job, RELEASES[-1])
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["resources"] == {
        "requests": {"cpu": "4", "memory": "2Gi"},
        "limits": {"memory": "4Gi", "nvidia.com/gpu": "1"},
    }
    assert_unprivileged(pod["securityContext"], container["securityContext"])
    assert {"name": "home", "mountPath": "/var/lib/rul"}.items() <= next(
        mount for mount in container["volumeMounts"] if mount["name"] == "home"
    ).items()
    assert {"secretRef": {"name": "rul-worker"}} in container["envFrom"]
    assert {"name": "RUL_EXECUTOR", "value": "in_process"} in container["env"]


def test_a_run_has_what_the_code_server_has_but_not_its_amounts():
    """Handed on by the chart, the code server's amounts and token would win over the launcher's."""
    assert CODE["includeConfigInLaunchedRuns"] == {"enabled": False}
    for name in ("envSecrets", "volumes", "volumeMounts"):
        assert LAUNCHER[name] == CODE[name]
    assert LAUNCHER["runK8sConfig"]["containerConfig"] == {"env": CODE["env"]}


def test_a_run_that_trains_nothing_gets_what_every_run_gets(instance: dg.DagsterInstance):
    (container,) = launched(instance, {})["spec"]["template"]["spec"]["containers"]

    assert container["resources"] == LAUNCHER["resources"]


def claims_of(pod: dict[str, Any]) -> set[str]:
    """Disks that outlive a pod."""
    each = [volume.get("persistentVolumeClaim") for volume in pod["volumes"]]
    return {claim["claimName"] for claim in each if claim}


def assert_unprivileged(pod: dict[str, Any], container: dict[str, Any]) -> None:
    """What the level `restricted` asks for, and a read-only system."""
    assert pod["runAsNonRoot"] is True
    assert pod["runAsUser"] >= 10000
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def launched(
    instance: dg.DagsterInstance, tags: dict[str, str], handed_on: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The Job of a run with these tags, as the launcher would send it.

    ``handed_on`` is what the run's code server says of itself, where the chart lets it.
    """
    from dagster_k8s import K8sRunLauncher, construct_dagster_k8s_job
    from kubernetes.client import ApiClient

    launcher = instance.run_launcher
    assert isinstance(launcher, K8sRunLauncher)
    code = RepositoryPythonOrigin(
        "python", ModuleCodePointer("m", "f"), container_context=handed_on
    )
    run = dg.DagsterRun(
        job_name="train_plant", tags=tags, job_code_origin=JobPythonOrigin("train_plant", code)
    )
    context = launcher.get_container_context_for_run(run)
    job = construct_dagster_k8s_job(
        job_config=context.get_k8s_job_config("rul-platform:0.1.0", launcher),
        args=["dagster", "api", "execute_run"],
        job_name="dagster-run-1",
        user_defined_k8s_config=context.run_k8s_config,
    )
    return ApiClient().sanitize_for_serialization(job)


NOWHERE = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "none",
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
    "clusters": [{"name": "none", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "none", "user": {}}],
}
"""Of a cluster that is not there: nothing is sent to it."""


def snake(name: str) -> str:
    """As the chart's template writes it for Dagster."""
    return re.sub(r"([A-Z])", r"_\1", name).lower()
