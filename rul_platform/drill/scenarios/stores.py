"""A bucket whose writers are killed, and whose server is gone, mute or slow.

What is looked for: an artifact that was acknowledged and is not whole in the bucket; a half artifact; an
error that does not say that the store cannot be reached. Everything about the bucket is done in other
processes: what speaks S3 begins threads, and this one is forked.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit
from uuid import uuid4

from rul_platform.drill import children
from rul_platform.drill.children import Work
from rul_platform.drill.far_store import FarStore
from rul_platform.drill.faults import Fault, Inject, Scenario
from rul_platform.drill.ground import HALVES, HONEST, LOST, Ground
from rul_platform.drill.promises import FAR
from rul_platform.drill.scenarios.artifacts import written
from rul_platform.drill.scenarios.killing import Killer
from rul_platform.drill.wire import CUT, HOLD, PASS, Wire, wire_to

KILL, GONE, MUTE, SLOW = (
    "kill -9 while artifacts are written into a bucket",
    "connections to the bucket are cut, and refused for a while",
    "the bucket does not say anything for a while",
    "the bucket is slow",
)
ORDERS = {GONE: CUT, MUTE: HOLD, SLOW: "slow 40"}
LONGEST_SECONDS = 2.0
"""Of a fault. Writers ask again for some four seconds (docs/object-store.md): most are waited out."""

BEGINS_WITHIN_SECONDS = 1.0
HTTP_PORT = 80


@dataclass(frozen=True, slots=True)
class _Bucket:
    """The bucket of this drill, and the way to it that is disturbed."""

    ground: Ground
    far: FarStore
    wire: Wire
    killer: Killer

    def work(self, seed: int) -> Work:
        """Artifacts that are written over the wire."""
        way = f"http://127.0.0.1:{self.wire.port}"
        return written(lambda: self.far.opened(way), seed, FAR)

    def inject(self, fault: Fault) -> str:
        """Carry out a fault, and verify what was acknowledged."""
        work = self.work(fault.seed)
        if fault.kind == KILL:
            limits = self.killer.limits(fault, self.work(fault.seed + 1))
            child = children.run(self.ground, work, limits)
        else:
            begun = children.begun(self.ground, work)
            time.sleep(fault.between(0.0, BEGINS_WITHIN_SECONDS))
            self.wire.order(ORDERS[fault.kind])
            time.sleep(fault.chance.uniform(0.1, LONGEST_SECONDS))
            self.wire.order(PASS)
            child = children.waited(self.ground, begun)
        promised = [each.value for each in child.told]
        self.looks(LOST, lambda _: self.far.look(promised))
        return self.killer.ending(child)

    def looks_at_all(self) -> None:
        """Whatever was ever acknowledged is there, and whatever is there is whole."""
        promised = [each.value for each in self.ground.promises if each.kind == FAR]
        self.looks(LOST, lambda _: self.far.look(promised))
        self.looks(HALVES, lambda _: self.far.look_at_all())

    def looks(self, invariant: str, work: Work) -> None:
        """In a process of its own."""
        self.ground.count(invariant)
        self.works(invariant, work)

    def works(self, invariant: str, work: Work) -> None:
        """Likewise, for what is no look."""
        found = children.run(self.ground, work)
        if found.failure is not None:
            self.ground.breach(invariant, found.failure.strip().splitlines()[-1])
        elif found.ending != children.DONE:
            self.ground.breach(HONEST, f"the bucket could not be looked at: {found.ending}")


@contextmanager
def _opened(ground: Ground) -> Iterator[Inject]:
    given = ground.far
    assert given is not None  # noqa: S101  else it is hindered
    far = replace(given, url=f"{given.url}/drill-{uuid4().hex}")
    server = urlsplit(far.endpoint)
    with wire_to(server.hostname or "", server.port or HTTP_PORT) as wire:
        bucket = _Bucket(ground, far, wire, Killer(ground))
        try:
            yield bucket.inject
            bucket.looks_at_all()
        finally:
            bucket.works(HALVES, lambda _: far.empty())


def _hindered(ground: Ground) -> str | None:
    if ground.far is None:
        return "no bucket: --store and --store-endpoint take one"
    return None


SCENARIO = Scenario(
    name="stores",
    about="a bucket whose writers are killed, and that is gone, mute or slow",
    kinds=(KILL, GONE, MUTE, SLOW),
    quick=4,
    whole=80,
    opened=_opened,
    hindered=_hindered,
)
