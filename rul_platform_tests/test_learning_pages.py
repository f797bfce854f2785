"""docs/transfer-learning.md, docs/training.md and docs/troubleshooting.md say what the code does."""

import re
import shlex
from collections.abc import Iterator
from enum import Enum
from itertools import pairwise
from pathlib import Path

import click
import dagster as dg
import pytest

from rul_platform.cli.main import rul
from rul_platform.orchestration.assets.edge_model import EdgeModelConfig
from rul_platform.orchestration.assets.pretrained_checkpoint import PretrainedCheckpointConfig
from rul_platform.orchestration.assets.transfer_study import TransferStudyConfig
from rul_platform.orchestration.benchmark_config import BenchmarkConfig
from rul_platform.orchestration.finetuning_config import FinetunedModelConfig

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ("transfer-learning.md", "training.md", "troubleshooting.md")
LAUNCHPADS: dict[str, type[dg.Config]] = {
    "finetuned_model": FinetunedModelConfig,
    "pretrained_checkpoint": PretrainedCheckpointConfig,
    "cmapss_benchmark": BenchmarkConfig,
    "edge_model": EdgeModelConfig,
    "transfer_study": TransferStudyConfig,
}
SET_BY = {
    "train": FinetunedModelConfig,
    "pretrain": PretrainedCheckpointConfig,
    "benchmark": BenchmarkConfig,
    "distil": EdgeModelConfig,
}


def text(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def shown(default: object) -> str:
    match default:
        case None:
            return "–"  # noqa: RUF001  the pages' dash
        case Enum():
            return str(default.value)
        case bool():
            return str(default).lower()
        case float():
            return f"{default:g}"
        case tuple() | list():
            return ", ".join(map(str, default)) or "–"  # noqa: RUF001
        case _:
            return str(default)


def option_table() -> list[str]:
    """Every option once, with its default at each asset that has it, and what it is for."""
    rows: dict[str, tuple[dict[str, list[str]], str]] = {}
    for asset, config in LAUNCHPADS.items():
        for name, field in config.model_fields.items():
            defaults, meaning = rows.setdefault(name, ({}, field.description or ""))
            defaults.setdefault(shown(field.get_default(call_default_factory=True)), []).append(
                f"`{asset}`"
            )
            rows[name] = (defaults, meaning)
    return [
        f"| `{name}` | {_defaults(defaults)} | {meaning} |"
        for name, (defaults, meaning) in sorted(rows.items())
    ]


def _defaults(by_value: dict[str, list[str]]) -> str:
    return "; ".join(f"{value} ({', '.join(assets)})" for value, assets in by_value.items())


def test_every_option_of_the_launchpads_stands_in_one_table():
    """Printed by this test where it differs: copy it."""
    found = re.findall(r"^\| `\w+` \| .+\(`\w+`.*\) \| .+ \|$", text("training.md"), re.MULTILINE)
    assert found == option_table(), "\n".join(option_table())


@pytest.mark.parametrize("page", PAGES)
def test_every_command_on_the_page_exists(page: str):
    commands = list(typed(text(page)))
    assert commands
    for words in commands:
        command = walked(words)
        known = {flag for parameter in command.params for flag in parameter.opts}
        unknown = [w for w in words if w.startswith("--") and w.partition("=")[0] not in known]
        assert not unknown, words


def typed(page: str) -> Iterator[list[str]]:
    """Whatever begins with `rul`, in running text and in blocks, word by word."""
    for line in re.findall(r"`(rul [^`]+)`", page):
        yield shlex.split(line)
    for block in re.findall(r"^```\n(.+?)^```", page, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("rul "):
                yield shlex.split(line.split("   ")[0])


def walked(words: list[str]) -> click.Command:
    """The command that these words name, which must be one."""
    command: click.Command = rul
    rest = words[1:]
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(click.Context(command), rest[0])
        if found is None:  # `rul models PLANT` is `rul models list PLANT`
            found, rest = command.get_command(click.Context(command), "list"), ["list", *rest]
        assert found is not None, words
        command, rest = found, rest[1:]
    return command


def test_the_options_that_the_pages_set_exist():
    for page in PAGES:
        for words in typed(text(page)):
            given = [word for before, word in pairwise(words) if before == "--set"]
            for name in (option.partition("=")[0] for option in given if option != "KEY=VALUE"):
                assert name in SET_BY[words[1]].model_fields, (page, words)


def test_the_notebook_runs_from_its_first_cell_to_its_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    cells = re.findall(
        r"^```python\n(.+?)^```", text("transfer-learning.md"), re.MULTILINE | re.DOTALL
    )
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}

    for cell in cells:
        exec(compile(cell, "docs/transfer-learning.md", "exec"), names)  # noqa: S102  ours

    assert "held-out units of 6" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"lstm.pt", "pumps_lstm.pt", "export"}


def test_cells_on_a_home_folder_name_what_there_is():
    """They need a plant; what they ask for is tested with one in ``notebook/test_platform.py``."""
    from rul_platform.notebook import Platform

    (cell,) = re.findall(
        r"^```python skip\n(.+?)^```", text("transfer-learning.md"), re.MULTILINE | re.DOTALL
    )
    asked = set(re.findall(r"platform\.(\w+)\(", cell))
    assert asked == {"windows", "checkpoint_path", "champion"}
    assert all(callable(getattr(Platform, name)) for name in asked)
