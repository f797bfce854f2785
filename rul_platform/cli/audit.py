"""`rul audit`: do the records hold, and what do they say.

Belongs here: words. Does not belong here: checking (``operation.audit``).
"""

import json
import sys
from typing import TYPE_CHECKING

import click

from rul_platform.cli.options import AS_JSON
from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.operation.audit.verify import Audit

COUNTED = {
    "ledger_rows": "rows of the ledger",
    "anchors": "of them signed one by one",
    "artifacts": "artifacts hashed",
    "versions": "model versions",
    "deployments": "times in charge",
    "gates": "answers of the gate, each decided again",
    "triggers": "retrains that feedback asked for, each counted again",
    "feedback": "ratings",
    "erased": "of them without a person, as the ledger says",
    "predictions": "answers of models in charge",
}


@click.group()
def audit() -> None:
    """Prove where predictions come from, and that nobody changed the records.

    Exit codes of `verify`: 0 all holds, 1 something is broken, 2 what could be checked holds, but
    something could not be.
    """


@audit.command()
@AS_JSON
@click.pass_obj
def verify(settings: Settings, as_json: bool) -> None:
    """Check ledger, signatures, files, lineage, decisions and predictions; tell all that is wrong.

    Nothing is changed. Every artifact that a version rests on is read and hashed, so this takes as long
    as reading them.

    \b
    Example:
      rul audit verify --json > verified.json
    """
    from rul_platform.operation.audit.verify import verify as check
    from rul_platform.storage.home import Home

    found = check(Home(settings))
    click.echo(json.dumps(found.to_json(), indent=2) if as_json else _text(found))
    sys.exit(found.exit_code)


@audit.command()
@click.pass_obj
def sign(settings: Settings) -> None:
    """Sign versions that nobody has signed yet, as those from before there were keys.

    What a statement says of them is what the records say now: it proves nothing about the time before.
    """
    from rul_platform.operation.signing import sign_all
    from rul_platform.storage.home import Home

    home = Home(settings)
    done = sign_all(home, now=home.now())
    for plant, number in done.versions:
        click.echo(f"Signed: {plant} version {number}.")
    if done.anchored is not None:
        click.echo(f"The ledger is signed up to row {done.anchored}.")


def _text(found: "Audit") -> str:
    width = max(len(f"{number:,}") for number in found.looked_at.values())
    lines = [f"{found.looked_at[name]:>{width},} {words}" for name, words in COUNTED.items()]
    broken = [each for each in found.problems if each.kind == "broken"]
    unknown = [each for each in found.problems if each.kind == "unknown"]
    for title, each_of in (("Broken", broken), ("Not known", unknown)):
        if each_of:
            lines += ["", f"{title}: {len(each_of)}"]
            lines += [f"  [{each.part}] {each.sentence}" for each in each_of]
    lines += ["", _conclusion(len(broken), len(unknown))]
    return "\n".join(lines)


def _conclusion(broken: int, unknown: int) -> str:
    if broken:
        return "The records do not hold."
    if unknown:
        return "What could be checked holds."
    return "All holds."
