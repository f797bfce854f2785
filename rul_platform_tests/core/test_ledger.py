import hashlib

import pytest

from rul_platform.core.ledger import GENESIS, LedgerRow, chain_problems, row_hash


def link(seq, previous, body="{}"):
    content = {
        "seq": seq,
        "kind": "gate",
        "plant": "press",
        "body": body,
        "created_at": "2024-03-03T12:00:00.000000+00:00",
        "previous": previous,
    }
    return LedgerRow(**content, hash=row_hash(**content))


def chain(length=6):
    rows = []
    for seq in range(1, length + 1):
        rows.append(link(seq, rows[-1].hash if rows else GENESIS))
    return rows


def test_the_byte_layout_is_as_documented():
    """An auditor writes it anew from the words."""
    fields = ["rul_platform/ledger/1", "12", "gate", "wörk", '{"a":1}', "then", "0" * 64]
    layout = b"".join(len(field.encode()).to_bytes(8, "big") + field.encode() for field in fields)

    found = row_hash(
        seq=12, kind="gate", plant="wörk", body='{"a":1}', created_at="then", previous=GENESIS
    )

    assert found == hashlib.sha256(layout).hexdigest()


def test_what_moves_from_one_field_to_the_next_gives_another_hash():
    rest = {"seq": 1, "body": "{}", "created_at": "", "previous": GENESIS}

    assert row_hash(kind="ab", plant="c", **rest) != row_hash(kind="a", plant="bc", **rest)


def test_an_untouched_chain_has_no_problem():
    assert chain_problems(chain()) == ()
    assert chain_problems([]) == ()


@pytest.mark.parametrize("field", ["kind", "plant", "body", "created_at"])
def test_a_changed_row_is_found_with_its_number(field):
    rows = chain()
    rows[2] = rows[2]._replace(**{field: "other"})

    (problem,) = chain_problems(rows)

    assert problem.startswith("row 3 was changed: it hashes to ")
    assert problem.endswith(f"but {rows[2].hash} is written in it")


def test_a_row_changed_together_with_its_hash_breaks_from_the_next_one():
    rows = chain()
    rows[2] = link(3, rows[1].hash, body='{"other":1}')

    (problem,) = chain_problems(rows)

    assert problem.startswith("row 4 does not follow row 3: it names ")


def test_missing_rows_are_named():
    rows = chain(7)

    assert chain_problems(rows[:2] + rows[3:]) == ("row 3 is missing",)
    assert chain_problems(rows[:1] + rows[4:]) == ("rows 2 to 4 are missing",)
    assert chain_problems(rows[1:]) == ("row 1 is missing",)


def test_rows_renumbered_over_a_gap_are_found():
    rows = chain(4)
    closed = [*rows[:2], rows[3]._replace(seq=3)]

    problems = chain_problems(closed)

    assert [problem.split(":")[0] for problem in problems] == [
        "row 3 does not follow row 2",
        "row 3 was changed",
    ]


def test_reordered_rows_are_found():
    rows = chain(4)

    problems = chain_problems([rows[0], rows[2], rows[1], rows[3]])

    assert problems[:2] == ("row 2 is missing", "row 2 stands after row 3: the order was changed")


def test_a_row_given_twice_is_found():
    rows = chain(2)

    assert chain_problems([*rows, rows[1]]) == ("row 2 stands after row 2: the order was changed",)


def test_swapped_contents_are_found():
    rows = chain(4)
    rows[1], rows[2] = rows[2]._replace(seq=2), rows[1]._replace(seq=3)

    assert any("row 2 was changed" in problem for problem in chain_problems(rows))
    assert any("row 3 was changed" in problem for problem in chain_problems(rows))


def test_a_chain_that_begins_elsewhere_is_found():
    first = link(1, "f" * 64)

    (problem,) = chain_problems([first])

    assert problem.startswith("row 1 does not begin the chain: it names a row fff")


def test_a_cut_tail_is_not_found():
    """Which is why the newest hash is kept elsewhere too."""
    assert chain_problems(chain()[:3]) == ()
