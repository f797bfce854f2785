"""The whole stack under load for half an hour, while its processes are killed: what is lost, and memory.

    python -m rul_platform_tests.benches.bench_soak [--minutes 30] [--seed 0] [--folder FOLDER]

Callers ask and rate through the proxy with the product's own client. A fault comes every 45 s: SIGKILL
of a process, or a database that stands still for some seconds. In the second half the service and the
daemon are left alone, so that their memory can be read over a quarter of an hour or more. At the end
everything that was acknowledged must be there once.
"""

import argparse
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rul_platform.client import Client, ProblemError, UnansweredError
from rul_platform_tests.stack.plants import PLANT, onboard, readings
from rul_platform_tests.stack.running import Stack, running

CALLERS, PAUSE_SECONDS = 3, 0.1
EVERY_SECONDS, STILL_SECONDS = 45.0, 5.0
LOOK_SECONDS = 15.0
KILLED = ("code", "webserver", "webserver-read-only", "proxy", "database", "prometheus")
KILLED_AT_FIRST = ("service", "service", "daemon")
"""In the first half beside these; who stands twice comes twice as often."""
RATED = """
import os
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
for each in Home(Settings.read(os.environ)).feedback.all():
    print(each.prediction_id)
"""
"""Every rating that is stored, one a line."""
WARM_SECONDS = 120.0
"""A process may grow until then."""


@dataclass(slots=True)
class Tally:
    """What callers saw; each list is appended to by all of them."""

    answered: int = 0
    rated: list[str] = field(default_factory=list[str])
    failed: Counter[str] = field(default_factory=Counter[str])
    waited: list[float] = field(default_factory=list[float])
    lock: threading.Lock = field(default_factory=threading.Lock)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        begun = time.monotonic()
        with running(told.folder or Path(scratch) / "stack") as stack:
            stack.awaits_all()
            print(f"from nothing to all services well: {time.monotonic() - begun:.0f} s")
            token = onboard(stack)
            soak(stack, token, told.minutes * 60, random.Random(told.seed))  # noqa: S311  no secret


def soak(stack: Stack, token: str, seconds: float, chance: random.Random) -> None:
    """Load, faults and looks at memory, and then what became of it all."""
    tally, over = Tally(), threading.Event()
    callers = [
        threading.Thread(target=call, args=(stack, token, number, tally, over))
        for number in range(CALLERS)
    ]
    for caller in callers:
        caller.start()
    memory: dict[tuple[str, int], list[tuple[float, float]]] = {}
    faults: Counter[str] = Counter()
    begun = time.monotonic()
    next_fault, next_look = begun + EVERY_SECONDS, begun
    while (now := time.monotonic()) < begun + seconds:
        if now >= begun + WARM_SECONDS and not tally.answered:
            over.set()
            sys.exit(f"nobody was answered in {WARM_SECONDS:g} s: {dict(tally.failed)}")
        if now >= next_look:
            look(stack, now - begun, memory)
            next_look = now + LOOK_SECONDS
        if now >= next_fault:
            faults[harm(stack, chance, is_first_half=now < begun + seconds / 2)] += 1
            next_fault = now + EVERY_SECONDS
        time.sleep(0.5)
    over.set()
    for caller in callers:
        caller.join()
    stack.awaits_all()
    tell(stack, tally, faults, memory)


def call(stack: Stack, token: str, number: int, tally: Tally, over: threading.Event) -> None:
    """Ask, and rate every fifth answer, until it is over."""
    certificate = str(stack.folder / "secrets" / "tls_certificate")
    with Client(stack.proxy, token, verify=certificate) as rul:
        count = 0
        while not over.wait(PAUSE_SECONDS):
            count += 1
            begun = time.monotonic()
            try:
                answer = rul.predict(
                    PLANT, {f"pump {number}-{count}": readings()}, condition="duty"
                )[0]
                if count % 5 == 0:
                    rul.feedback(answer.id, "positive", person=f"badge {number}")
            except (ProblemError, UnansweredError) as error:
                with tally.lock:
                    tally.failed[str(error)] += 1
                continue
            with tally.lock:
                tally.answered += 1
                tally.waited.append(time.monotonic() - begun)
                if count % 5 == 0:
                    tally.rated.append(answer.id)


def harm(stack: Stack, chance: random.Random, *, is_first_half: bool) -> str:
    """Do one fault, and say which."""
    kinds = [*KILLED, "still", *(KILLED_AT_FIRST if is_first_half else ())]
    name = chance.choice(kinds)
    if name != "still":
        stack.kill(name)
        return f"SIGKILL {name}"
    stack.kill("database", signal.SIGSTOP)
    time.sleep(STILL_SECONDS)
    stack.kill("database", signal.SIGCONT)
    return f"database still for {STILL_SECONDS:g} s"


def look(stack: Stack, at: float, memory: dict[tuple[str, int], list[tuple[float, float]]]) -> None:
    """Note the memory of each service, by the process that it is now."""
    for name, one in stack.states().items():
        if one["pid"] is not None and (megabytes := _rss_mb(one["pid"])):
            memory.setdefault((name, one["pid"]), []).append((at, megabytes))


def tell(
    stack: Stack,
    tally: Tally,
    faults: Counter[str],
    memory: dict[tuple[str, int], list[tuple[float, float]]],
) -> None:
    """Print the table; end with status 1 where something was lost or doubled."""
    print(
        f"answered {tally.answered}, rated {len(tally.rated)}; not answered: {dict(tally.failed)}"
    )
    p50, p99, most = np.quantile(tally.waited, (0.5, 0.99, 1.0))
    print(
        f"waited, the client's repetitions included: p50 {p50 * 1e3:.0f} ms, p99 {p99:.2f} s",
        end="",
    )
    print(f", most {most:.1f} s")
    for name, count in sorted(faults.items()):
        print(f"  {count:3d} times {name}")
    for (name, _), seen in sorted(memory.items()):
        at, size = np.array(seen).T
        settled = at > at[0] + WARM_SECONDS
        if settled.sum() >= 8 and at[-1] - at[0] > 4 * WARM_SECONDS:
            slope = np.polyfit(at[settled], size[settled], 1)[0] * 3600
            minutes, quarters = (at[-1] - at[0]) / 60, np.array_split(size[settled], 4)
            passed = " ".join(f"{each[-1]:.0f}" for each in quarters)
            print(
                f"  {name}, {minutes:.0f} min: {size[settled][0]:.0f} MB, after each quarter {passed}, "
                f"{slope:+.1f} MB an hour"
            )
    stored = Counter(stack.types("code", "rul-entrypoint", "python", "-c", RATED).split())
    lost = [one for one in tally.rated if one not in stored]
    doubled = [one for one, count in stored.items() if count > 1]
    print(f"ratings acknowledged and lost: {len(lost)}; stored twice: {len(doubled)}")
    print(stack.types("code", "rul-entrypoint", "rul", "audit", "verify").strip().splitlines()[-1])
    raise SystemExit(bool(lost or doubled))


def _rss_mb(pid: int) -> float | None:
    """Resident memory; None where the process has just ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    return next(
        (int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS")),
        None,
    )


if __name__ == "__main__":
    main()
