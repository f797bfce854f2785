"""What a fresh checkout promises: its commands, its pinned versions, its licence."""

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def call(*command: str) -> str:
    """What a program prints."""
    return subprocess.run(command, cwd=TOP, check=True, capture_output=True, text=True).stdout


def pins() -> dict[str, str]:
    """Version of each distribution in the constraints file."""
    lines = (TOP / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def needed(requirements: list[str]) -> set[str]:
    """Everything that these requirements bring on this machine."""
    found: set[str] = set()
    queue = [Requirement(line) for line in requirements]
    while queue:
        requirement = queue.pop()
        extras = requirement.extras or {""}
        if requirement.marker and not any(
            requirement.marker.evaluate({"extra": e}) for e in extras
        ):
            continue
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        found.add(name)
        for line in importlib.metadata.requires(name) or []:
            below = Requirement(line)
            if not (below.marker and "extra" in str(below.marker)):
                queue.append(below)
    return found


def test_make_without_a_target_lists_every_target():
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^\.PHONY: (.+)$", makefile, flags=re.MULTILINE)[0].split()

    listed = re.findall(r"^  make ([\w-]+) +\S", call("make"), flags=re.MULTILINE)

    assert listed == targets


@pytest.mark.parametrize(
    ("broken", "code"), [("", 0), ("install", 2), ("check", 1), ("test", 1), ("check test", 1)]
)
def test_ci_runs_check_and_test_and_fails_where_either_does(tmp_path: Path, broken: str, code: int):
    """A copy of the script, above a Makefile whose targets only tell that they were called."""
    (tmp_path / ".ci").mkdir()
    script = shutil.copy(TOP / ".ci" / "run", tmp_path / ".ci")
    rules = [
        f"{name}:\n\t@echo {name} ran{'; false' if name in broken.split() else ''}"
        for name in ("install", "check", "test")
    ]
    (tmp_path / "Makefile").write_text("\n".join(rules) + "\n", encoding="utf-8")
    programs = tmp_path / "programs"  # those that the script would install
    programs.mkdir()
    for name in ("chromium", "pgbouncer"):
        (programs / name).touch(mode=0o755)
    environ = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}  # noqa: TID251

    done = subprocess.run(
        ["bash", script], env=environ, capture_output=True, text=True, check=False
    )

    assert os.access(script, os.X_OK)
    assert done.returncode == code, done.stderr
    told = re.findall(r"^(\w+) ran$", done.stdout, flags=re.MULTILINE)
    assert set(told) == ({"install"} if broken == "install" else {"check", "install", "test"})
    assert told.count("check") == {"install": 0, "check": 2, "check test": 2}.get(broken, 1)


def test_check_asks_every_judge():
    commands = call("make", "-n", "check")

    for tool in (
        "ruff format --check",
        "ruff check",
        "basedpyright",
        "lint-imports",
        "dagster definitions validate",
    ):
        assert f"/{tool}" in commands


def test_everything_that_is_needed_is_pinned():
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]

    found = needed(PROJECT["dependencies"] + extras) - {"pip"}  # which comes with every environment
    assert found <= set(pins())


def test_the_tests_run_with_the_pinned_versions():
    """Of a pin that this machine does not need there is nothing to compare."""
    installed = {canonicalize_name(d.name): d.version for d in importlib.metadata.distributions()}
    pinned = pins()

    here = {name: installed[name].split("+")[0] for name in pinned if name in installed}

    assert here == {name: pinned[name] for name in here}


def test_every_imported_package_is_a_declared_dependency():
    """A package that only comes along with another one may stay away tomorrow."""
    optional = [
        line
        for extra, lines in PROJECT["optional-dependencies"].items()
        if extra != "dev"
        for line in lines
    ]
    declared = {
        canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"] + optional
    }
    providers = importlib.metadata.packages_distributions()
    undeclared = {
        f"{path.relative_to(TOP)}: {name}"
        for path in (TOP / "rul_platform").rglob("*.py")
        for name in imported(path)
        if name not in sys.stdlib_module_names | {"rul_platform"}
        and declared.isdisjoint(canonicalize_name(d) for d in providers.get(name, [name]))
    }

    assert not undeclared


def imported(path: Path) -> set[str]:
    """Top-level packages that a module imports, wherever it does so."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def test_the_licence_is_the_one_that_the_package_names():
    licence = (TOP / "LICENSE").read_text(encoding="utf-8")

    assert PROJECT["license"] == "Apache-2.0"
    assert re.search(r"Apache License\s+Version 2\.0, January 2004", licence)
    assert "END OF TERMS AND CONDITIONS" in licence


def test_decisions_are_numbered_without_gaps_and_listed():
    folder = TOP / "docs" / "decisions"
    records = sorted(path.name for path in folder.glob("[0-9]*.md"))

    assert [name[:4] for name in records] == [f"{n:04}" for n in range(1, len(records) + 1)]
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert all(f"({name})" in index for name in records)
