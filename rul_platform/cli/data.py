"""`rul data`: where C-MAPSS comes from, and getting it."""

import json

import click

from rul_platform.settings import Settings

SUBSET_NAMES = ("FD001", "FD002", "FD003", "FD004")


@click.group()
def data() -> None:
    """NASA's turbofan data: fetch it, check it.

    It is looked for in RUL_CMAPSS (a zip or folder), then in the home folder's cache, then in NASA's
    published archive. Every file must have the published sha256.
    """


@data.command()
@click.option(
    "--subset", "subsets", multiple=True, type=click.Choice(SUBSET_NAMES), default=SUBSET_NAMES
)
@click.option("--json", "as_json", is_flag=True, help="One JSON list instead of text.")
@click.pass_obj
def fetch(settings: Settings, subsets: tuple[str, ...], as_json: bool) -> None:
    """Get and check the files, without training anything.

    \b
    Example:
      RUL_CMAPSS=~/Downloads/CMAPSSData.zip rul data fetch
    """
    from rul_platform.cli.console import progress_bar
    from rul_platform.core.cmapss import file_names, held_out_fleet, training_fleet
    from rul_platform.storage.home import Home

    home = Home(settings)
    rows = []
    for subset in subsets:
        with progress_bar(f"C-MAPSS {subset}") as tell:
            found = home.cmapss.fetch(subset, progress=tell)
        train_name, test_name, rul_name = file_names(subset)
        train = training_fleet(found.train, train_name)
        test = held_out_fleet(found.test, found.rul, test_name, rul_name)
        rows.append(
            {
                "subset": subset,
                "training_engines": len(train.units),
                "test_engines": len(test.units),
                "rows": len(train.readings) + len(test.readings),
                "origin": found.origin,
            }
        )
    click.echo(json.dumps(rows, indent=2) if as_json else "\n".join(map(_line, rows)))


def _line(row: dict[str, object]) -> str:
    return (
        f"{row['subset']}: {row['training_engines']} training and {row['test_engines']} test engines, "
        f"{row['rows']} rows, as published; from {row['origin']}"
    )
