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
RELEASES = ("1.30", "1.37")
"""The oldest and the newest release that the manifests are for."""


def documents() -> list[tuple[str, dict[str, Any]]]:
    """Every manifest, with a name for people."""
    return [
        (f"{path.name}: {each['kind']}", each)
        for path in sorted((FOLDER / "service").glob("*.yaml"))
        for each in yaml.safe_load_all(path.read_text(encoding="utf-8"))
        if each["kind"] != "Kustomization"
    ]


VALUES: dict[str, Any] = read("deploy/kubernetes/dagster_values.yaml")
LAUNCHER = VALUES["runLauncher"]["config"]["k8sRunLauncher"]
(CODE,) = VALUES["dagster-user-deployments"]["deployments"]
WORKLOADS = [(name, each) for name, each in documents() if each["kind"] in ("Deployment", "Job")]
CLAIMS = {
    each["metadata"]["name"] for _, each in documents() if each["kind"] == "PersistentVolumeClaim"
}
each_document = pytest.mark.parametrize(
    "document", [each for _, each in documents()], ids=[name for name, _ in documents()]
)
each_workload = pytest.mark.parametrize(
    "workload", [each for _, each in WORKLOADS], ids=[name for name, _ in WORKLOADS]
)


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
    }


@each_workload
def test_a_pod_has_no_rights_a_read_only_system_and_an_amount_of_everything(
    workload: dict[str, Any],
):
    pod = workload["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert pod["automountServiceAccountToken"] is False
    assert_unprivileged(pod["securityContext"], container["securityContext"])
    assert set(container["resources"]["requests"]) == {"cpu", "memory"}
    assert set(container["resources"]["limits"]) == {"memory"}
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounted == {"/var/lib/rul", "/var/lib/rul-keys", "/tmp"}  # noqa: S108  a folder of the pod's own


@each_workload
def test_the_database_s_url_is_a_secret_by_reference(workload: dict[str, Any]):
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    (url,) = (each for each in container["env"] if each["name"] == "RUL_DATABASE_URL")

    assert "value" not in url
    login = {"Deployment": "rul-api", "Job": "rul-owner"}[workload["kind"]]
    assert url["valueFrom"]["secretKeyRef"] == {"name": login, "key": "RUL_DATABASE_URL"}


def test_no_file_holds_a_password():
    for path in FOLDER.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert "kind: Secret" not in text, path
        assert not re.findall(r"://[^:/@\s]+:[^@\s]+@", text), path


def test_everything_that_points_at_the_service_finds_it():
    found = {each["kind"]: each for _, each in documents()}
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
    assert claims_of(found["Deployment"]["spec"]["template"]["spec"]) == CLAIMS - {"rul-signing"}


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
    for _, work in WORKLOADS:
        pod = work["spec"]["template"]["spec"]
        assert "rul-signing" not in claims_of(pod)
        assert none in pod["containers"][0]["env"]
    assert none in VALUES["dagsterWebserver"]["env"]


def test_the_keys_lie_in_a_folder_of_the_platform_s_own_making():
    """One below the disk's own, which `fsGroup` opens to a group: keys in such a one are refused."""
    pods = [work["spec"]["template"]["spec"]["containers"][0] for _, work in WORKLOADS]
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
