"""`rul checkpoint`: networks that plants start from: bring one, list all, select one.

Belongs here: words. Does not belong here: reading a file (``orchestration.imported_checkpoints``), what
is selected (``operation.parents``).
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rul_platform.cli.options import AS_JSON, BY, REASON, actor
from rul_platform.core.architectures import ARCHITECTURES
from rul_platform.core.parents import PRETRAINED, SEEN_CHOICES, told_seen
from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.operation.parents import KnownCheckpoint
    from rul_platform.storage.home import Home

SHORT = 12
"""Digits of a hash that are enough for people."""


@click.group()
def checkpoint() -> None:
    """Networks that plants start from: trained here by `rul pretrain`, or imported.

    \b
    Examples:
      rul checkpoint import lstm.pt --as models/pretrained/lstm.pt --seen FD001
      rul checkpoint list
      rul checkpoint select lstm models/pretrained/lstm.pt --reason "has seen more engines"
      rul checkpoint select lstm pretrained --reason "back to our own"
    """


@checkpoint.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--as", "name", metavar="NAME", required=True, help="What it is called; never a path to open."
)
@click.option(
    "--seen",
    multiple=True,
    type=click.Choice(SEEN_CHOICES),
    help="Turbofans that it has learned from; may be given several times. Without it that is not known, "
    "and a plant that holds subsets out refuses it.",
)
@BY
@AS_JSON
@click.pass_obj
def import_file(
    settings: Settings, file: Path, name: str, seen: tuple[str, ...], by: str | None, as_json: bool
) -> None:
    """Store checkpoint FILE, and register it under NAME; nothing starts from it until it is selected.

    The format is that of docs/transfer-learning.md. Only plain tensors are read: no code in the file can
    run. The same file under the same NAME again changes nothing; another file is refused.

    \b
    Example:
      rul checkpoint import lstm.pt --as models/pretrained/lstm.pt --seen FD001 --seen FD002
    """
    from rul_platform.orchestration.imported_checkpoints import import_checkpoint
    from rul_platform.storage.home import Home

    home = Home(settings)
    now = home.now()
    made = import_checkpoint(home, file, name, seen=seen, actor=actor(home, by, now), now=now)
    told = {
        "name": made.name,
        "architecture": made.architecture,
        "sha256": made.sha256,
        "file_sha256": made.file_sha256,
    }
    text = (
        f"{made.name}: {made.architecture}, sha256 {made.sha256[:SHORT]}, of the file "
        f"{made.file_sha256[:SHORT]}.\nTo start from it: rul checkpoint select {made.architecture} "
        f"{made.name} --reason TEXT"
    )
    click.echo(json.dumps(told, indent=2) if as_json else text)


@checkpoint.command("list")
@AS_JSON
@click.pass_obj
def list_checkpoints(settings: Settings, as_json: bool) -> None:
    """List every checkpoint that plants can start from; `*` marks what they do start from."""
    from rul_platform.operation.parents import known
    from rul_platform.storage.home import Home

    home = Home(settings)
    rows = [_row(home, each) for each in known(home)]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        click.echo(
            "No checkpoint yet. `rul pretrain` makes one, `rul checkpoint import` brings one."
        )
        return
    for row in rows:
        click.echo(_line(row))


@checkpoint.command()
@click.argument("architecture", type=click.Choice(ARCHITECTURES))
@click.argument("wanted", metavar="NAME|SHA256|pretrained")
@REASON
@BY
@AS_JSON
@click.pass_obj
def select(
    settings: Settings,
    architecture: str,
    wanted: str,
    reason: str,
    by: str | None,
    as_json: bool,
) -> None:
    """Let plants of ARCHITECTURE start from this checkpoint, from their next training on.

    `pretrained` is whatever `rul pretrain` made last, now and later, as where nothing was selected.
    Models that are there already stay as they are.

    \b
    Example:
      rul checkpoint select gru models/pretrained/gru.pt --reason "has seen more engines"
    """
    from rul_platform.operation import parents
    from rul_platform.storage.home import Home

    home = Home(settings)
    now, before = home.now(), parents.selected(home, architecture)
    chosen = parents.select(
        home,
        architecture,
        wanted,
        actor=actor(home, by, now),
        expected=before.sha256 if before else None,
        now=now,
        reason=reason,
    )
    told = {
        "architecture": architecture,
        "name": chosen.name or None,
        "sha256": chosen.sha256,
        "origin": chosen.origin,
        "before": before.sha256 if before else None,
    }
    called = f"{chosen.name}, " if chosen.name else ""
    text = f"{architecture} starts from {called}sha256 {chosen.sha256[:SHORT]} from now on."
    click.echo(json.dumps(told, indent=2) if as_json else text)


def _row(home: "Home", each: "KnownCheckpoint") -> dict[str, Any]:
    """One checkpoint, as plain values."""
    from rul_platform.operation.parents import parent_of, selected

    chosen, parent = selected(home, each.architecture), parent_of(home, each.architecture)
    is_parent = parent is not None and parent.sha256 == each.sha256
    return {
        "names": list(each.names),
        "architecture": each.architecture,
        "sha256": each.sha256,
        "origin": each.origin,
        "seen": None if each.seen is None else list(each.seen),
        "config": each.config,
        "is_selected": is_parent and chosen is not None,
        "is_parent": is_parent,
    }


def _line(row: dict[str, Any]) -> str:
    """One checkpoint, for people."""
    mark = "*" if row["is_parent"] else " "
    config, names = row["config"], ", ".join(row["names"]) or "-"
    channels = config.get("channels")
    sizes = (
        f"{config.get('hidden_size', '?')} hidden, {len(channels) if channels else '?'} channels"
    )
    origin = "made here" if row["origin"] == PRETRAINED else "imported"
    return (
        f"{mark} {row['architecture']:<4}  {row['sha256'][:SHORT]}  {origin:<9}  {sizes:<24}  "
        f"seen: {told_seen(row['seen'])}  {names}"
    )
