"""docs/integrations.md: its blocks run as they stand there, and it names every kind of alert."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

from rul_platform.storage.alerts import Kind

PAGE = Path(__file__).resolve().parent.parent / "docs" / "integrations.md"
TEXT = PAGE.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)


def test_every_command_works_as_it_is_written(tmp_path: Path):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
    here = {"PATH": path, "RUL_HOME": str(tmp_path), "RUL_CMAPSS_URL": ""}

    done = subprocess.run(
        ["sh", "-eux", "-c", "\n".join(blocks("console"))],
        env=here, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "log: sent\n" in done.stdout


def test_the_receiver_works_as_it_is_written(tmp_path: Path):
    (receiver,) = blocks("python")

    done = subprocess.run(
        [sys.executable, "-c", receiver], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "The delivery is not accepted: the header webhook-timestamp is missing. Is the secret that of "
        "the platform, the body as it came, and are both clocks right?",
        "info A test",
    ]


def test_every_kind_of_alert_is_told():
    table = TEXT.partition("### What is told")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+?) \|", table, flags=re.MULTILINE)

    assert [kind for row in rows for kind in re.findall(r"`(\w+)`", row)] == list(get_args(Kind))
