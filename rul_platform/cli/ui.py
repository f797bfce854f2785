"""`rul ui`: Dagster's UI on the home folder."""

import os

import click

from rul_platform.cli import dagster_program
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

    program, home = dagster_program.program(), Home(settings)
    environ = dagster_program.environ(settings, tidy_instance(home))
    click.echo(f"Dagster's UI: http://127.0.0.1:{port}  (Ctrl-C stops it)")
    where = "-w", dagster_program.workspace(), "-h", "127.0.0.1", "-p", str(port)
    os.execve(program, [program, "dev", *where], environ)  # noqa: S606  the arguments are ours
