"""The commands of the stack, where none runs."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from rul_platform_tests.stack.__main__ import stack


@pytest.mark.parametrize("option", ["-h", "--help", "--folder"])
def test_what_follows_the_service_is_the_command_s_own(tmp_path: Path, option: str):
    words = ["exec", "--folder", str(tmp_path), "database", "psql", option, "/run/postgresql"]

    done = CliRunner().invoke(stack, words)

    assert (done.exit_code, done.output) == (
        1,
        f"Error: No stack runs in {tmp_path}: `make stack` starts one.\n",
    )
