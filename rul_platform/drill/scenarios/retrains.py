"""A retrain that is killed in each of its phases, and taken up by the next `rul retrain run`.

The real thing: the command that cron or a person starts, with Dagster's run in it, from the feedback
that it collects to the model that it deploys. A person approves what the gate holds.

What is looked for: a retrain that nobody takes up again, or that is done twice; a champion that is none;
a version that the records do not know.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rul_platform.core.examples import PUMPS
from rul_platform.drill import plants
from rul_platform.drill.faults import Fault, Inject, Scenario
from rul_platform.drill.ground import HONEST, LOST, Ground
from rul_platform.drill.promises import DEPLOYMENT, RETRAIN, Promise
from rul_platform.operation.deploying import approve
from rul_platform.storage.retrains import Retrain

PHASES = {
    "collects": "plant_feedback",
    "prepares": "plant_windows",
    "trains": "finetuned_model",
    "evaluates": "evaluation_report",
    "deploys": "deployed_model",
}
"""Each with the asset that it makes: it is under way until that is recorded."""

KINDS = tuple(f"kill -9 of a retrain while it {phase}" for phase in PHASES)
STEP_SECONDS = 3.0
"""A phase of such small models takes about as long, the training longer."""

ROUNDS, PATIENCE_SECONDS, LOOK_SECONDS = 3, 400.0, 0.05


@contextmanager
def _opened(ground: Ground) -> Iterator[Inject]:
    log = ground.home.folder / "drill" / "retrains.log"
    made = _run(ground, log, "-m", "rul_platform.drill.pipeline_plant")
    if made != 0:
        ground.breach(HONEST, f"the plant could not be made; {log} says why")
        yield lambda _: "no plant"
        return
    ground.plant = "always"  # the service is asked about a plant whose readings the drill knows
    yield lambda fault: _inject(ground, fault, log)


def _inject(ground: Ground, fault: Fault, log: Path) -> str:
    home, phase = ground.home, fault.kind.rpartition(" ")[2]
    before = {each.id for each in home.retrains.history(PUMPS, 10_000)}
    began = {asset: _newest(ground, asset) for asset in PHASES.values()}
    process = _begun(ground, log, "retrain", "run", PUMPS, "--force", "--reason", "drill")
    try:
        is_there = _reaches(ground, process, phase, before, began)
        if is_there:
            time.sleep(fault.at * STEP_SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    killed = process.returncode == -signal.SIGKILL
    return f"{'killed' if killed else 'came to its end'}, then {_finished(ground, log, before)}"


def _finished(ground: Ground, log: Path, before: set[int]) -> str:
    """What becomes of it when the command is started again, as by cron."""
    home = ground.home
    asked = [each for each in home.retrains.history(PUMPS, 10_000) if each.id not in before]
    if not asked:
        return "not asked for"
    for each in asked:
        ground.take(Promise(RETRAIN, f"retrain {each.id}", str(each.id)))
    for _ in range(ROUNDS):
        if home.retrains.current(PUMPS) is None:
            break
        _run(ground, log, "-m", "rul_platform", "retrain", "run", PUMPS)
    found = home.retrains.get(asked[-1].id)
    if len(asked) > 1:
        ground.breach(LOST, f"one wish for a retrain made {len(asked)}")
    if found.is_open:
        ground.breach(LOST, f"retrain {found.id} is still {found.state} after {ROUNDS} more runs")
    elif found.state == "failed":
        ground.breach(LOST, f"retrain {found.id} failed: {found.error}")
    return _approved(ground, found)


def _approved(ground: Ground, retrain: Retrain) -> str:
    """A person lets through what the gate holds, so that the next retrain begins from another model."""
    home = ground.home
    gate = next((g for g in home.gates.history(PUMPS) if g.retrain_id == retrain.id), None)
    if retrain.state != "held" or gate is None:
        return retrain.state
    made = approve(
        home, PUMPS, gate.number, actor=plants.ACTOR, reason="drill", now=home.now()
    )  # fmt: skip
    told = f"{PUMPS}:{made.number}"
    ground.take(Promise(DEPLOYMENT, told, told))
    return "held and approved"


def _reaches(
    ground: Ground,
    process: "subprocess.Popen[bytes]",
    phase: str,
    before: set[int],
    began: dict[str, int],
) -> bool:
    """Wait until a phase is under way: the one before it has recorded its asset."""
    names = list(PHASES)
    former = PHASES[names[names.index(phase) - 1]] if names.index(phase) else None
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if former is None:
            current = ground.home.retrains.current(PUMPS)
            if current is not None and current.id not in before and current.state == "running":
                return True
        elif _newest(ground, former) != began[former]:
            return True
        time.sleep(LOOK_SECONDS)
    return False


def _newest(ground: Ground, asset: str) -> int:
    made = ground.home.lineage.current(asset, PUMPS)
    return 0 if made is None else made.id


def _run(ground: Ground, log: Path, *words: str) -> int:
    """A command to its end; gives its exit code."""
    with log.open("ab") as stream:
        return subprocess.run(  # noqa: S603  our own program
            [sys.executable, *words], env=ground.environ, stdin=subprocess.DEVNULL,
            stdout=stream, stderr=stream, check=False, start_new_session=True,
            timeout=PATIENCE_SECONDS,
        ).returncode  # fmt: skip


def _begun(ground: Ground, log: Path, *words: str) -> "subprocess.Popen[bytes]":
    with log.open("ab") as stream:
        return subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, "-m", "rul_platform", *words], env=ground.environ,
            stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True,
        )  # fmt: skip


SCENARIO = Scenario(
    name="retrains",
    about="retrains killed in each of their phases, and taken up again",
    kinds=KINDS,
    quick=0,
    whole=5,
    opened=_opened,
    is_long=True,
)
