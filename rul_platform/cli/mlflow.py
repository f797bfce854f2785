"""`rul mlflow`: what MLflow is told.

Belongs here: words. Does not belong here: the export (``operation.mlflow_export``).
"""

import click

from rul_platform.errors import SettingsError
from rul_platform.settings import Settings


@click.group()
def mlflow() -> None:
    """Export versions, their figures and who is in charge to the MLflow server of RUL_MLFLOW_URI.

    One way: nothing is read back. Dagster's daemon does the same by itself, where RUL_MLFLOW_URI is set.
    """


@mlflow.command()
@click.option(
    "--all",
    "is_all_asked",
    is_flag=True,
    help="Look at what was told before, too, and bring it back.",
)
@click.pass_obj
def sync(settings: Settings, is_all_asked: bool) -> None:
    """Bring MLflow to where the records are; a second call finds nothing to do.

    Exits with 1 where the server does not answer or a version was left behind; the next call goes on.
    """
    from rul_platform.operation.mlflow_export.export import export
    from rul_platform.storage.home import Home

    if settings.mlflow_uri is None:
        expected = "the http:// or https:// URL of an MLflow server"
        raise SettingsError("RUL_MLFLOW_URI", found="", expected=expected)
    done = export(Home(settings), settings.mlflow_uri, is_all_asked=is_all_asked)
    if done.is_nothing:
        click.echo("Nothing to do: MLflow has all of it.")
        return
    click.echo(
        f"Runs: {done.runs}. Versions registered: {done.versions}. Aliases moved: {done.aliases}."
    )
    for problem in done.problems:
        click.echo(f"left behind: {problem}")
    if done.problems:
        msg = "not every version was exported; the others were, and the next call goes on."
        raise click.ClickException(msg)
