"""Dagster's own command line, run on our instance and our code location.

Belongs here: how it is found and called. Does not belong here: what for (``ui``, ``sensors``).
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import click

from rul_platform.settings import Settings

PATIENCE_SECONDS = 180
"""It starts a process that imports the code location."""


def program() -> str:
    """Its path: beside this Python, or on the PATH.

    Raises:
        ClickException: It is not installed.
    """
    beside_python = Path(sys.executable).with_name("dagster")
    found = str(beside_python) if beside_python.exists() else shutil.which("dagster")
    if found is None:
        msg = "The program `dagster` is not installed. Install rul-platform with its dependencies."
        raise click.ClickException(msg)
    return found


def environ(settings: Settings, instance: Path) -> Mapping[str, str]:
    """This process's environment, with the instance's folder and our home."""
    told = {"DAGSTER_HOME": str(instance), "RUL_HOME": str(settings.home)}
    return os.environ | told  # noqa: TID251  a door


def workspace() -> str:
    """The file that names our code location."""
    return str(files("rul_platform.orchestration") / "workspace.yaml")


def call(settings: Settings, instance: Path, *words: str) -> None:
    """Run it to its end, quietly.

    Raises:
        ClickException: It failed or took too long; with the last that it said.
    """
    try:
        subprocess.run(  # noqa: S603  the words are ours
            [program(), *words, "--workspace", workspace()],
            env=dict(environ(settings, instance)),
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout or "nothing").strip().splitlines()[-1]
        msg = f"`dagster {' '.join(words)}` failed: {said}"
        raise click.ClickException(msg) from error
    except subprocess.TimeoutExpired as error:
        msg = f"`dagster {' '.join(words)}` did not end within {PATIENCE_SECONDS} seconds."
        raise click.ClickException(msg) from error
