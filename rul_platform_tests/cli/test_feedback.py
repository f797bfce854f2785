"""What people say of predictions, typed and imported."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.operation.served import PRESS


def written(folder: Path, *lines: str) -> str:
    file = folder / "ratings.csv"
    file.write_text("\n".join(lines) + "\n")
    return str(file)


def test_a_rating_is_taken_once_a_day_for_a_machine_and_a_person(
    terminal: Terminal, asked: list[str]
):
    words = ("feedback", "add", PRESS, asked[0], "negative", "--reason", "too_late", "--by", "Ann")

    first, second = terminal.reads(*words), terminal.reads(*words)
    other = terminal.reads(*words[:5], "--by", "Bob")

    assert first["is_new"]
    assert second == first | {"is_new": False}
    assert other["is_new"]
    told = terminal.reads("feedback", "stats", PRESS)
    assert (told["positive"], told["negative"]) == (0, 2)
    assert told["days"] == [{"day": told["days"][0]["day"], "positive": 0, "negative": 2}]


def test_a_name_is_neither_stored_nor_printed(terminal: Terminal, asked: list[str]):
    done = terminal.types("feedback", "add", PRESS, asked[0], "positive", "--by", "Ann Example")

    assert done.out.startswith("Taken: positive (")
    assert "Ann" not in done.out + done.err
    for path in terminal.folder.rglob("*"):
        assert not path.is_file() or b"Ann Example" not in path.read_bytes(), path


def test_without_by_it_is_this_computers_user(terminal: Terminal, asked: list[str]):
    assert terminal.reads("feedback", "add", PRESS, asked[0], "positive")["is_new"]
    assert not terminal.reads("feedback", "add", PRESS, asked[0], "positive")["is_new"]
    said = terminal.types("feedback", "add", PRESS, asked[0], "positive").out
    assert said.startswith("Rated already, this prediction or its machine today; that stands (")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nope", "x", "positive"), "There is no plant 'nope'; there is mill, press."),
        ((PRESS, "x", "positive"), "row 1: no prediction 'x' was recorded"),
        (("mill", "{id}", "positive"), "is about plant 'press', not 'mill'"),
    ],
)
def test_ratings_of_nothing_are_refused(
    terminal: Terminal, asked: list[str], words: tuple[str, ...], message: str
):
    typed = [word.format(id=asked[0]) for word in words]
    assert message in terminal.is_refused("feedback", "add", *typed)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("great",), "'great' is not one of 'positive', 'negative'"),
        (("positive", "--reason", "because Ann said so"), "is not one of 'too_early', 'too_late'"),
    ],
)
def test_words_that_are_no_codes_are_wrong_usage(
    terminal: Terminal, asked: list[str], words: tuple[str, ...], message: str
):
    assert message in terminal.is_refused("feedback", "add", PRESS, asked[0], *words, code=2)


def test_a_file_is_imported_as_a_whole(terminal: Terminal, asked: list[str], tmp_path: Path):
    now = datetime.now(UTC)  # the commands go by the real clock
    file = written(
        tmp_path,
        "prediction,rating,reason,person,at",
        f"{asked[0]},negative,too_late,Ann,{now.astimezone(timezone(timedelta(hours=2))).isoformat()}",
        "",
        f"{asked[1]},positive,,,",
        f'{asked[2]},negative,"implausible",Bob,{now:%Y-%m-%dT%H:%M:%SZ}',
    )

    told = terminal.reads("feedback", "import", PRESS, file)
    again = terminal.types("feedback", "import", PRESS, file)

    assert (told["rows"], told["new"], len(told["ids"])) == (3, 3, 3)
    assert again.out == "New: 0 of 3 rows; the rest was known already, and stands.\n"
    stats = terminal.reads("feedback", "stats", PRESS)
    assert stats["days"][0]["day"] == now.date().isoformat()
    assert (stats["positive"], stats["negative"]) == (1, 2)
    assert stats["lower"] < 1 / 3 < stats["upper"]


def test_all_problems_of_a_file_are_told_with_their_lines_and_nothing_is_taken(
    terminal: Terminal, asked: list[str], tmp_path: Path
):
    file = written(
        tmp_path,
        "prediction,rating,at",
        f"{asked[0]},positive,",
        f"{asked[1]},great,yesterday",
        "",
        "unknown,negative,2024-06-01T08:00:00",
        f"{asked[2]},negative,2999-01-01T00:00:00Z",
        f"{asked[2]},negative,2024-06-01T08:00:00Z",
    )

    said = terminal.is_refused("feedback", "import", PRESS, file)

    lines = [line.strip() for line in said.splitlines()]
    assert "6 problems; no row was taken." in lines[0]
    expected = "a time in ISO 8601 with its zone, as 2026-03-01T08:00:00Z, is expected"
    assert lines[1:5] == [
        f"- line 3: at is 'yesterday', {expected}",
        "- line 3: rating is 'great', positive or negative is expected",
        f"- line 5: at is '2024-06-01T08:00:00', {expected}",
        "- line 5: no prediction 'unknown' was recorded",
    ]
    assert lines[5].startswith("- line 6: 2999-01-01T00:00:00+00:00 is in the future: it is ")
    assert lines[6].startswith(
        f"- line 7: 2024-06-01 08:00 UTC is before prediction {asked[2]} was"
    )
    assert terminal.reads("feedback", "stats", PRESS)["days"] == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1: there is no column 'prediction': the first line must name them; found noth"),
        (b"prediction,rating\n", "holds no row, only the names of the columns"),
        (b"prediction,ratings\nx,y\n", "column 'ratings' is not known, there may be prediction, "),
        (b"prediction,rating,rating\nx,y,z\n", "line 1: column 'rating' stands there twice"),
        (b"prediction,rating\nx\n", "line 2: 1 cells, the header has 2"),
        (b"prediction,rating\n,positive\n", "line 2: prediction is empty"),
        (b"prediction,rating\n\xff\xfe,positive\n", "is no CSV file in UTF-8 ("),
        (b'prediction,rating\n"x,positive\n', "is no CSV file in UTF-8 (unexpected end of data)"),
    ],
)
def test_files_that_are_no_such_table(
    terminal: Terminal, tmp_path: Path, content: bytes, message: str
):
    file = tmp_path / "ratings.csv"
    file.write_bytes(content)
    assert message in terminal.is_refused("feedback", "import", PRESS, str(file))


def test_stats_of_a_plant_without_feedback_and_of_none(terminal: Terminal):
    done = terminal.types("feedback", "stats", "mill")
    assert done.out == "mill, 30 days: 0 ratings, satisfaction not known.\n"
    said = terminal.is_refused("feedback", "stats", "mil")
    assert "There is no plant 'mil'; there is mill, press; did you mean 'mill'?" in said
