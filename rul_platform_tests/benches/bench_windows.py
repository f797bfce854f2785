"""From C-MAPSS text to windows in memory: ours beside the public package rul-datasets.

Same machine, same files, same run, each side in fresh processes that start from nothing, ours and
theirs by turns. What counts is the CPU time of the process, of all its threads, after its imports;
the smallest of all repeats is shown. ``--json`` prints all of them.

    python -m rul_platform_tests.benches.bench_windows --data FOLDER [--json]

The first call makes an environment for the package, under our constraints so that both sides work
with the same NumPy; ``--peer-python`` takes one that is there already.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

from rul_platform.core.cmapss import SUBSETS, check_published, file_names

PEER = "rul-datasets==0.18.0"
TOP = Path(__file__).resolve().parents[2]
Measured = dict[str, float]


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="bench_windows_") as folder:
        work = Path(folder)
        peer = options.peer_python or make_peer_environment(work / "peer")
        texts = unpack(options.data / "CMAPSSData.zip", options.subset, work / "texts")
        sides = {
            "ours": [sys.executable, "-m", "rul_platform_tests.benches.our_windows"],
            "peer": [str(peer), str(Path(__file__).with_name("peer_windows.py"))],
        }
        measured: dict[str, list[Measured]] = {side: [] for side in sides}
        for _ in range(options.repeat):
            for side, command in sides.items():
                measured[side].append(
                    run_once(command, texts, options.subset, options.window, work)
                )
    result = summarise(measured, subset=options.subset, window=options.window)
    print(json.dumps(result, indent=2) if options.json else as_table(result))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    default = os.environ.get("RUL_TEST_DATA")  # noqa: TID251  a door of its own
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(default) if default else None,
        required=not default,
        help="folder with CMAPSSData.zip (default: RUL_TEST_DATA)",
    )
    parser.add_argument("--subset", choices=SUBSETS, default="FD004")
    parser.add_argument("--window", type=int, default=30, help="in cycles")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--peer-python", type=Path, help=f"Python that has {PEER}")
    parser.add_argument("--json", action="store_true", help="print every measurement as JSON")
    return parser.parse_args(arguments)


def make_peer_environment(folder: Path) -> Path:
    """The Python of a new environment that has the peer and nothing of ours."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    constraints = TOP / "constraints.txt"
    undeclared = "requests"  # the package imports it without asking for it
    command = [python, "-m", "pip", "install", "--quiet", "-c", constraints, PEER, undeclared]
    subprocess.run(command, check=True, stdout=sys.stderr)
    return python


def unpack(archive: Path, subset: str, folder: Path) -> Path:
    """The three text files of a subset, in NASA's bytes."""
    folder.mkdir()
    with zipfile.ZipFile(archive) as zipped:
        for name in file_names(subset):
            (folder / name).write_bytes(check_published(name, zipped.read(name)))
    return folder


def run_once(command: list[str], texts: Path, subset: str, window: int, work: Path) -> Measured:
    """One cold start: a new process and an empty folder for what it writes."""
    with tempfile.TemporaryDirectory(dir=work) as out:
        arguments = [str(texts), subset, str(window), out]
        done = subprocess.run(
            [*command, *arguments], cwd=TOP, check=True, stdout=subprocess.PIPE, text=True
        )
    return json.loads(done.stdout.splitlines()[-1])


def cpu_seconds(one: Measured) -> float:
    """Both steps of one measurement."""
    return one["prepare_cpu_seconds"] + one["windows_cpu_seconds"]


def summarise(
    measured: dict[str, list[Measured]], *, subset: str, window: int
) -> dict[str, object]:
    """The quickest of each side, rows a second, how many times quicker ours is, and all the rest."""
    best = {side: min(all_of, key=cpu_seconds) for side, all_of in measured.items()}
    for one in best.values():
        one["cpu_seconds"] = cpu_seconds(one)
        one["rows_per_cpu_second"] = one["rows"] / one["cpu_seconds"]
    return {
        "subset": subset,
        "window_cycles": window,
        "peer": PEER,
        "best": best,
        "ratio": best["peer"]["cpu_seconds"] / best["ours"]["cpu_seconds"],
        "measured": measured,
    }


def as_table(result: dict) -> str:
    """For a person."""
    shown = {
        "prepare, CPU s": ("prepare_cpu_seconds", "10.3f"),
        "cut windows, CPU s": ("windows_cpu_seconds", "10.3f"),
        "together, CPU s": ("cpu_seconds", "10.3f"),
        "rows read": ("rows", "10,.0f"),
        "rows / CPU s": ("rows_per_cpu_second", "10,.0f"),
        "windows made": ("windows", "10,.0f"),
        "channels": ("channels", "10,.0f"),
        "MB of windows": ("megabytes", "10,.0f"),
    }
    ours, peer = result["best"]["ours"], result["best"]["peer"]
    lines = [
        f"{result['subset']}, window {result['window_cycles']} cycles, best of each side",
        f"{'':20}{'ours':>10}  {result['peer']}",
        *(f"{name:20}{ours[key]:{form}}{peer[key]:{form}}" for name, (key, form) in shown.items()),
        f"The peer takes {result['ratio']:.1f} times the CPU time.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
