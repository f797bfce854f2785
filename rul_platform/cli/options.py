"""Arguments and options that several commands share, and what they mean.

Belongs here: what a person types. Does not belong here: what is done with it.
"""

import getpass
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from rul_platform.storage.home import Home

PLANT = click.argument("plant")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
BY = click.option(
    "--by",
    metavar="NAME",
    help="Who does this; by default this computer's user. Only a pseudonym is stored.",
)
REASON = click.option("--reason", metavar="TEXT", required=True, help="Why; kept for the audit.")
SET = click.option(
    "--set",
    "chosen",
    multiple=True,
    metavar="KEY=VALUE",
    help="Any option of the launchpad, such as learning_rate=1e-3; may be given several times.",
)

TRIGGER = {
    "days_back": "Days of feedback to look at.",
    "min_feedback": "Feedbacks needed in that time.",
    "min_negative": "Negative ones needed among them.",
    "min_positive_rate": "Satisfaction below this asks for a retrain, from 0 to 1.",
    "confidence": "How sure that must be; 0 takes the bare share.",
}
"""Settings of the trigger that may be given on the command line, for this one time."""

TRAINING = {
    "epochs": "Longest training.",
    "learning_rate": "Peak of the learning rate.",
}
"""Settings of the training likewise."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def policy_flags(settings: dict[str, str]) -> Callable[[_Command], _Command]:
    """An option for each setting. Their text is checked with all other sources, by the same rules."""

    def decorate(command: _Command) -> _Command:
        for name, text in reversed(settings.items()):
            flag = "--" + name.replace("_", "-")
            command = click.option(flag, name, metavar="X", help=text)(command)
        return command

    return decorate


def launchpad_options(
    context: click.Context,
    launchpad: type[Any],  # the command line knows no Dagster
    named: Mapping[str, Any],
    chosen: Sequence[str],
    *,
    asset: str,
) -> dict[str, Any]:
    """The options that were typed, by name or with ``--set``; all others keep their defaults.

    Args:
        context: Knows which of ``named`` were typed.
        launchpad: Of the asset.
        named: Options of the command that the launchpad has too.
        chosen: What was given with ``--set``.
        asset: What to name in an error.

    Raises:
        OptionsError: One of them does not fit, or is given both ways.
    """
    from rul_platform.orchestration.launchpad import options

    typed = [
        f"{name}={value}"
        for name, value in named.items()
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT
    ]
    return options(launchpad, (*typed, *chosen), asset=asset)


def actor(home: "Home", by: str | None, now: datetime) -> str:
    """The pseudonym of whoever does this.

    Raises:
        UsageError: This computer's user has no name, and none was given.
    """
    return home.people.of(person(by), now)


def person(by: str | None) -> str:
    """The name of whoever does this; it is turned into a pseudonym and never stored.

    Raises:
        UsageError: This computer's user has no name, and none was given.
    """
    try:
        return by or getpass.getuser()
    except (KeyError, OSError) as error:
        msg = "This computer's user has no name here; say who you are with --by NAME."
        raise click.UsageError(msg) from error
