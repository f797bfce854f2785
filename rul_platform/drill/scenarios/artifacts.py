"""Artifacts, written by processes that are killed: complete or absent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rul_platform.drill import children
from rul_platform.drill.children import Tell, Work
from rul_platform.drill.faults import Fault, Inject, Scenario
from rul_platform.drill.ground import Ground
from rul_platform.drill.promises import ARTIFACT, Promise
from rul_platform.drill.scenarios.killing import Killer
from rul_platform.storage.artifacts import ArtifactStore

LARGE_BYTES = 3 * 2**20
WRITE, TOGETHER = (
    "kill -9 while artifacts are written",
    "kill -9 of one of two that write the same artifact",
)


def written(opened: Callable[[], ArtifactStore], seed: int, kind: str = ARTIFACT) -> Work:
    """Three artifacts, one of a large file, that share a file; each is told when it is stored.

    Args:
        opened: Gives the store, in the process that writes.
        seed: Other bytes with each.
        kind: Of promise.
    """
    own, shared = f"{seed}".encode(), b"shared by all" * 100
    artifacts = (
        {"small.json": b"{}" + own, "shared.txt": shared},
        {"large.bin": own + bytes(LARGE_BYTES), "shared.txt": shared},
        {"last.txt": own},
    )

    def work(tell: Tell) -> None:
        store = opened()
        for files in artifacts:
            sha256 = store.write(files).sha256
            tell(Promise(kind, sha256, sha256))

    return work


@contextmanager
def _opened(ground: Ground) -> Iterator[Inject]:
    killer = Killer(ground)

    def inject(fault: Fault) -> str:
        work = written(lambda: ground.home.store, fault.seed)
        limits = killer.limits(fault, written(lambda: ground.home.store, fault.seed + 1))
        other = children.begun(ground, work) if fault.kind == TOGETHER else None
        ending = killer.ending(children.run(ground, work, limits))
        if other is not None:
            killer.ending(children.waited(ground, other))
        return ending

    yield inject


SCENARIO = Scenario(
    name="artifacts",
    about="files written into the store by processes that are killed",
    kinds=(WRITE, WRITE, TOGETHER),
    quick=12,
    whole=240,
    opened=_opened,
)
