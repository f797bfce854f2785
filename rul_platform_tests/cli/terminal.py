"""Somebody at a terminal, in this process: the door of `python -m rul_platform`, without its start."""

import hashlib
import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rul_platform.cli.main import main
from rul_platform.settings import Settings
from rul_platform.storage.home import Home


@dataclass(frozen=True, slots=True)
class Screen:
    """What a command leaves behind."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Terminal:
    """A shell that knows nothing but a home folder."""

    folder: Path

    def open(self) -> Home:
        """The same home, to look into."""
        return Home(Settings.read({"RUL_HOME": str(self.folder), "RUL_CMAPSS_URL": ""}))

    def types(self, *words: str, **environ: str) -> Screen:
        """Run `rul …` to its end."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            for key in [k for k in os.environ if k.startswith(("RUL_", "DAGSTER_", "RETRAIN_"))]:  # noqa: TID251  a shell
                patch.delenv(key)
            for key, value in (
                {"RUL_HOME": str(self.folder), "RUL_CMAPSS_URL": ""} | environ
            ).items():
                patch.setenv(key, value)
            patch.setattr(sys, "argv", ["rul", *words])
            with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
                main()
        assert isinstance(end.value.code, int)
        return Screen(end.value.code, out.getvalue(), err.getvalue())

    def reads(self, *words: str, **environ: str) -> Any:
        """Run `rul … --json`, which must work, and take its answer apart."""
        done = self.types(*words, "--json", **environ)
        assert done.code == 0, done.err
        return json.loads(done.out)

    def is_refused(self, *words: str, code: int = 1, **environ: str) -> str:
        """Run what must be refused without a traceback; gives what it says."""
        done = self.types(*words, **environ)
        assert done.code == code, done.out + done.err
        assert "Traceback" not in done.err
        assert "Error: " in done.err
        return done.err

    def hashes(self) -> dict[str, str]:
        """Every file of the home folder, to see that nothing was written."""
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }
