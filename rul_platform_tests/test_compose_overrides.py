"""docs/deployment.md: what it overrides of the compose file fits that file, and opens no other door."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from rul_platform_tests.test_compose_file import ANSWERING, COMPOSE, STARTING, neighbours
from rul_platform_tests.test_deploy_files import TOP, call

PAGE = (TOP / "docs" / "deployment.md").read_text(encoding="utf-8")
BLOCKS: list[str] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
OVERRIDES = [block for block in BLOCKS if "services" in yaml.safe_load(block)]
ALERTING = [block for block in BLOCKS if "alerting" in yaml.safe_load(block)]


def merged(base: Any, override: Any) -> Any:
    """As Compose merges two files: mappings by key, lists appended, volumes by their place."""
    if isinstance(base, dict) and isinstance(override, dict):
        both = {key: merged(base[key], override[key]) for key in base.keys() & override.keys()}
        return {**base, **override, **both}
    if isinstance(base, list) and isinstance(override, list):
        places = {volume.split(":")[1] for volume in override if ":" in volume}
        kept = [one for one in base if not {one, *one.split(":")[1:2]} & {*override, *places}]
        return [*kept, *override]
    return override


def overridden(name: str) -> tuple[dict[str, Any], dict[str, set[str]]]:
    """The compose file with what the page overrides of a service, and the networks of each."""
    block = next(one for one in OVERRIDES if name in yaml.safe_load(one)["services"])
    whole = merged(COMPOSE, yaml.safe_load(block))
    return whole, {key: set(one.get("networks", ())) for key, one in whole["services"].items()}


@pytest.mark.parametrize("block", OVERRIDES)
def test_an_override_is_a_compose_file_and_names_what_there_is(block: str, tmp_path: Path):
    (tmp_path / "override.yml").write_text(block)
    checked = call(
        "check-jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        str(tmp_path / "override.yml"),
    )
    told = yaml.safe_load(block)

    assert checked.returncode == 0, checked.stdout
    assert set(told["services"]) <= set(COMPOSE["services"])
    whole = merged(COMPOSE, told)
    for service in told["services"].values():
        assert set(service.get("networks", ())) <= set(whole["networks"])
        assert set(service.get("secrets", ())) <= set(whole["secrets"])


@pytest.mark.parametrize("name", ["service", "prometheus"])
def test_a_way_out_leads_to_none_of_those_that_start_runs(name: str):
    whole, networks = overridden(name)
    added = networks[name] - set(COMPOSE["services"][name]["networks"])

    assert len(added) == 1
    assert not any((whole["networks"][network] or {}).get("internal") for network in added)
    for one in ANSWERING:
        assert neighbours(one, networks).isdisjoint(STARTING), one
    assert neighbours(name, networks) == neighbours(
        name, {key: on - added for key, on in networks.items()}
    )


def test_prometheus_reads_the_copy_that_names_an_alertmanager():
    whole, _ = overridden("prometheus")
    read = [v for v in whole["services"]["prometheus"]["volumes"] if "prometheus.yml" in v]

    assert read == ["./alerting_prometheus.yml:/etc/prometheus/prometheus.yml:ro"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_takes_the_copy_that_names_an_alertmanager(tmp_path: Path):
    own = (TOP / "deploy/compose/prometheus.yml").read_text(encoding="utf-8")
    assert "alerting" not in yaml.safe_load(own)
    (tmp_path / "prometheus.yml").write_text(own + ALERTING[0])

    checked = subprocess.run(
        ["promtool", "check", "config", "--syntax-only", tmp_path / "prometheus.yml"],
        capture_output=True,
        text=True,
    )

    assert "SUCCESS" in checked.stdout, checked.stderr
