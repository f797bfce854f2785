"""What the pages say: every text in templates and code that is marked to be translated."""

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_file
from jinja2 import Environment

import rul_platform.service.pages as pages

FOLDER = Path(pages.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").glob("*.jinja"))
KEYWORDS = {"msg": None, "_": None, "gettext": None, "ngettext": (1, 2)}
OPTIONS = {"trimmed": "true", "silent": "false", "newstyle_gettext": "true"}
MARKUP = re.compile(r"<style.*?</style>|<[^>]*>|&[a-z]+;", re.DOTALL)
WRITTEN = re.compile(r'(?:alt|title|placeholder|aria-label|data-label)="([^"]*)"')


def marked() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each text with the file that it stands in; a plural as two."""
    for path in [*TEMPLATES, *sorted(FOLDER.rglob("*.py"))]:
        method = "jinja2.ext:babel_extract" if path.suffix == ".jinja" else "python"
        options = OPTIONS if path.suffix == ".jinja" else {}
        for found in extract_from_file(method, path, KEYWORDS, (), options):  # type: ignore[arg-type]
            text = found[1]
            yield path.name, (text,) if isinstance(text, str) else tuple(text)


def unmarked(path: Path) -> Iterator[str]:
    """Words of a template that stand outside of any mark, as in ``<p>Hello</p>``."""
    env = Environment(extensions=["jinja2.ext.i18n"])  # noqa: S701  only its lexer is asked
    source = re.sub(
        r"{% trans.*?{% endtrans %}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    html = "".join(text if kind == "data" else "\0" for _, kind, text in env.lex(source)
                   if kind == "data" or kind.endswith("_begin"))  # fmt: skip
    yield from (word for word in WRITTEN.findall(html) if has_words(word))
    html = re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL)
    yield from (
        word.strip() for word in re.split(r"\0|\n", MARKUP.sub("\0", html)) if has_words(word)
    )


def has_words(text: str) -> bool:
    """Whether somebody would read it as language."""
    return re.search(r"[^\W\d_]{2,}", text.replace("\0", "")) is not None
