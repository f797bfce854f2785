"""The root of `rul`: settings in, one clear message out.

Belongs here: what all commands share. Each command lives in a file named as it is; what is heavy is
imported inside the commands, so that `--help` answers at once.
"""

import os
import sys

import click

from rul_platform.cli.alerts import alerts
from rul_platform.cli.audit import audit
from rul_platform.cli.backup import backup, restore
from rul_platform.cli.benchmark import benchmark
from rul_platform.cli.checkpoint import checkpoint
from rul_platform.cli.data import data
from rul_platform.cli.database import database
from rul_platform.cli.demo import demo
from rul_platform.cli.demo_feedback import demo_feedback
from rul_platform.cli.distil import distil
from rul_platform.cli.doctor import doctor
from rul_platform.cli.drill import drill
from rul_platform.cli.explain import explain
from rul_platform.cli.feedback import feedback
from rul_platform.cli.keys import keys
from rul_platform.cli.kshot import kshot
from rul_platform.cli.lifecycle import approve, freeze, rollback
from rul_platform.cli.logins import wrong_login
from rul_platform.cli.method import method
from rul_platform.cli.mlflow import mlflow
from rul_platform.cli.models import models
from rul_platform.cli.outcome import outcome
from rul_platform.cli.plant import plant
from rul_platform.cli.predict import predict
from rul_platform.cli.pretrain import pretrain
from rul_platform.cli.privacy import privacy
from rul_platform.cli.rate import rate
from rul_platform.cli.recalibrate import recalibrate
from rul_platform.cli.release import release
from rul_platform.cli.retrain import retrain
from rul_platform.cli.sensors import sensors
from rul_platform.cli.serve import serve
from rul_platform.cli.status import status
from rul_platform.cli.store import store
from rul_platform.cli.token import token
from rul_platform.cli.train import deploy, evaluate, train
from rul_platform.cli.tune import tune
from rul_platform.cli.ui import ui
from rul_platform.cli.windows import windows
from rul_platform.errors import RulPlatformError
from rul_platform.settings import Settings

EXIT_REFUSED, EXIT_INTERRUPTED = 1, 130
INTERRUPTED = "\nInterrupted. What was finished is kept; the same command goes on from there."


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rul-platform")
@click.pass_context
def rul(context: click.Context) -> None:
    """Remaining useful life of machines, from raw data to a deployed model.

    \b
    First steps:
      rul demo                       the whole way on NASA's turbofans, with a deployed model
      rul plant init pumps --files 'data/*.csv'      a plant file from a look at your data
      rul plant check pumps          what is wrong with it, all at once
      rul pretrain gru               a network that plants start from; `rul train` does it if needed
      rul train pumps                fine-tune a pretrained network on your machines
      rul deploy pumps               judge it and, if it deserves so, put it in charge
      rul predict pumps now.csv      remaining useful life, with an interval
      rul feedback add pumps ID negative             say what you think of a prediction
      rul retrain check pumps        whether that asks for a retrain
      rul benchmark                  how good the models are on NASA's turbofans
      rul kshot --target FD003       what transfer is worth to a plant of few machines
      rul serve                      predictions, feedback and pages over HTTP; `rul token create` first
      rul ui                         all of it in Dagster's UI

    Everything lives in one home folder, `.rul` here unless RUL_HOME says otherwise.

    Exit codes: 0 done, 1 refused with a reason, 2 wrong usage, 130 interrupted.
    """
    context.obj = Settings.read(os.environ)  # noqa: TID251  a door


for command in (
    demo,
    demo_feedback,
    data,
    plant,
    pretrain,
    checkpoint,
    train,
    evaluate,
    deploy,
    predict,
    models,
    status,
    windows,
    ui,
    serve,
    token,
    store,
    alerts,
    mlflow,
    privacy,
    audit,
    keys,
    database,
    sensors,
    feedback,
    outcome,
    retrain,
    rollback,
    approve,
    freeze,
    tune,
    method,
    rate,
    recalibrate,
    benchmark,
    kshot,
    doctor,
    explain,
    distil,
    drill,
    release,
    backup,
    restore,
):
    rul.add_command(command)


def main() -> None:
    """Run the command line; a refusal becomes one message and exit code 1."""
    try:
        sys.exit(_exit_code())
    except KeyboardInterrupt:  # where click does not look, as while a message is written
        click.echo(INTERRUPTED, err=True)
        sys.exit(EXIT_INTERRUPTED)


def _exit_code() -> int:
    """Run one command to its end, whatever that is."""
    try:
        rul.main(prog_name="rul", standalone_mode=False)
    except RulPlatformError as error:
        click.echo(f"Error: {error}", err=True)
        return EXIT_REFUSED
    except click.exceptions.Abort:
        click.echo(INTERRUPTED, err=True)
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Exit as done:
        return done.exit_code
    except ModuleNotFoundError as error:
        click.echo(f"Error: {_too_small(error)}", err=True)
        return EXIT_REFUSED
    except _from_outside() as error:
        click.echo(f"Error: {_told(error)}", err=True)
        return EXIT_REFUSED
    return 0


def _too_small(error: ModuleNotFoundError) -> str:
    """What an installation for serving alone, as in the service's image, cannot do."""
    return (
        f"this command needs the whole platform, and here the module {error.name!r} is missing. Where "
        f"only `rul serve` is installed, call it elsewhere on the same home folder and database; "
        f"otherwise `make install`, or `pip install rul-platform`, brings what is missing."
    )


def _from_outside() -> tuple[type[Exception], ...]:
    """What the system and a database refuse. Asked only in trouble: SQLAlchemy's import is heavy."""
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.exc import TimeoutError as PoolTimeoutError

    return OSError, DBAPIError, PoolTimeoutError


def _told(error: Exception) -> str:
    """What was refused and what to do; nothing of a statement, its values, or a password."""
    if not isinstance(error, OSError):
        refused = getattr(error, "orig", None)
        if refused is None:  # no connection was free within the time that one is waited for
            return (
                f"{error}. Too much is at work in this process for RUL_DATABASE_POOL_SIZE and "
                f"RUL_DATABASE_POOL_OVERFLOW (docs/postgresql.md). What was finished is kept."
            )
        said, advice = str(refused).strip(), wrong_login(refused, sys.argv[1:])
        if advice is not None:
            return f"the database refused: {said}. {advice} What was finished is kept."
        return (
            f"the database refused: {said}. Does it run, is there room, and may you write in it? "
            f"What was finished is kept."
        )
    said = error.strerror or str(error)
    where = f"{error.filename}: " if error.filename else ""
    return (
        f"{where}{said}. Is the path right, is there room, and may you read and write there? What "
        f"was finished is kept."
    )
