"""`rul audit`: do the records hold, and what do they say.

Belongs here: commands. Does not belong here: checking (``operation.audit``), words (``audit_words``).
"""

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from rul_platform.cli.options import AS_JSON
from rul_platform.settings import Settings

NOBODY = 1
"""Exit code where nothing served, nothing was built with a package, or bytes differ."""


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
    """Check ledger, signatures, files, lineage, decisions, predictions, sensors; tell all that is wrong.

    Nothing is changed. Every artifact that a version rests on is read and hashed, so this takes as long
    as reading them.

    \b
    Example:
      rul audit verify --json > verified.json
    """
    from rul_platform.cli.audit_words import verified
    from rul_platform.operation.audit.verify import verify as check
    from rul_platform.orchestration.instance import switched_unseen
    from rul_platform.storage.home import Home

    home = Home(settings)
    found = check(home, more=switched_unseen(home))
    click.echo(json.dumps(found.to_json(), indent=2) if as_json else verified(found))
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


@audit.command()
@click.argument("subject")
@click.option(
    "--html", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page here."
)
@AS_JSON
@click.pass_obj
def explain(settings: Settings, subject: str, page: Path | None, as_json: bool) -> None:
    """All that is recorded about SUBJECT: a prediction's id, PLANT:NUMBER, a plant, or a sha256.

    What it is, when it was in charge, what the gate said and who approved, what asked for it, what it
    was made from down to raw data, and with which code.

    \b
    Examples:
      rul audit explain pumps
      rul audit explain pumps:3 --html version_3.html
    """
    from rul_platform.cli.audit_words import explained
    from rul_platform.operation.audit import subjects
    from rul_platform.operation.audit.dossier import dossier
    from rul_platform.storage.home import Home

    home = Home(settings)
    version, prediction = subjects.found(home, subject)
    told = dossier(home, version, prediction)
    if page is not None:
        from rul_platform.reports.dossier_page import render_dossier

        page.write_bytes(render_dossier(told))
        click.echo(f"Written: {page}", err=True)
    if as_json or page is None:
        click.echo(json.dumps(told, indent=2) if as_json else explained(told))


@audit.command()
@click.argument("moment")
@click.option("--plant", required=True, metavar="PLANT")
@AS_JSON
@click.pass_obj
def at(settings: Settings, moment: str, plant: str, as_json: bool) -> None:
    """What served PLANT at MOMENT, as 2026-11-28 or 2026-11-28T14:30 (UTC, or with an offset).

    \b
    Example:
      rul audit at 2026-11-28T14:30 --plant pumps
    """
    from rul_platform.operation.audit.history import in_charge_at
    from rul_platform.operation.known_plants import require_plant
    from rul_platform.storage.home import Home

    home, when = Home(settings), _moment(moment)
    require_plant(home, plant)
    found = in_charge_at(home, plant, when)
    if as_json:
        told = found and {
            "plant": plant,
            "number": found.number,
            "sha256": found.sha256,
            "since": found.since.isoformat(),
            "until": found.until.isoformat() if found.until else None,
            "kind": found.kind,
        }
        click.echo(json.dumps(told, indent=2))
    elif found is None:
        click.echo(f"No version was in charge of {plant} at {when:%F %T} UTC.")
    else:
        until = f"until {found.until:%F %T}" if found.until else "and still is"
        click.echo(
            f"Version {found.number} ({found.sha256[:12]}) was in charge of {plant} at {when:%F %T} "
            f"UTC: since {found.since:%F %T}, {until} ({found.kind})."
        )
    sys.exit(0 if found else NOBODY)


@audit.command()
@click.argument("one")
@click.argument("other")
@AS_JSON
@click.pass_obj
def diff(settings: Settings, one: str, other: str, as_json: bool) -> None:
    """What changed from version ONE to version OTHER: data, configuration, code, environment, metrics.

    \b
    Example:
      rul audit diff pumps:2 pumps:3
    """
    from rul_platform.cli.audit_words import changed
    from rul_platform.operation.audit import subjects
    from rul_platform.operation.audit.history import changes
    from rul_platform.storage.home import Home

    home = Home(settings)
    found = changes(home, subjects.version(home, one), subjects.version(home, other))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
    else:
        click.echo(changed(found))


