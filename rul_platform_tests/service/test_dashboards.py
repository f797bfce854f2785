"""Dashboards and rules ask for figures that a running service tells, and panels have room."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from rul_platform_tests.service.exposition import scraped
from rul_platform_tests.service.running import Running, question

DEPLOY = Path(__file__).parents[2] / "deploy"
BOARDS = sorted((DEPLOY / "grafana").glob("*.json"))
RULES = DEPLOY / "prometheus_rules.yml"
WIDTH = 24

OF_PROMETHEUS = {"up"}
LABELS = {
    "plant", "version", "role", "rating", "state", "method", "route", "status", "le", "instance",
    "job",
}  # fmt: skip
WORDS = {"and", "or", "unless", "bool", "by", "without", "on", "ignoring", "offset"}
KINDS = {
    "barchart", "bargauge", "heatmap", "row", "stat", "state-timeline", "table", "timeseries",
}  # fmt: skip


def board(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def rules() -> Iterator[dict[str, Any]]:
    for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]:
        yield from group["rules"]


def expressions() -> Iterator[tuple[str, str]]:
    """Where it stands, and what is asked."""
    for path in BOARDS:
        told = board(path)
        for panel in told["panels"]:
            for target in panel.get("targets", ()):
                yield f"{path.name}: {panel['title']}", target["expr"]
        for variable in told["templating"]["list"]:
            if variable["type"] == "query":
                yield f"{path.name}: ${variable['name']}", variable["definition"]
    for rule in rules():
        yield rule["alert"], rule["expr"]


def asked(expression: str) -> tuple[set[str], set[str]]:
    """Metrics and labels of an expression."""
    labels = set(re.findall(r"[{,]\s*(\w+)\s*(?:=~|!~|!=|=)", expression))
    plain = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"", " ", expression)
    for group in re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", plain):
        labels |= {name.strip() for name in group.split(",")}
    plain = re.sub(r"\b(by|without|on|ignoring)\s*\([^)]*\)", " ", plain)
    if found := re.fullmatch(r"label_values\((\w+), (\w+)\)", expression):
        return {found[1]}, {found[2]}
    names = set(re.findall(r"(?<![\w.$])([a-z_]\w*)\b(?!\s*\()", plain))
    return names - WORDS, labels


@pytest.fixture(scope="module")
def told(running: Running) -> set[str]:
    """Names of the series that a service tells once it was asked something."""
    with running.client() as client:
        client.post("/api/v1/rul/predict", json=question("m1"))
    endings = {
        "counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",),
    }  # fmt: skip
    return {family.name + ending for family in scraped(running) for ending in endings[family.type]}


def test_names_are_found_in_an_expression():
    found = asked('sum by (a, b) (rate(x_total{c=~"y", d!="z"}[5m])) > bool 0.5 and on (e) up')
    assert found == ({"x_total", "up"}, {"a", "b", "c", "d", "e"})


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_everything_that_is_asked_for_is_told(where: str, expression: str, told: set[str]):
    names, labels = asked(expression)
    assert names, where
    assert names <= told | OF_PROMETHEUS, where
    assert labels <= LABELS, where
    assert expression.count("(") == expression.count(")"), where


def test_everything_that_is_told_is_asked_for(told: set[str]):
    """A figure that no panel and no rule shows is kept for nothing."""
    shown = set[str]().union(*(asked(each)[0] for _, each in expressions()))
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in told if name[:4] == "rul_"}
    assert families == {re.sub(r"_(bucket|sum|count)$", "", n) for n in shown if n[:4] == "rul_"}


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_panels_are_numbered_known_and_do_not_overlap(path: Path):
    panels = board(path)["panels"]
    assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))
    assert {panel["type"] for panel in panels} <= KINDS
    places = [panel["gridPos"] for panel in panels]
    for place in places:
        assert place["x"] >= 0
        assert place["x"] + place["w"] <= WIDTH
    for one, two in combinations(places, 2):
        assert (
            one["x"] + one["w"] <= two["x"]
            or two["x"] + two["w"] <= one["x"]
            or one["y"] + one["h"] <= two["y"]
            or two["y"] + two["h"] <= one["y"]
        ), (one, two)
    titles = [panel["title"] for panel in panels]
    assert len(titles) == len(set(titles))


def test_boards_have_names_of_their_own_and_ask_the_chosen_source():
    assert [path.stem for path in BOARDS] == ["fleet", "retraining", "service"]
    uids = [board(path)["uid"] for path in BOARDS]
    assert len(uids) == len(set(uids))
    for path in BOARDS:
        for panel in board(path)["panels"]:
            for target in panel.get("targets", ()):
                assert target["datasource"]["uid"] == "${datasource}"
            letters = [target["refId"] for target in panel.get("targets", ())]
            assert len(letters) == len(set(letters))


def test_every_rule_says_how_bad_it_is_and_what_to_do():
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    for rule in rules():
        assert rule["labels"]["severity"] in ("info", "warning", "critical")
        assert rule["annotations"].keys() == {"summary", "description"}


def test_grafana_is_told_where_both_are():
    folder = DEPLOY / "grafana" / "provisioning"
    (source,) = yaml.safe_load((folder / "datasources" / "prometheus.yml").read_text())[
        "datasources"
    ]
    assert (source["type"], source["access"]) == ("prometheus", "proxy")
    (provider,) = yaml.safe_load((folder / "dashboards" / "rul.yml").read_text())["providers"]
    assert provider["type"] == "file"


def test_prometheus_comes_with_a_token_and_gets_its_figures(running: Running):
    configured = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())
    assert configured["rule_files"] == [RULES.name]
    (job,) = configured["scrape_configs"]
    assert job["job_name"] == "rul"
    assert job["authorization"]["credentials_file"].startswith("/")
    with running.client("read") as client:
        assert client.get(job["metrics_path"]).status_code == 200
