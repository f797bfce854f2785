"""Files that are damaged: a bit flips, the end is missing, the file is gone, it holds another's bytes.

What is looked for: a version that is loaded although its network, its card, its manifest or its
signature is not what it was; an audit that does not tell; a damaged version in whose place the last
good one does not go on; a signature of the ledger that was changed and still counts.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from rul_platform.core.artifact_files import CARD_FILE
from rul_platform.drill import children, plants
from rul_platform.drill.children import Tell
from rul_platform.drill.faults import Fault, Inject, Scenario
from rul_platform.drill.ground import ANSWERS, FOUND, Ground
from rul_platform.drill.scenarios import callers
from rul_platform.drill.scenarios.killing import Killer
from rul_platform.operation.audit.chain import Walk, chain
from rul_platform.operation.audit.hashed import Hashed
from rul_platform.operation.audit.versions import of_version
from rul_platform.operation.deploying import rollback
from rul_platform.operation.provenance import ENVELOPE
from rul_platform.operation.serving.served_model import load_served
from rul_platform.storage.models import ModelVersion

PLANT = "drill_damage"
TARGETS = ("network", "card", "manifest", "signature")
OWN = TARGETS[1:]
"""Of one version alone: all versions of a drill have the same network, and the store keeps it once."""

FLIPPED, CUT, GONE, SWAPPED = HOW = ("a bit flips in", "cut short:", "gone:", "another's bytes in")
KINDS = tuple(f"{how} a version's {target}" for target in TARGETS for how in HOW)
SERVED = "a damaged version is put in charge"
ANCHOR = "a bit flips in the ledger's signatures"


@contextmanager
def _opened(ground: Ground) -> Iterator[Inject]:
    ground.new_plant(PLANT)

    def inject(fault: Fault) -> str:
        if fault.kind == ANCHOR:
            return _anchor(ground, fault)
        version = ground.models.version(PLANT, number=fault.seed)
        if fault.kind == SERVED:
            return _served(ground, fault, version)
        how, _, target = fault.kind.partition(" a version's ")
        with _damaged(_file(ground, version, target), _change(ground, how, target), fault):
            return _looked_at(ground, fault, version)

    yield inject


@contextmanager
def damaged(ground: Ground, version: ModelVersion, fault: Fault) -> Iterator[None]:
    """A version whose files cannot be believed for a while, for those who put it in charge."""
    target = OWN[fault.seed % len(OWN)]
    with _damaged(_file(ground, version, target), _flip, fault):
        yield


def _looked_at(ground: Ground, fault: Fault, version: ModelVersion) -> str:
    """Neither is such a version loaded, nor does an audit pass it over."""

    def load(_: Tell) -> None:
        load_served(ground.home, version)

    ending = Killer(ground).ending(children.run(ground, load))
    if ending == children.DONE:
        ground.breach(FOUND, f"{fault.kind}: version {version.number} was loaded all the same")
    if not list(of_version(ground.home, version, Hashed())):
        ground.breach(FOUND, f"{fault.kind}: the audit of version {version.number} says nothing")
    ground.count(FOUND, 2)
    return ending


def _served(ground: Ground, fault: Fault, version: ModelVersion) -> str:
    """The service goes on with the last good version, and a rollback leads back to it."""
    home, good = ground.home, ground.home.registry.champion(PLANT)
    with damaged(ground, version, fault):
        ground.models.deploy(version)
        if ground.service is not None:
            told = callers.until_tried(ground.service, ground, version.number)
            asked = callers.ask(ground.service, ground)
            given = asked.body.get("predictions", [{}])[0].get("model", {}).get("version")
            if asked.status != 200 or good is None or given != good.number:
                ground.breach(ANSWERS, f"{asked.status} by version {given}, not the last good one")
            if not told:
                ground.breach(FOUND, f"the service said nothing of version {version.number}")

        def go_back(_: Tell) -> None:
            rollback(home, PLANT, actor=plants.ACTOR, reason="drill", now=home.now())

        ending = Killer(ground).ending(children.run(ground, go_back))
    ground.count(FOUND)
    return "the last good one goes on" if ending == children.DONE else ending


def _anchor(ground: Ground, fault: Fault) -> str:
    with _damaged(ground.home.anchors.file, _flip, fault):
        is_found = any(each.kind == "broken" for each in chain(ground.home, Walk()))
    ground.count(FOUND)
    if not is_found:
        ground.breach(FOUND, "the audit says nothing of a changed signature of the ledger")
    return "found" if is_found else "not found"


Change = Callable[[bytes, Fault], bytes | None]
"""What becomes of a file's bytes; None where it is gone."""


@contextmanager
def _damaged(path: Path, change: Change, fault: Fault) -> Iterator[None]:
    """A file is otherwise for a while; then it is as it was."""
    before, mode = path.read_bytes(), path.stat().st_mode
    after = change(before, fault)
    path.unlink()
    if after is not None:
        path.write_bytes(after)
        path.chmod(mode)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        path.write_bytes(before)
        path.chmod(mode)


def _file(ground: Ground, version: ModelVersion, target: str) -> Path:
    """Where it is in the store."""
    store, sha256 = ground.home.store, version.sha256
    files = store.artifact(sha256).files
    if target == "signature":
        kept = ground.home.provenance.of_version(version.plant, version.number)[-1]
        sha256 = store.artifact(kept.envelope).files[ENVELOPE].sha256
    elif target != "manifest":
        sha256 = files["model.onnx" if target == "network" else CARD_FILE].sha256
    return store.root / sha256[:2] / sha256


def _change(ground: Ground, how: str, target: str) -> Change:
    champion = ground.home.registry.champion(PLANT)

    def swap(data: bytes, _: Fault) -> bytes:
        if champion is None or target == "network":  # all have the same
            return data[::-1]
        return _file(ground, champion, target).read_bytes()

    return {FLIPPED: _flip, CUT: _cut, GONE: lambda *_: None, SWAPPED: swap}[how]


def _flip(data: bytes, fault: Fault) -> bytes:
    changed, chance = bytearray(data), Random(fault.seed)  # noqa: S311  no secret
    changed[int(fault.at * (len(data) - 1))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(data: bytes, fault: Fault) -> bytes:
    return data[: int(fault.at * (len(data) - 1))]


SCENARIO = Scenario(
    name="damage",
    about="files with changed bytes: networks, cards, manifests, signatures",
    kinds=(*KINDS[::4], SERVED, ANCHOR, *KINDS[1::4], *KINDS[2::4], ANCHOR, *KINDS[3::4]),
    quick=19,
    whole=342,
    opened=_opened,
)
