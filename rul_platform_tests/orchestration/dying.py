"""A process that works on a home folder and is killed, for real, at a chosen moment.

``python -m rul_platform_tests.orchestration.dying HOME WHAT MOMENT`` runs the stage ``WHAT`` and
kills itself with SIGKILL: ``training`` when the first validation is told, or, for the name of an asset,
inside the transaction that records it.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from rul_platform.storage.lineage import LineageStore
from rul_platform_tests.orchestration import conftest

STAGES = {
    "hardly tuning": conftest.HARDLY_TUNING,
    "judgement": conftest.JUDGEMENT,
}


def die(home: Path, what: str, moment: str) -> None:
    """Run a process that dies at ``moment``; returns when it is dead."""
    command = [sys.executable, "-m", __name__, str(home), what, moment]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def _kill(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(folder: str, what: str, moment: str) -> None:
    """Arrange the death, then work."""
    record = LineageStore.record

    def record_or_die(self: LineageStore, **row: Any) -> Any:
        made = record(self, **row)
        return _kill() if row["asset"] == moment else made

    LineageStore.record = record_or_die  # pyright: ignore[reportAttributeAccessIssue]  a fault, injected
    with conftest.works_in(Path(folder)) as works:
        works.home.progress = _kill if moment == "training" else None
        works.run(STAGES[what])


if __name__ == "__main__":
    main(*sys.argv[1:])
