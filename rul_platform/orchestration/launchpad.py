"""Options of an asset's launchpad, given as text: ``--set learning_rate=1e-3`` on the command line.

Belongs here: from text to checked values, with every problem named at once. Does not belong here: which
options there are (each asset's own config).
"""

from collections.abc import Iterable, Iterator
from typing import Any, get_origin

import dagster as dg
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from rul_platform.core.wording import did_you_mean, listing, quoted
from rul_platform.errors import OptionsError

NOTHING = "none"
"""How to say that an option that may be absent is absent."""


def options(config: type[dg.Config], given: Iterable[str], *, asset: str) -> dict[str, Any]:
    """Check options given as ``KEY=VALUE``; lists have commas between their values.

    Args:
        config: The asset's launchpad.
        given: What was typed.
        asset: What to name in an error.

    Returns:
        The values by name, as a run configuration takes them; only those that were given.

    Raises:
        OptionsError: An option is unknown, given twice, or has a value that does not fit.
    """
    pairs = [tuple(part.strip() for part in text.partition("=")[::2]) for text in given]
    known = config.model_fields
    problems = list(_misnamed([name for name, _ in pairs], tuple(known)))
    values = {name: _read(text, known[name]) for name, text in pairs if name in known}
    problems += _misfits(config, values)
    if problems:
        raise OptionsError(asset, problems)
    checked = config(**values).model_dump(mode="json")
    return {name: checked[name] for name in values}


def _misnamed(names: list[str], known: tuple[str, ...]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        if name not in known:
            hint = did_you_mean(name, known) or f"; there are {listing(sorted(known))}"
            yield f"{quoted(name)} is no option{hint}"
        elif names.count(name) > 1:
            yield f"{name} is given {names.count(name)} times, expected once"


def _read(text: str, field: FieldInfo) -> object:
    """Text as pydantic takes it; numbers, switches and names it reads by itself."""
    if text == NOTHING and field.default is None:
        return None
    if get_origin(field.annotation) in (list, tuple):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _misfits(config: type[dg.Config], values: dict[str, object]) -> Iterator[str]:
    try:
        config(**values)
    except ValidationError as error:
        for problem in error.errors():
            expected = problem["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
            if problem["loc"]:
                name = str(problem["loc"][0])
                yield f"{name} is {quoted(values.get(name))}, expected {expected}"
            else:  # several options that do not go together; the sentence names them
                yield expected
