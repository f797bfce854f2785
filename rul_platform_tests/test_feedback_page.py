"""docs/feedback.md says what the code does."""

import re
from dataclasses import fields
from pathlib import Path

from rul_platform.core.policy import PREFIX, Policy
from rul_platform.core.policy_rules import RULES

PAGE = (Path(__file__).parents[1] / "docs" / "feedback.md").read_text(encoding="utf-8")


def shown(default: object) -> str:
    match default:
        case None:
            return "–"  # noqa: RUF001  the page's dash
        case bool():
            return str(default).lower()
        case float():
            return f"{default:g}"
        case _:
            return str(default)


def test_every_setting_stands_there_with_its_default_and_what_it_may_be():
    rows = dict(re.findall(rf"^\| `({PREFIX}\w+)` \| (.+) \|$", PAGE, flags=re.MULTILINE))
    wanted = {
        PREFIX + field.name.upper(): f"{shown(field.default)} | {RULES[field.name].allowed} |"
        for field in fields(Policy)
    }
    assert set(rows) == set(wanted)
    for name, begin in wanted.items():
        assert rows[name].startswith(begin), name
