"""The service's image: `rul serve` needs no more than deploy/service_requirements.txt lists."""

import subprocess
import sys
from importlib.metadata import packages_distributions, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from rul_platform_tests.test_deploy_files import TOP

LISTED = tuple(
    Requirement(line)
    for line in (TOP / "deploy" / "service_requirements.txt").read_text().splitlines()
    if line and not line.startswith("#")
)
REFUSING = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in MISSING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

MISSING = frozenset(sys.argv.pop().split(","))
sys.meta_path.insert(0, Missing())
"""
SERVING = """
import rul_platform.service.server, rul_platform.cli.token, rul_platform.cli.database
from rul_platform.cli.main import main
sys.argv = ["rul", *sys.argv[1:]]
main()
"""


def installed() -> set[str]:
    """Names of all distributions that the list brings, with what they need themselves."""
    found: set[str] = set()
    waiting = [(one.name, frozenset(one.extras)) for one in LISTED]
    while waiting:
        name, extras = waiting.pop()
        found.add(canonicalize_name(name))
        for text in requires(name) or ():
            need = Requirement(text)
            is_wanted = need.marker is None or any(
                need.marker.evaluate({"extra": extra}) for extra in (*extras, "")
            )
            if is_wanted and canonicalize_name(need.name) not in found:
                waiting.append((need.name, frozenset(need.extras)))
    return found


def missing() -> set[str]:
    """Top-level modules that such an installation lacks."""
    there = {*installed(), "rul-platform", "pip"}
    return {
        module
        for module, names in packages_distributions().items()
        if not there & {canonicalize_name(name) for name in names}
    }


def typed(*words: str) -> subprocess.CompletedProcess[str]:
    """`rul` where only the list is installed."""
    return subprocess.run(
        [sys.executable, "-c", REFUSING + SERVING, *words, ",".join(sorted(missing()))],
        capture_output=True,
        text=True,
    )


def test_the_list_holds_nothing_heavy_that_serving_does_without():
    assert {"torch", "dagster", "sklearn", "scipy", "matplotlib"} <= missing()
    assert not {"fastapi", "onnxruntime", "sqlalchemy", "uvicorn"} & missing()


def test_serving_and_tokens_work_with_the_list_alone():
    done = typed("serve", "--help")

    assert done.returncode == 0, done.stderr
    assert "Serve predictions" in done.stdout


def test_a_command_that_needs_more_says_so():
    done = typed("pretrain", "gru")

    assert done.returncode == 1, done.stderr
    assert "needs the whole platform, and here the module " in done.stderr
    assert "Traceback" not in done.stderr
