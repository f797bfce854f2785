"""Work in a process of its own that meets a fault, for real: SIGKILL, or a limit on what it may write.

The process is forked from the drill, which has everything imported, so that a fault costs milliseconds.
Killed at a line: Python tells each line of ours that it executes, in any thread, and before the chosen
one the process kills itself: no ``finally`` runs, no buffer is flushed. What the child was told is
acknowledged it writes into a pipe at once, so that the drill knows of it whatever becomes of the child.

Belongs here: forking and dying. Does not belong here: the work (``scenarios``).
"""

import json
import logging
import math
import os
import resource
import select
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import rul_platform
from rul_platform.drill.ground import Ground
from rul_platform.drill.promises import Promise

PACKAGE = str(Path(rul_platform.__file__).parent) + os.sep
DRILL = str(Path(__file__).parent) + os.sep
PATIENCE_SECONDS = 300.0
"""A child that is still at work then hangs."""

REFUSED, FAILED = 3, 1
"""Exit codes: the work ended with an error that the platform raises on purpose, or with another one."""

DONE, KILLED, HANGS = "came to its end", "killed", "hangs"


Tell = Callable[[Promise], None]
"""The child calls it as soon as something is acknowledged."""

Work = Callable[[Tell], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What the child meets.

    Attributes:
        line: Killed before this line of ours, from 1; 0 for never.
        seconds: Killed after so many; None for never.
        size: No file may grow beyond so many bytes; None for as large as it likes.
    """

    line: int = 0
    seconds: float | None = None
    size: int | None = None


@dataclass(slots=True)
class Child:
    """How it went.

    Attributes:
        ending: ``DONE``, ``KILLED``, ``HANGS``, or what it was refused with.
        told: What was acknowledged before that.
        lines: Lines of ours that it executed, where it was to count them.
        failure: The traceback of an error that nobody raises on purpose.
    """

    ending: str = KILLED
    told: list[Promise] = field(default_factory=list[Promise])
    lines: int = 0
    failure: str | None = None


def run(ground: Ground, work: Work, limits: Limits | None = None, *, counts: bool = False) -> Child:
    """Do work in a process of its own until it is over, however that comes.

    Args:
        ground: Where; what was acknowledged is added to its promises.
        work: Uses ``ground.home``, whose connections are its own.
        limits: The fault; None for none.
        counts: Whether to count the lines that it executes.
    """
    return waited(ground, begun(ground, work, limits, counts=counts))


def begun(
    ground: Ground, work: Work, limits: Limits | None = None, *, counts: bool = False
) -> "Begun":
    """As :func:`run`, without waiting for it."""
    limits = limits or Limits()
    ground.home.engine.dispose()  # nothing that is open may be carried into another process
    reads, writes = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # libraries' own threads do not matter
        process = os.fork()
    if process == 0:
        os.close(reads)
        _work(work, limits, writes, counts=counts)
    os.close(writes)
    until = None if limits.seconds is None else time.monotonic() + limits.seconds
    return Begun(process, reads, until)


@dataclass(frozen=True, slots=True)
class Begun:
    """A child at work; ``dies_at`` by the monotonic clock."""

    process: int
    reads: int
    dies_at: float | None


def waited(ground: Ground, child: Begun) -> Child:
    """Wait for a child, kill it when its time has come, and take what it told."""
    ends_at = child.dies_at or time.monotonic() + PATIENCE_SECONDS
    said, is_over = bytearray(), False
    try:
        while not is_over and (left := ends_at - time.monotonic()) > 0:
            if select.select([child.reads], [], [], left)[0]:
                some = os.read(child.reads, 65536)
                said += some
                is_over = not some
    finally:  # also where the drill itself is interrupted
        if not is_over:
            os.kill(child.process, signal.SIGKILL)
        while some := os.read(child.reads, 65536):
            said += some
        os.close(child.reads)
        status = os.waitpid(child.process, 0)[1]
    is_hanging = not is_over and child.dies_at is None
    return _made_of(ground, bytes(said), status, is_hanging=is_hanging)


def _made_of(ground: Ground, said: bytes, status: int, *, is_hanging: bool) -> Child:
    made = Child(HANGS if is_hanging else KILLED)
    for line in said.splitlines():
        kind, value = json.loads(line)
        match kind:
            case "promise":
                made.told.append(Promise(*value))
            case "lines":
                made.lines = value
            case "refused":
                made.ending = value
            case _:
                made.ending, made.failure = value[0], value[1]
    for promise in made.told:
        ground.take(promise)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
        made.ending = DONE
    return made


class _Countdown:
    """Counts executed lines of the platform, and dies before one of them."""

    def __init__(self, fatal: int) -> None:
        self.fatal, self.executed = fatal or math.inf, 0

    def trace(self, frame: FrameType, event: str, _: Any) -> Any:
        """For ``sys.settrace``."""
        name = frame.f_code.co_filename
        if not name.startswith(PACKAGE) or name.startswith(DRILL):
            return None
        if event == "line":
            self.executed += 1
            if self.executed == self.fatal:
                os.kill(os.getpid(), signal.SIGKILL)
        return self.trace


def _work(work: Work, limits: Limits, writes: int, *, counts: bool) -> NoReturn:
    """In the child: never returns."""
    from sqlalchemy.exc import SQLAlchemyError

    from rul_platform.errors import RulPlatformError

    code = 0
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the drill decides when it ends
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        logging.disable()  # what goes wrong here is meant to
        countdown = _Countdown(limits.line)
        if limits.line or counts:
            threading.settrace(countdown.trace)
            sys.settrace(countdown.trace)
        if limits.size is not None:
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limits.size, hard))
        work(lambda promise: _say(writes, "promise", _plain(promise)))
        sys.settrace(None)
        _say(writes, "lines", countdown.executed)
    except (RulPlatformError, SQLAlchemyError, OSError) as error:
        sys.settrace(None)
        _say(writes, "refused", f"refused: {type(error).__name__}")
        code = REFUSED
    except BaseException as error:
        sys.settrace(None)
        _say(writes, "failed", [f"failed: {type(error).__name__}", traceback.format_exc()])
        code = FAILED
    os._exit(code)


def _plain(promise: Promise) -> list[str]:
    return [promise.kind, promise.key, promise.value, promise.plant]


def _say(writes: int, kind: str, value: object) -> None:
    os.write(writes, json.dumps([kind, value]).encode() + b"\n")
