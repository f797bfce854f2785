"""docs/service.md says what the service does: every line of it is run."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform_tests.service.exposition import scraped
from rul_platform_tests.service.log_lines import logged
from rul_platform_tests.service.running import (
    Running,
    imported_checkpoint,
    serving,
    signed_champion,
)

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "service.md").read_text(encoding="utf-8")
PLANT = "pumps"

CURL = """
set -eu
curl() {
  command curl --silent --show-error --output body --write-out '%{http_code}\\n' "$@" >> statuses
  cat body
}
"""


def blocks(language: str) -> list[str]:
    """Fenced blocks of the page."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def pumps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The plant of the page."""
    home = Home(Settings.read({"RUL_HOME": str(tmp_path_factory.mktemp("pumps"))}))
    signed_champion(home, name=PLANT)
    imported_checkpoint(home, "lstm", "models/pretrained/lstm_cmapss.pt")
    with serving(home) as running:
        yield running
    home.engine.dispose()


def test_every_curl_line_gets_the_status_that_it_says(pumps: Running, tmp_path: Path):
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("curl and bash are not installed")
    script = "".join(blocks("sh"))
    lines = re.findall(r"^curl .*?(?:# (\d{3}))?$", _joined(script), flags=re.MULTILINE)
    expected = [int(status or 200) for status in lines]
    environ = os.environ | {"RUL_URL": pumps.url, "RUL_TOKEN": pumps.tokens["all"]}  # noqa: TID251
    done = subprocess.run(
        ["bash", "-c", CURL + script], cwd=tmp_path, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = [int(line) for line in (tmp_path / "statuses").read_text().split()]
    assert found == expected
    assert len(found) == script.count("curl ")
    answer = json.loads((tmp_path / "answer.json").read_text())
    shown = json.loads(next(b for b in blocks("json") if "predictions" in b))
    assert answer["predictions"][0].keys() == shown["predictions"][0].keys()


def _joined(script: str) -> str:
    """Each command on one line: what is quoted may go over several."""
    return re.sub(r"'[^']*'", lambda quoted: quoted[0].replace("\n", " "), script)


def test_every_route_stands_on_the_page(pumps: Running):
    with pumps.client() as client:
        paths = client.get("/api/v1/rul/openapi.json").json()["paths"]
    called = "".join(blocks("sh"))
    for path in paths:
        assert re.search(re.sub(r"\\\{\w+\\\}", r"[\\w:$]+", re.escape(path)) + '"', called), path


def test_the_python_of_the_page_runs(pumps: Running, capsys: pytest.CaptureFixture[str]):
    (code,) = blocks("python")
    exec(code, {"url": pumps.url, "token": pumps.tokens["all"]})  # noqa: S102  the page's own
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("p8 ")
    assert "'Vibration'" in second


def test_the_line_of_the_log_has_the_fields_that_are_shown(pumps: Running):
    shown = json.loads(next(block for block in blocks("json") if "logger" in block))
    with logged() as lines, pumps.client() as client:
        client.get("/api/v1/rul/plants")
    (line,) = lines.of_requests()
    assert list(line) == list(shown)


def test_every_figure_stands_on_the_page(pumps: Running):
    told = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in scraped(pumps)
        if family.name.startswith("rul_")
    }
    assert told == set(re.findall(r"`(rul_[a-z_]+)`", PAGE)) - {"rul_platform"}


def test_its_commands_and_options_exist():
    """What `rul token` and `rul serve` say of themselves."""
    program = Path(sys.executable).with_name("rul")
    said = "".join(
        subprocess.run([program, *of, "--help"], capture_output=True, text=True, check=True).stdout
        for of in (["serve"], ["token", "create"], ["token", "revoke"])
    )
    for option in ("--host", "--certificate", "--key", "--log-level", "--for", "--scope", "--days",
                   "--rate", "--reason"):  # fmt: skip
        assert option in PAGE
        assert option in said
