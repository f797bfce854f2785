"""Numbers, dates and names of units, in both languages."""

from datetime import UTC, datetime, timedelta

import pytest

from rul_platform.service.pages.formats import Formats
from rul_platform.service.pages.language import language

AT = datetime(2024, 3, 1, 8, 30, tzinfo=UTC)
EN, FR = Formats(language("en")), Formats(language("fr"))


@pytest.mark.parametrize(
    ("value", "digits", "english", "french"),
    [
        (1234567, 0, "1,234,567", "1\u202f234\u202f567"),
        (-0.04, 1, "0.0", "0,0"),
        (2.5, 1, "2.5", "2,5"),
        (None, 0, "\u2013", "\u2013"),
        (float("nan"), 2, "\u2013", "\u2013"),
    ],
)
def test_numbers(value, digits, english, french):
    assert (EN.number(value, digits), FR.number(value, digits)) == (english, french)


@pytest.mark.parametrize(
    ("value", "said"), [(0, "0"), (1234, "1,230"), (0.04567, "0.0457"), (-12.34, "-12.3")]
)
def test_figures_have_three_digits_whatever_their_size(value, said):
    assert EN.figure(value) == said


@pytest.mark.parametrize(
    ("value", "said"), [(564.0, "564"), (1234567.25, "1234567.25"), (0.1, "0.1")]
)
def test_a_field_holds_all_digits_in_every_language(value, said):
    assert FR.exact(value) == said


def test_moments_and_ages():
    assert EN.moment(AT) == "1 Mar 2024, 08:30 UTC"
    assert FR.moment(AT) == "1 mars 2024, 08:30 UTC"
    assert EN.ago(AT, AT + timedelta(days=2)) == "2 days ago"
    assert FR.ago(AT, AT + timedelta(days=2)) == "il y a 2 jours"
    assert FR.ago(AT, AT + timedelta(seconds=3)) == "\u00e0 l\u2019instant"


def test_units_of_life_are_translated_and_counted_and_others_are_left_alone():
    assert (EN.life_unit("hours", 1), EN.life_unit("hours", 0)) == ("hour", "hours")
    assert (FR.life_unit("hours", 1.5), FR.life_unit("hours", 2)) == ("heure", "heures")
    assert FR.life_unit("landings") == "landings"
