"""`rul data`: where C-MAPSS comes from, and getting it."""

import json
from typing import TYPE_CHECKING, Any

import click

from rul_platform.core.subsets import SUBSETS
from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.storage.cmapss_source import SubsetFiles


@click.group()
def data() -> None:
    """NASA's turbofan data: fetch it, check it.

    It is looked for in RUL_CMAPSS (a zip or folder), then in the home folder's cache, then in NASA's
    published archive. Every file must have the published sha256.
    """


@data.command()
@click.option("--subset", "subsets", multiple=True, type=click.Choice(SUBSETS), default=SUBSETS)
@click.option(
    "--accept-other-data",
    is_flag=True,
    help="Look also at files whose content is not NASA's; nothing else uses them.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON list instead of text.")
@click.pass_obj
def fetch(
    settings: Settings, subsets: tuple[str, ...], accept_other_data: bool, as_json: bool
) -> None:
    """Get and check the files, without training anything.

    To work with files that are not NASA's, materialise raw_cmapss with accept_other_data in the UI.

    \b
    Example:
      RUL_CMAPSS=~/Downloads/CMAPSSData.zip rul data fetch
    """
    from rul_platform.cli.console import progress_bar
    from rul_platform.storage.home import Home

    source = Home(settings).cmapss
    rows = []
    for subset in subsets:
        with progress_bar(f"C-MAPSS {subset}") as tell:
            found = source.fetch(subset, accept_other_data=accept_other_data, progress=tell)
        rows.append(_row(subset, found))
    click.echo(json.dumps(rows, indent=2) if as_json else "\n".join(map(_line, rows)))


def _row(subset: str, found: "SubsetFiles") -> dict[str, Any]:
    """What the files hold, once every rule of the format is checked."""
    from rul_platform.core.canonical import sha256
    from rul_platform.core.cmapss import (
        PUBLISHED_SHA256,
        file_names,
        held_out_fleet,
        training_fleet,
    )

    names = train_name, test_name, rul_name = file_names(subset)
    train = training_fleet(found.train, train_name)
    test = held_out_fleet(found.test, found.rul, test_name, rul_name)
    files = zip(names, (found.train, found.test, found.rul), strict=True)
    return {
        "subset": subset,
        "training_engines": len(train.units),
        "test_engines": len(test.units),
        "rows": len(train.readings) + len(test.readings),
        "as_published": all(sha256(data) == PUBLISHED_SHA256[name] for name, data in files),
        "origin": found.origin,
    }


def _line(row: dict[str, Any]) -> str:
    published = "as published" if row["as_published"] else "NOT as NASA published them"
    return (
        f"{row['subset']}: {row['training_engines']} training and {row['test_engines']} test engines, "
        f"{row['rows']} rows, {published}; from {row['origin']}"
    )
