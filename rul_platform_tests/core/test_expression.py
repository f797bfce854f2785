import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.core.expression import Expression, parse_expression
from rul_platform.errors import ExpressionError

SENSORS = ("upstream_psi", "downstream_psi", "flow")


def holds(text: str, **columns: list[float]) -> list[bool]:
    """The truth of ``text`` for each row."""
    rule = parse_expression(text, list(columns))
    return rule.holds({name: np.array(values) for name, values in columns.items()}).tolist()


def refused(text: str) -> str:
    """The message with which ``text`` is refused."""
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text, SENSORS)
    return str(caught.value)


def test_the_rule_of_the_filter_plant_is_computed_for_every_row():
    text = "upstream_psi - downstream_psi > 20"

    assert holds(text, upstream_psi=[20.0, 25.1, 30.0], downstream_psi=[0.0, 5.0, 10.0]) == [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a > 1", [False, False, True]),
        ("a >= 1 and b < 0", [False, True, False]),
        ("not a > 1 or b == 3", [True, True, True]),
        ("0 < a < 2", [False, True, False]),
        ("-a < -1", [False, False, True]),
        ("(a + b) * 2 / 4 != 1", [True, True, True]),
        ("  a\n  > 1 ", [False, False, True]),
    ],
)
def test_every_allowed_form_has_its_usual_meaning(text: str, expected: list[bool]):
    assert holds(text, a=[0.0, 1.0, 2.0], b=[3.0, -1.0, 3.0]) == expected


def test_it_knows_which_sensors_it_uses():
    assert parse_expression("flow < 3 and flow > 1", SENSORS).sensors == ("flow",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "upstrem_psi > 20",
            "position 1: unknown sensor 'upstrem_psi'; did you mean 'upstream_psi'?",
        ),
        ("  1 < flw", "position 7: unknown sensor 'flw'; did you mean 'flow'?"),
        ("zz > 1", "unknown sensor 'zz'. Sensors: upstream_psi, downstream_psi, flow"),
        ("flow - 3", "position 1: 'flow - 3' is a number; compare it, as in `> 20`."),
        ("flow", "'flow' is a number; compare it"),
        ("(flow > 1) + 2 > 3", "'flow > 1' is a truth; a number is expected here"),
        ("flow > 1 and 3", "position 14: '3' is a number; compare it"),
        ("not flow", "'flow' is a number; compare it"),
        ("flow >", "invalid syntax. Allowed: sensor names, numbers"),
        ("", "Allowed: sensor names, numbers"),
        ("flow > 1and flow < 2", "Allowed: sensor names, numbers"),
        ("flow = 3", "Allowed: sensor names, numbers"),
        ("1 > 0", "names no sensor, so it is the same for every reading"),
        ("flow > '3'", "position 8: '3' is not a finite number"),
        ("flow > 1e999", "inf is not a finite number"),
        ("flow > 2j", "2j is not a finite number"),
        ("flow > True", "True is not a finite number"),
        ("flow > 1" + "0" * 400, "is not a finite number"),
        ("__import__('os').system('true')", "is not allowed. Allowed: sensor names"),
        ("flow.real > 1", "'flow.real' is not allowed"),
        ("abs(flow) > 1", "'abs(flow)' is not allowed"),
        ("flow ** 2 > 1", "'flow ** 2' is not allowed"),
        ("flow in (1, 2)", "'flow in (1, 2)' is not allowed"),
        ("[x for x in flow]", "is not allowed"),
        ("(flow := 3) > 1", "is not allowed"),
        ("flow > 3 if flow else 2", "is not allowed"),
        ("flow\0 > 1", "Allowed: sensor names"),
        ("~flow > 1", "'~flow' is not allowed"),
        ("flow" + " + flow" * 200 + " > 1", "at most 500 are allowed"),
        ("not " * 60 + "flow > 1", "nested deeper than 50; write it flatter"),
        ("(" * 230 + "flow" + ")" * 230 + " > 1", "Allowed: sensor names"),
        ("flow > €", "Allowed: sensor names"),
    ],
)
def test_anything_else_is_refused_with_place_and_reason(text: str, message: str):
    assert message in refused(text)


def test_a_position_counts_characters_not_bytes():
    with pytest.raises(ExpressionError, match="position 12: unknown sensor 'b'"):
        parse_expression("\u00e4\u00e4\u00e4 > 1 or b > 2", ["\u00e4\u00e4\u00e4"])


def test_a_division_by_zero_is_reported_and_says_how_to_guard_it():
    rule = parse_expression("1 / a > 3", ["a"])

    with pytest.raises(ExpressionError, match=r"divide by zero.*Guard it, for example `flow != 0"):
        rule.holds({"a": np.array([1.0, 0.0])})


def test_a_guard_keeps_it_from_dividing_by_zero():
    assert holds("a != 0 and 1 / a > 3", a=[0.0, 0.25, 1.0]) == [False, True, False]
    assert holds("a == 0 or 1 / a > 3", a=[0.0, 0.25, 1.0]) == [True, True, False]


def test_no_rows_give_no_answers():
    assert holds("a > 0 and a < 3", a=[]) == []


NUMBERS = st.one_of(st.sampled_from(["a", "b", "c"]), st.integers(0, 9).map(str), st.just("0.5"))
ARITHMETIC = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda text: f"-{text}"),
    ),
    max_leaves=5,
)
TRUTHS = st.recursive(
    st.one_of(
        st.tuples(ARITHMETIC, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), ARITHMETIC).map(
            " ".join
        ),
        st.tuples(ARITHMETIC, ARITHMETIC, ARITHMETIC).map(lambda t: f"{t[0]} < {t[1]} <= {t[2]}"),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({' '.join(t)})"),
        inner.map(lambda text: f"not ({text})"),
    ),
    max_leaves=4,
).map(lambda text: f"({text}) or a + b + c > 999999")  # so that a sensor is always named


@given(text=TRUTHS, rows=st.lists(st.tuples(*[st.integers(-5, 5)] * 3), max_size=6))
def test_it_means_what_python_means_row_by_row(text: str, rows: list[tuple[int, ...]]):
    """Python's own evaluation of each row is the reference; the product never calls it."""
    columns = {n: np.array([row[i] for row in rows], dtype=float) for i, n in enumerate("abc")}

    found = parse_expression(text, ["a", "b", "c"]).holds(columns).tolist()

    assert found == [eval(text, {}, dict(zip("abc", row, strict=True))) for row in rows]  # noqa: S307


@given(text=st.text(max_size=60))
def test_any_text_is_either_a_rule_or_refused(text: str):
    with contextlib.suppress(ExpressionError):
        assert isinstance(parse_expression(text, ["a", "b"]), Expression)