@audit.command()
@click.option("--package", required=True, metavar="NAME[==VERSION]")
@click.option("--all", "every", is_flag=True, help="Also versions that are not in charge.")
@AS_JSON
@click.pass_obj
def affected(settings: Settings, package: str, every: bool, as_json: bool) -> None:
    """Which deployed models were built with a package, as when it has a known fault.

    \b
    Example:
      rul audit affected --package numpy==2.1.0
    """
    from rul_platform.operation.audit.history import built_with
    from rul_platform.storage.home import Home

    name, _, number = package.partition("==")
    found = [
        (version, has)
        for version, has in built_with(Home(settings), name, number or None)
        if every or version.state == "champion"
    ]
    rows = [
        {
            "plant": v.plant,
            "number": v.number,
            "sha256": v.sha256,
            "state": v.state,
            "built_with": has,
        }
        for v, has in found
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif not rows:
        click.echo(f"No {'' if every else 'deployed '}model was built with {package}.")
    else:
        for row in rows:
            click.echo(
                f"{row['plant']} version {row['number']} ({row['state']}): {name} {row['built_with']}"
            )
    sys.exit(0 if rows else NOBODY)


@audit.command()
@click.argument("version")
@AS_JSON
@click.pass_obj
def reproduce(settings: Settings, version: str, as_json: bool) -> None:
    """Train VERSION (PLANT:NUMBER) again from what it was made from, and compare every byte.

    It takes as long as the training did. Nothing in this home is changed. Exit code 0 where every byte
    is the same; 1 where not, with the recorded conditions that differ.

    \b
    Example:
      rul audit reproduce pumps:3
    """
    from rul_platform.cli.audit_words import reproduced
    from rul_platform.operation.audit import subjects
    from rul_platform.orchestration.reproducing import reproduce as train_again
    from rul_platform.storage.home import Home

    home = Home(settings)
    found = train_again(home, subjects.version(home, version))
    if as_json:
        told = asdict(found) | {"is_identical": found.is_identical}
        click.echo(json.dumps(told, indent=2))
    else:
        click.echo(reproduced(found))
    sys.exit(0 if found.is_identical else NOBODY)


@audit.command()
@click.argument("version")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The zip; PLANT_NUMBER_evidence.zip here by default.",
)
@click.pass_obj
def export(settings: Settings, version: str, out: Path | None) -> None:
    """An evidence bundle of VERSION (PLANT:NUMBER): checked with openssl and sha256sum alone.

    The zip holds the model, how it was made, the ledger, signatures and public keys, a script that
    checks them, the lineage as PROV-JSON and OpenLineage, a CycloneDX bill of materials, a model card.

    \b
    Example:
      rul audit export pumps:3 --out pumps_3.zip
    """
    from rul_platform.operation.audit import subjects
    from rul_platform.operation.audit.bundle import bundle, newest_anchor, script_sha256
    from rul_platform.storage.home import Home
    from rul_platform.storage.plain_files import write_whole

    home = Home(settings)
    found = subjects.version(home, version)
    target = out or Path(f"{found.plant}_{found.number}_evidence.zip")
    write_whole(target, bundle(home, found))
    click.echo(f"Written: {target}. It holds the whole ledger: all plants, and people's reasons.")
    if home.signing.signer() is None:
        click.echo("No private key is here: its dossier, model card and lineage are not signed.")
    click.echo("Give whoever checks it these two on another way, as on paper. README.txt says how:")
    click.echo(f"  fingerprint of the key  {newest_anchor(home).key_id}")
    click.echo(f"  sha256 of verify.sh     {script_sha256()}")


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"found {text!r}, expected a date or a moment as 2026-11-28T14:30"
        raise click.BadParameter(msg, param_hint="MOMENT") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
