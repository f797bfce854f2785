"""The embedded Dagster instance: SQLite below the home folder, for the demo, the UI and one person."""

from importlib.resources import files
from pathlib import Path

import dagster as dg

from rul_platform.storage.home import Home
from rul_platform.storage.plain_files import write_whole

SETTINGS, COMMAND_LINE = "dagster.yaml", "command_line.yaml"

WITHOUT_LOG_CAPTURE = """
# What runs in a terminal shows its output there. Capturing it would start watchers that answer Ctrl-C
# with a traceback of their own.
compute_logs:
  module: dagster.core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""


def prepare_instance(home: Home) -> Path:
    """Make the instance's folder and settings where they are missing; returns the folder."""
    folder = home.dagster
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / SETTINGS
    if not settings.exists():
        wanted = files("rul_platform.orchestration") / "embedded_dagster.yaml"
        write_whole(settings, wanted.read_bytes())
    return folder


def open_instance(home: Home) -> dg.DagsterInstance:
    """The instance for a command, to be used as a context manager: the UI's, without log capture."""
    folder = prepare_instance(home)
    settings = (folder / SETTINGS).read_text(encoding="utf-8")
    captures = "compute_logs:" in settings
    write_whole(
        folder / COMMAND_LINE, (settings + ("" if captures else WITHOUT_LOG_CAPTURE)).encode()
    )
    return dg.DagsterInstance.from_config(str(folder), COMMAND_LINE)
