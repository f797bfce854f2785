"""`rul feedback`: what people say about predictions."""

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rul_platform.cli.options import AS_JSON, BY, PLANT, person
from rul_platform.settings import Settings

if TYPE_CHECKING:
    from rul_platform.storage.feedback_rows import Added

RATING = click.Choice(["positive", "negative"])
REASONS = click.Choice(
    ["too_early", "too_late", "implausible", "interval_too_wide", "wrong_machine", "other"]
)
"""As in ``storage.operation_tables``, whose import would cost half a second."""


@click.group()
def feedback() -> None:
    """Ratings of predictions: codes without free text, and pseudonyms instead of names."""


@feedback.command()
@PLANT
@click.argument("prediction")
@click.argument("rating", type=RATING)
@click.option("--reason", type=REASONS, help="What was wrong, or right.")
@BY
@AS_JSON
@click.pass_obj
def add(
    settings: Settings,
    plant: str,
    prediction: str,
    rating: str,
    reason: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Rate one PREDICTION of PLANT by its id, as `rul predict` told it.

    One rating of a person counts for each prediction, and for each machine and day; the first one
    stands.

    \b
    Example:
      rul feedback add pumps 3f2c… negative --reason too_late
    """
    from rul_platform.operation.intake import FeedbackRow, add_feedback
    from rul_platform.storage.home import Home

    home = Home(settings)
    row = FeedbackRow(prediction, rating, reason=reason, person=person(by))
    (added,) = add_feedback(home, plant, [row], now=home.now())
    if as_json:
        click.echo(json.dumps({"plant": plant, "id": added.id, "is_new": added.is_new}, indent=2))
    elif added.is_new:
        click.echo(f"Taken: {rating} ({added.id}).")
    else:
        click.echo(
            f"Rated already, this prediction or its machine today; that stands ({added.id})."
        )


@feedback.command("import")
@PLANT
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@BY
@AS_JSON
@click.pass_obj
def import_file(settings: Settings, plant: str, file: Path, by: str | None, as_json: bool) -> None:
    """Take all ratings of a CSV FILE, or none.

    Problems are told with their lines: first all of the cells and, once these are right, all of their
    meaning, such as a prediction that nobody was given.

    Columns: prediction, rating; and, where you have them, reason, person (a name, by default --by) and
    at (ISO 8601 with a time zone, not before the prediction, by default now).

    \b
    Example:
      rul feedback import pumps ratings.csv
    """
    from rul_platform.cli.csv_rows import moment, read_rows, told_by_line
    from rul_platform.operation.intake import FeedbackRow, add_feedback
    from rul_platform.storage.home import Home

    home, who = Home(settings), person(by)
    found = read_rows(file, required=("prediction", "rating"), optional=("reason", "person", "at"))
    problems: list[str] = []
    rows = [
        FeedbackRow(
            row.cells["prediction"],
            row.cells["rating"],
            reason=row.cells["reason"] or None,
            person=row.cells["person"] or who,
            created_at=moment(row, "at", problems),
        )
        for row in found
    ]
    with told_by_line(file, found, problems):
        added = add_feedback(home, plant, rows, now=home.now())
    say_imported(plant, added, as_json=as_json)


@feedback.command()
@PLANT
@click.option("--days", type=click.IntRange(min=1), default=30, show_default=True)
@AS_JSON
@click.pass_obj
def stats(settings: Settings, plant: str, days: int, as_json: bool) -> None:
    """Count PLANT's ratings by day, in UTC."""
    from rul_platform.core.trigger import wilson
    from rul_platform.operation.known_plants import require_plant
    from rul_platform.operation.metrics import CONFIDENCE
    from rul_platform.storage.home import Home

    home = Home(settings)
    require_plant(home, plant)
    found = home.feedback.stats(plant, home.now() - timedelta(days=days))
    positive, negative = sum(d.positive for d in found), sum(d.negative for d in found)
    low, high = wilson(positive, positive + negative, CONFIDENCE)
    if as_json:
        told: dict[str, Any] = {
            "plant": plant,
            "days": [
                {"day": d.day.isoformat(), "positive": d.positive, "negative": d.negative}
                for d in found
            ],
            "positive": positive,
            "negative": negative,
            "lower": low,
            "upper": high,
            "confidence": CONFIDENCE,
        }
        click.echo(json.dumps(told, indent=2))
        return
    for d in found:
        click.echo(f"{d.day}  {d.positive:>5} positive  {d.negative:>5} negative")
    total = positive + negative
    share = f"{positive / total:.0%}, between {low:.0%} and {high:.0%}" if total else "not known"
    click.echo(f"{plant}, {days} days: {total} ratings, satisfaction {share}.")


def say_imported(plant: str, added: "list[Added]", *, as_json: bool) -> None:
    """How many rows were new."""
    new = sum(each.is_new for each in added)
    if as_json:
        row = {"plant": plant, "rows": len(added), "new": new, "ids": [each.id for each in added]}
        click.echo(json.dumps(row, indent=2))
        return
    known = "; the rest was known already, and stands" if new < len(added) else ""
    click.echo(f"New: {new} of {len(added)} rows{known}.")
