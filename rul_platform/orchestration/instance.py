"""The embedded Dagster instance: SQLite below the home folder, for the demo, the UI and one person."""

from importlib.resources import files
from pathlib import Path

import dagster as dg

from rul_platform.storage.home import Home


def prepare_instance(home: Home) -> Path:
    """Make the instance's folder and settings where they are missing; returns the folder."""
    folder = home.dagster
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "dagster.yaml"
    if not settings.exists():
        wanted = files("rul_platform.orchestration") / "embedded_dagster.yaml"
        settings.write_bytes(wanted.read_bytes())
    return folder


def open_instance(home: Home) -> dg.DagsterInstance:
    """The embedded instance, to be used as a context manager."""
    return dg.DagsterInstance.from_config(str(prepare_instance(home)))
