"""The pages about audits name commands that exist, and protections that are there."""

import re
import shlex
from pathlib import Path

import click
import pytest

from rul_platform.cli.main import rul

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ("audit.md", "compliance.md")


def commands(page: str) -> list[str]:
    """Every `rul ...` of a page: in backquotes, or at the beginning of a line of a block."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.findall(r"`(rul [^`]+)`", text) + re.findall(r"^(rul [a-z].*)$", text, re.MULTILINE)
    return sorted(set(found))


def resolved(line: str) -> click.Command:
    """The command that a line names."""
    command: click.Command = rul
    for word in shlex.split(line)[1:]:
        if not isinstance(command, click.Group) or word not in command.commands:
            break
        command = command.commands[word]
    return command


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_exists(page: str):
    lines = commands(page)
    assert len(lines) > 8
    for line in lines:
        command = resolved(line)
        assert command is not rul, line
        is_alternatives = "|" in line
        assert is_alternatives or type(command) is not click.Group, line


@pytest.mark.parametrize("page", PAGES)
def test_every_option_of_a_line_is_one_of_its_command(page: str):
    for line in commands(page):
        known = {name for each in resolved(line).params for name in each.opts}
        given = re.findall(r"(?<!\S)(--[a-z-]+)", line)
        assert set(given) <= known, line


def rows() -> list[list[str]]:
    lines = (DOCS / "compliance.md").read_text(encoding="utf-8").splitlines()
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line[:1] == "|"
    ]
    return [row for row in cells if row[0] != "paragraph" and set(row[0]) != {"-"}]


def test_each_row_names_evidence_and_what_is_not_covered():
    for row in rows():
        assert len(row) == 4, row
        assert "`rul " in row[2] or "`docs/" in row[2], row
        assert row[3], row


@pytest.mark.parametrize(
    "paragraph",
    ["Art. 9", "Art. 10", "Art. 11", "Art. 12", "Art. 13", "Art. 14", "Art. 15", "Art. 19", "Art. 26",
     "Art. 72", "Art. 5", "Art. 15, 17", "Art. 25", "Art. 30", "ISO/IEC 42001, A.6.2.8", "ISO 13374-1",
     "ISO 13381-1", *(f"IEC 62443-4-2, CR 2.{number}" for number in range(8, 13))],
)  # fmt: skip
def test_no_paragraph_is_left_out(paragraph: str):
    assert paragraph in [row[0] for row in rows()]
