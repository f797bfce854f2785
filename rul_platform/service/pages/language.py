"""The languages of the pages: texts, plurals, numbers and dates.

Texts are written in English where they are used, and stand with their translations in
``languages/<code>.po``, which are read as they are: nothing has to be compiled.

Belongs here: what is said in which language. Does not belong here: how values look (``formats``).
"""

import gettext
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.messages.pofile import read_po
from fastapi import Request

NAMES: Mapping[str, str] = {"en": "English", "fr": "Français"}
"""Code to what people call the language themselves; the first one is what texts are written in."""

DEFAULT = next(iter(NAMES))
COOKIE = "rul_language"
FOLDER = Path(__file__).with_name("languages")
SAID_AT_MOST = 200
"""Characters of Accept-Language that are looked at."""

_Texts = tuple[str, ...]


def msg(text: str) -> str:
    """Mark a text as one to translate, where it is written; ``Language.text`` translates it."""
    return text


@dataclass(frozen=True, slots=True)
class Language:
    """One language.

    Attributes:
        code: As in ``NAMES``.
        locale: Its numbers and dates.
        texts: English text to its forms: one, or one for each plural.
        plural: Number to which of them.
    """

    code: str
    locale: Locale
    texts: Mapping[str, _Texts]
    plural: Callable[[int], int]

    def text(self, english: str) -> str:
        """The text in this language; in English where nobody translated it."""
        return self.texts.get(english, (english,))[0]

    def counted(self, one: str, many: str, number: int) -> str:
        """The form of a text that goes with a number."""
        forms = self.texts.get(one)
        if forms is None:
            return one if number == 1 else many
        return forms[min(self.plural(number), len(forms) - 1)]


@cache
def language(code: str) -> Language:
    """One of ``NAMES``."""
    if code == DEFAULT:
        return Language(code, Locale.parse("en_GB"), {}, lambda number: int(number != 1))
    with (FOLDER / f"{code}.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    texts = {_english(each.id): _forms(each.string or "") for each in catalogue if each.id}
    plural = gettext.c2py(catalogue.plural_expr)
    return Language(code, Locale.parse(code), {k: v for k, v in texts.items() if all(v)}, plural)


def of_request(request: Request) -> Language:
    """What this person chose, or else what their browser asks for."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in NAMES:
        return language(chosen)
    asked = request.headers.get("accept-language", "")[:SAID_AT_MOST]
    return language(negotiate_locale(_preferred(asked), NAMES, sep="-") or DEFAULT)


def _preferred(asked: str) -> list[str]:
    """Codes in the order of their weights; what cannot be read comes last."""
    weighted = list[tuple[float, str]]()
    for part in asked.split(","):
        code, _, weight = part.partition(";q=")
        try:
            weighted.append((float(weight or 1), code.strip()))
        except ValueError:
            weighted.append((0.0, code.strip()))
    ordered = sorted(weighted, key=lambda each: -each[0])
    return [code for weight, code in ordered if weight > 0 and code.isascii() and code]


def _english(message: str | tuple[str, ...] | list[str]) -> str:
    return message if isinstance(message, str) else message[0]


def _forms(translated: str | tuple[str, ...] | list[str]) -> _Texts:
    return (translated,) if isinstance(translated, str) else tuple(translated)
