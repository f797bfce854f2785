"""What became of machines, typed and imported."""

from pathlib import Path

import pytest

from rul_platform_tests.cli.terminal import Terminal
from rul_platform_tests.operation.served import PRESS


@pytest.mark.usefixtures("asked")
def test_an_outcome_is_taken_once(terminal: Terminal):
    words = ("outcome", "add", PRESS, "m1", "failed", "--life", "61.5", "--at", "2024-06-01T08:00Z")

    first, second = terminal.reads(*words), terminal.reads(*words)

    assert second == first | {"is_new": False}
    assert first["is_new"]
    assert terminal.types(*words).out == "Known already: m1 failed at 61.5.\n"
    home = terminal.open()
    (kept,) = home.outcomes.of_plant(PRESS)
    assert (kept.unit, kept.kind, kept.life) == ("m1", "failed", 61.5)
    assert kept.observed_at.isoformat() == "2024-06-01T08:00:00+00:00"


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("nope", "m1", "failed", "--life", "61"),
            "There is no plant 'nope'; there is mill, press",
        ),
        (("mill", "m1", "failed", "--life", "61"), "nobody knows unit 'm1': no prediction"),
        ((PRESS, "m9", "failed", "--life", "61"), "nobody knows unit 'm9': no prediction"),
        ((PRESS, "m1", "failed", "--life", "-1"), "life is -1, a number from 0 on is expected"),
        ((PRESS, "m1", "failed", "--life", "nan"), "life is nan, a number from 0 on is expected"),
        ((PRESS, "m1", "failed", "--life", "3"), "unit 'm1' was seen at 30 and cannot have ended"),
        ((PRESS, "m1", "failed", "--life", "1e300"), "life is 1e+300, at most "),
        (
            (PRESS, "m1", "failed", "--life", "61", "--at", "2999-01-01T00:00Z"),
            "2999-01-01T00:00:00+00:00 is in the future: it is ",
        ),
    ],
)
def test_what_cannot_have_become_of_a_machine(
    terminal: Terminal, words: tuple[str, ...], message: str
):
    assert message in terminal.is_refused("outcome", "add", *words)
    assert terminal.open().outcomes.of_plant(PRESS) == ()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("broken", "--life", "61"), "'broken' is not one of 'failed', 'replaced', 'repaired'"),
        (("failed", "--life", "long"), "'long' is not a valid float"),
        (("failed",), "Missing option '--life'"),
        (
            ("failed", "--life", "61", "--at", "noon"),
            "'noon' is not a time in ISO 8601 with its zone",
        ),
    ],
)
def test_wrong_usage(terminal: Terminal, words: tuple[str, ...], message: str):
    assert message in terminal.is_refused("outcome", "add", PRESS, "m1", *words, code=2)


@pytest.mark.usefixtures("asked")
def test_a_wrong_end_is_withdrawn(terminal: Terminal):
    wrong = terminal.reads("outcome", "add", PRESS, "m1", "failed", "--life", "120")
    words = ("outcome", "withdraw", PRESS, "m1", "--by", "Ann", "--reason")

    assert "The reason is empty" in terminal.is_refused(*words, " ")
    told = terminal.reads(*words, "typed 120")

    assert told == {
        "plant": PRESS, "unit": "m1", "id": wrong["id"], "kind": "failed", "life": 120.0,
        "retrain": None,
    }  # fmt: skip
    assert "nobody told the end of unit 'm1'" in terminal.is_refused(*words, "again")
    assert terminal.reads("outcome", "add", PRESS, "m1", "failed", "--life", "61")["is_new"]
    home = terminal.open()
    snapshot = home.snapshots.keep(home.configured(PRESS), home.now())
    retrain = home.retrains.open(
        plant=PRESS, trigger="forced", watermark=None, actor="system", reason="test",
        snapshot=snapshot, cause={}, now=home.now(),
    )  # fmt: skip
    home.outcomes.claim(PRESS, retrain.id)
    assert terminal.types(*words, "not 61").out == (
        "Withdrawn: m1 failed at 61.\n"
        f"Retrain {retrain.id} used it already; the next retrain no longer does.\n"
    )


@pytest.mark.usefixtures("asked")
def test_a_file_is_imported_as_a_whole_or_not_at_all(terminal: Terminal, tmp_path: Path):
    file = tmp_path / "overhauls.csv"
    file.write_text(
        "unit,kind,life,at\nm1,failed,-4,\nm2,failed,long,\nm2,ended,61,\nm3,failed,61,x\n"
    )

    said = terminal.is_refused("outcome", "import", PRESS, str(file))

    lines = [line.strip() for line in said.splitlines()]
    assert "4 problems; no row was taken." in lines[0]
    assert lines[1:4] == [
        "- line 2: life is -4, a number from 0 on is expected",
        "- line 3: life is 'long', a number is expected",
        "- line 4: kind is 'ended', failed, replaced, repaired or running is expected",
    ]
    assert lines[4].startswith("- line 5: at is 'x', a time in ISO 8601 with its zone")
    assert terminal.open().outcomes.of_plant(PRESS) == ()

    file.write_text("unit,kind,life\nm1,failed,61\nm2,running,45\n")
    assert terminal.reads("outcome", "import", PRESS, str(file))["new"] == 2
    file.write_text("unit,kind,life\nm1,failed,61\nm2,failed,62\n")
    told = terminal.types("outcome", "import", PRESS, str(file))
    assert told.out == "New: 1 of 2 rows; the rest was known already, and stands.\n"
