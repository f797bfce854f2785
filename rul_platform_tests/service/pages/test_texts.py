"""Every text is marked and translated, and says the same in both languages."""

import re

import pytest

from rul_platform.service.pages.language import NAMES, language
from rul_platform_tests.service.pages.texts import TEMPLATES, marked, unmarked

TEXTS = sorted({texts for _, texts in marked()})
OTHERS = [code for code in NAMES if code != "en"]
NO_LANGUAGE = {"rul_…", "down"}
"""Words that are the same everywhere: the beginning of a token, a value of an address."""

_FIELDS = re.compile(r"%\((\w+)\)[sd]|%%|<[^>]+>")


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_is_translated_in_all_its_forms(code: str):
    known = language(code).texts
    missing = [texts for texts in TEXTS if len(known.get(texts[0], ())) < len(texts)]
    assert missing == []


@pytest.mark.parametrize("code", OTHERS)
def test_no_translation_is_of_a_text_that_is_gone(code: str):
    assert set(language(code).texts) - {texts[0] for texts in TEXTS} == set()


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_has_the_same_places_to_fill_in(code: str):
    known = language(code).texts
    for texts in TEXTS:
        for form in known[texts[0]]:
            assert sorted(_FIELDS.findall(form)) == sorted(_FIELDS.findall(texts[0])), texts


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_word_stands_unmarked_in_a_template(path):
    assert set(unmarked(path)) - NO_LANGUAGE == set()


def test_an_unmarked_word_would_be_found(tmp_path):
    path = tmp_path / "page.html.jinja"
    path.write_text('<p title="Hello">{{ _("marked") }} unmarked</p>', encoding="utf-8")
    assert sorted(unmarked(path)) == ["Hello", "unmarked"]


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 machine"), (1, "1 machine"), (2, "2 machines")]
)
def test_french_counts_nothing_as_one(number: int, said: str):
    text = language("fr").counted("%(num)s machine", "%(num)s machines", number)
    assert text % {"num": number} == said
