"""`make audit`: whether anything in the locks has a known weakness.

``pip-audit`` asks an advisory service for each distribution. What it cannot find out must not read as
"nothing was found": without an answer this ends with 2, whatever pip-audit itself says then.

Exit codes: 0 nothing is known against any of them, 1 something is, 2 nobody could be asked.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deploy.release.lock import COMMON, GPU, TOP

CLEAN, WEAK, UNKNOWN = 0, 1, 2
OFFLINE = (
    "NOT AUDITED: the advisory service did not answer, so nothing is known of {count}.\n"
    "Run `make audit` where it can be reached, before you release. It said: {said}"
)


def audit(locks: Sequence[Path], *options: str) -> tuple[int, str]:
    """Exit code and words.

    Args:
        locks: Files that ``make lock`` wrote.
        options: For pip-audit, as ``--osv-url`` of a service of your own.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        done = subprocess.run(  # noqa: S603  no shell; the options are those of whoever calls
            [
                Path(sys.executable).with_name("pip-audit"), "--disable-pip", "--no-deps",
                "--strict", "--progress-spinner=off", "--vulnerability-service=osv",
                "--format=json", f"--output={report}",
                *(f"--requirement={lock}" for lock in locks), *options,
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if not report.exists():
            last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
            names = " and ".join(lock.name for lock in locks)
            return UNKNOWN, OFFLINE.format(count=names, said=last[:300])
        found = json.loads(report.read_text(encoding="utf-8"))["dependencies"]
    return _judged(found)


def main() -> None:
    """Say it, with pip-audit's own options passed on."""
    code, said = audit([TOP / COMMON, TOP / GPU], *sys.argv[1:])
    (sys.stdout if code == CLEAN else sys.stderr).write(f"{said}\n")
    sys.exit(code)


def _judged(found: Sequence[dict[str, Any]]) -> tuple[int, str]:
    skipped = [each["name"] for each in found if "skip_reason" in each]
    weak = [
        f"{each['name']} {each['version']}: {known['id']}, "
        f"mended in {', '.join(known['fix_versions']) or 'no version yet'}"
        for each in found
        for known in each.get("vulns", ())
    ]
    if weak:
        return WEAK, "\n".join(["Known weaknesses:", *weak])
    if skipped:
        return UNKNOWN, f"NOT AUDITED: nobody could be asked about {', '.join(skipped)}"
    return CLEAN, f"Nothing is known against any of {len(found)} distributions."


if __name__ == "__main__":
    main()
