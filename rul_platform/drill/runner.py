"""A drill from its beginning to its end: prepare, hurt, look, tell, clean up.

Belongs here: the order. Does not belong here: faults (``scenarios``), looking (``invariants``).
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rul_platform.drill import plants
from rul_platform.drill.faults import Fault, Plan, Scenario, fingerprint
from rul_platform.drill.ground import ANSWERS, HONEST, Ground
from rul_platform.drill.invariants import Watch
from rul_platform.drill.service import Service
from rul_platform.drill.tally import Tally
from rul_platform.errors import RulPlatformError
from rul_platform.operation.access import create_token
from rul_platform.operation.signing import make_first
from rul_platform.storage.service_tables import SCOPES

ALWAYS = "always"
"""A plant that no scenario touches."""

Progress = Callable[[str, int, int], None]
"""Told the scenario, how many of its faults were carried out, and how many there are."""


def drill(
    ground: Ground,
    chosen: Plan,
    *,
    seed: int,
    progress: Progress = lambda *_: None,
) -> Tally:
    """Carry out a plan.

    Ctrl-C ends it; what was done until then is told.

    Args:
        ground: New.
        chosen: What to carry out.
        seed: Of the plan; told.
        progress: Told how far it has come.

    Returns:
        The count; what broke is in ``ground.breaches``.
    """
    faults = [fault for _, some in chosen for fault in some]
    database = "PostgreSQL" if ground.home.settings.database_url else "SQLite"
    tally, began = Tally(seed, fingerprint(faults), len(faults), database), time.monotonic()
    try:
        with _prepared(ground):
            watch = Watch(ground)
            for scenario, some in chosen:
                _carry_out(ground, watch, tally, scenario, some, progress)
    except KeyboardInterrupt:
        tally.is_interrupted = True
    tally.took = time.monotonic() - began
    return tally


@contextmanager
def _prepared(ground: Ground) -> Iterator[None]:
    """A key, a plant with its model, and a service that answers until the end."""
    home = ground.home
    home.folder.joinpath("drill").mkdir()
    make_first(home, now=home.now())
    ground.models = plants.Models(home, _trained(ground))
    ground.models.plant(ALWAYS)
    _, ground.token = create_token(
        home, "drill", SCOPES, actor=plants.ACTOR, rate=1e6, now=home.now()
    )
    ground.service = Service.start(ground.environ, home.folder / "drill" / "service.log")
    try:
        if not ground.service.waits_until_ready():
            ground.breach(ANSWERS, "the service did not become ready")
        yield
        if not ground.service.stop():
            ground.breach(HONEST, "the service did not end cleanly")
    finally:
        if ground.service.popen.poll() is None:
            ground.service.kill()
        ground.service = None


def _trained(ground: Ground) -> dict[str, bytes]:
    """A network, trained in a process of its own: this one is forked, and must stay without threads."""
    folder: Path = ground.home.folder / "drill" / "network"
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-m", "rul_platform.drill.network", str(folder)],
        env=ground.environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, check=False, start_new_session=True,
    )  # fmt: skip
    if done.returncode != 0:
        msg = f"The drill's own model could not be made: {done.stderr.strip()}"
        raise RulPlatformError(msg)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _carry_out(
    ground: Ground,
    watch: Watch,
    tally: Tally,
    scenario: Scenario,
    faults: tuple[Fault, ...],
    progress: Progress,
) -> None:
    if not faults:
        return
    hindered = scenario.hindered(ground)
    if hindered is not None:
        tally.skipped[scenario.name] = hindered
        return
    began = time.monotonic()
    ground.doing, ground.plant = f"{scenario.name}: the beginning", ""
    with scenario.opened(ground) as inject:
        for done, fault in enumerate(faults):
            progress(scenario.name, done, len(faults))
            ground.doing = f"{scenario.name}: {fault.kind}"
            tally.add(fault, inject(fault))
            watch.after_fault()
    ground.doing, ground.plant = f"{scenario.name}: the end", ""
    watch.after_scenario()
    progress(scenario.name, len(faults), len(faults))
    tally.seconds[scenario.name] = time.monotonic() - began
