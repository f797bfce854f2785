"""docs/operations.md: every procedure is run as it stands there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rul_platform_tests.orchestration.conftest import finished_home

__all__ = ["finished_home"]

PAGE = Path(__file__).resolve().parent.parent / "docs" / "operations.md"
PROCEDURES = {
    heading: re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL)
    for heading, text in re.findall(
        r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
}
NO_MANAGER = 'systemctl() { echo "systemctl $*"; }; chown() { :; }'
"""Here are neither units nor another account: these two of root's programs do nothing."""


def test_every_procedure_can_be_run():
    assert set(PROCEDURES) == {
        "Install", "Back up", "Restore", "Upgrade", "Rotate keys", "Add a plant", "Read an alert",
        "Run an audit",
    }  # fmt: skip
    assert all(PROCEDURES.values())


def test_root_types_nothing_of_ours():
    """Else a file of root's, a key above all, would lie where the service cannot read it."""
    blocks = re.findall(
        r"```(?:console|sh)\n(# root\n)?(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    of_root = [text for mark, text in blocks if mark]

    assert len(of_root) >= 6
    assert not [text for text in of_root if re.search(r"^rul |/bin/rul ", text, re.MULTILINE)]
    root_only = re.compile(r"^(systemctl|useradd|chown|install) |/bin/pip ", re.MULTILINE)
    assert not [text for mark, text in blocks if not mark and root_only.search(text)]


def test_an_upgrade_stops_what_runs_saves_it_and_starts_it_again():
    text = PAGE.read_text(encoding="utf-8")
    steps = [
        "systemctl stop rul rul-ui",
        'rul backup "$BACKUPS/before"',
        "pip install",
        "rul database migrate",
        "rul audit verify",
        "systemctl start rul rul-ui",
    ]
    places = [text.index(step, text.index("## Upgrade")) for step in steps]

    assert places == sorted(places)


@pytest.mark.long
@pytest.mark.parametrize("heading", PROCEDURES)
def test_it_works_as_it_is_written(finished_home: Path, tmp_path: Path, heading: str):
    home = shutil.copytree(finished_home, tmp_path / "home")
    for folder in ("backups", "safe"):
        (tmp_path / folder).mkdir()
    mine = ("RUL_", "DAGSTER_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(mine)}  # noqa: TID251  a shell
    here = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}",
        "RUL_HOME": str(home),
        "RUL_CMAPSS_URL": "",
        "BACKUPS": str(tmp_path / "backups"),
        "SAFE": str(tmp_path / "safe"),
    }

    done = subprocess.run(
        ["sh", "-eux", "-c", "\n".join([NO_MANAGER, *PROCEDURES[heading]])],
        env=kept | here, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
