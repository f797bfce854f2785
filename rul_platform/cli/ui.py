"""`rul ui`: Dagster's UI on the home folder."""

import os
import shutil
import sys
from importlib.resources import files
from pathlib import Path

import click

from rul_platform.settings import Settings


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True)
@click.pass_obj
def ui(settings: Settings, port: int) -> None:
    """Open Dagster's UI on loopback, on the same home folder as every other command.

    Stop it with Ctrl-C. `dagster dev` does the same for those who set DAGSTER_HOME and RUL_HOME
    themselves.
    """
    from rul_platform.orchestration.instance import tidy_instance
    from rul_platform.storage.home import Home

    beside_python = Path(sys.executable).with_name("dagster")
    dagster = str(beside_python) if beside_python.exists() else shutil.which("dagster")
    if dagster is None:
        msg = "The program `dagster` is not installed. Install rul-platform with its dependencies."
        raise click.ClickException(msg)
    home = Home(settings)
    environ = os.environ | {  # noqa: TID251  a door
        "DAGSTER_HOME": str(tidy_instance(home)),
        "RUL_HOME": str(settings.home),
    }
    click.echo(f"Dagster's UI: http://127.0.0.1:{port}  (Ctrl-C stops it)")
    workspace = str(files("rul_platform.orchestration") / "workspace.yaml")
    os.execve(  # noqa: S606  the arguments are ours
        dagster, [dagster, "dev", "-w", workspace, "-h", "127.0.0.1", "-p", str(port)], environ
    )
