"""What must hold, whatever happens.

Belongs here: looking whether it does. Does not belong here: what happened before (``scenarios``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from rul_platform.core.ledger import LedgerRow, breaks
from rul_platform.core.statement import MANIFEST
from rul_platform.drill import promises, records
from rul_platform.drill.ground import (
    ANSWERS,
    AUDIT,
    CHAMPION,
    FOUND,
    HALVES,
    HONEST,
    LEDGER,
    LOST,
    TWICE,
    Ground,
)
from rul_platform.drill.plants import question
from rul_platform.drill.promises import Promise
from rul_platform.drill.service import API
from rul_platform.errors import EnvelopeError, RulPlatformError
from rul_platform.operation.audit.verify import verify
from rul_platform.operation.provenance import opened
from rul_platform.operation.signing import sign_all
from rul_platform.storage.manifests import MANIFEST_BEGINS
from rul_platform.storage.models import ModelVersion

ANSWER_SECONDS = 10.0
"""A question is answered within this time, or refused with 503: what the platform promises while it is
hurt. Where nothing is wrong it takes milliseconds (docs/service.md)."""

MEANING = {
    CHAMPION: "one champion for each plant, whose files and signature verify",
    LOST: "nothing that was acknowledged is lost",
    TWICE: "nothing is done twice",
    LEDGER: "the ledger is one chain, and only grows",
    HALVES: "nothing is half written",
    ANSWERS: f"a question is answered within {ANSWER_SECONDS:g} s, or refused with 503",
    FOUND: "damage is found before it is used, and the last good model goes on",
    HONEST: "what cannot be done is refused with an error that says why",
    AUDIT: "`rul audit verify` holds",
}


@dataclass(slots=True)
class Watch:
    """Looks at a ground after each fault, and remembers what it need not look at again."""

    ground: Ground
    _last: LedgerRow | None = None
    _files: set[str] = field(default_factory=set[str])

    def after_fault(self) -> None:
        """What can be looked at in milliseconds: the plant at hand, and what is new."""
        ground, plant = self.ground, self.ground.plant
        self._note(CHAMPION, _champions(ground, plant))
        self._note(LOST, _lost(ground, ground.promises.new()))
        self._note(LEDGER, self._ledger())
        self._note(HALVES, self._halves())
        self._note(ANSWERS, _answers(ground, plant))

    def after_scenario(self) -> None:
        """Everything."""
        ground = self.ground
        for plant in sorted(ground.home.registry.in_service()):
            self._note(CHAMPION, _champions(ground, plant))
        self._note(LOST, _lost(ground, tuple(ground.promises)))
        self._note(TWICE, records.doubled(ground.home))
        self._note(LEDGER, breaks(ground.home.ledger.all()))
        self._note(HALVES, self._halves())
        self._note(HALVES, _left_behind(ground))
        self._note(AUDIT, _audit(ground))

    def _note(self, invariant: str, problems: Iterator[str]) -> None:
        self.ground.count(invariant)
        for problem in problems:
            self.ground.breach(invariant, problem)

    def _ledger(self) -> Iterator[str]:
        """The rows since the last look follow the last row that was seen, which is as it was."""
        last = self._last
        rows = self.ground.home.ledger.rows(after=last.seq - 1 if last else 0, limit=100_000)
        if last is not None:
            found = rows[0] if rows else None
            if found != last:
                yield f"row {last.seq} was there, and is {'changed' if found else 'gone'}"
                return
            rows = rows[1:]
        yield from breaks_after(last, rows)
        self._last = rows[-1] if rows else last

    def _halves(self) -> Iterator[str]:
        """Files of the store that are new: each has the hash it is named by, each artifact is whole."""
        store = self.ground.home.store
        for path in sorted(store.root.glob("??/*")):
            if path.name in self._files:
                continue
            self._files.add(path.name)
            with path.open("rb") as stream:
                is_manifest = stream.read(len(MANIFEST_BEGINS)) == MANIFEST_BEGINS
            if is_manifest:
                yield from (f"artifact {path.name[:12]}: {it}" for it in store.verify(path.name))
            else:
                yield from records.wrong_name(path)


def breaks_after(last: LedgerRow | None, rows: tuple[LedgerRow, ...]) -> Iterator[str]:
    """What is wrong with rows that come after ``last``; None for the beginning of the ledger."""
    if last is None:
        yield from breaks(rows)
        return
    told = list(breaks((last, *rows)))
    first = list(breaks((last,)))  # it begins no chain, and need not
    yield from told[len(first) :]


def _champions(ground: Ground, plant: str) -> Iterator[str]:
    if not plant:
        return
    home = ground.home
    versions, made = home.registry.versions(plant), home.registry.deployments(plant)
    champions = [version for version in versions if version.state == "champion"]
    open_now = [each for each in made if each.until is None]
    if len(champions) != 1:
        yield f"{plant} has {len(champions)} champions"
    if [each.number for each in open_now] != [each.number for each in champions]:
        numbers = ", ".join(str(each.number) for each in open_now) or "none"
        yield f"{plant}: deployments that are open: {numbers}; not those of the champion"
    for champion in champions:
        yield from (f"{plant}, champion's {it}" for it in home.store.verify(champion.sha256))
        yield from _signature(ground, champion)


def _signature(ground: Ground, champion: ModelVersion) -> Iterator[str]:
    where = f"{champion.plant} version {champion.number}"
    told = ground.home.provenance.of_version(champion.plant, champion.number)
    if not told:
        yield f"{where} is in charge and not signed"
        return
    try:
        is_its = opened(ground.home, told[-1]).subjects.get(MANIFEST) == champion.sha256
    except (RulPlatformError, EnvelopeError, OSError) as error:
        yield f"{where}: {error}"
        return
    if not is_its:
        yield f"{where}: what is signed is about other files"


def _lost(ground: Ground, given: tuple[Promise, ...]) -> Iterator[str]:
    """Each acknowledgement, held against what is there now."""
    by_kind: dict[str, list[Promise]] = {}
    for each in given:
        by_kind.setdefault(each.kind, []).append(each)
    by_kind.pop(promises.FAR, None)  # its own scenario looks at them, in other processes
    for kind, some in by_kind.items():
        if kind == promises.ARTIFACT:
            for each in some:
                wrong = "; ".join(ground.home.store.verify(each.value))
                if wrong:
                    yield f"artifact {each.value[:12]} was stored: {wrong}"
            continue
        there = records.there(ground.home, kind, {each.value for each in some})
        for each in some:
            if each.value not in there:
                yield f"{kind} {each.value} ({each.key}) was acknowledged and is not there"


def _answers(ground: Ground, plant: str) -> Iterator[str]:
    """The service is asked as by a caller."""
    if ground.service is None or not plant:
        return
    asked = question(plant, "press-1")
    told = ground.service.asks(
        "POST", f"{API}/predict", ground.token, asked, seconds=ANSWER_SECONDS
    )
    if told.status not in (200, 503):
        yield f"{plant}: the answer was {told.status or 'none'} after {told.seconds:.1f} s"
    elif told.status == 503 and not told.body.get("detail"):
        yield f"{plant}: 503 without a word why"


def _left_behind(ground: Ground) -> Iterator[str]:
    """What killed writers left is told apart from artifacts, and goes with the next sweep."""
    store = ground.home.store
    store.sweep()
    for path in sorted((store.root / "partial").glob("*")):
        yield f"{path.name} stays in partial/ although nobody writes it"
    for path in sorted(store.root.iterdir()):
        if path.name != "partial" and (len(path.name) != 2 or not path.is_dir()):
            yield f"{path.name} lies in the store and is nothing of it"


def _audit(ground: Ground) -> Iterator[str]:
    """After `rul audit sign`: whoever was killed may have registered a version and not signed it yet."""
    sign_all(ground.home, now=ground.home.now())
    found = verify(ground.home)
    if found.exit_code:
        for problem in found.problems:
            yield f"{problem.kind}, {problem.part}: {problem.sentence}"


def told_json(ground: Ground) -> dict[str, object]:
    """Each invariant with its meaning, how often it was looked at, and what broke it."""
    return {
        name: {
            "means": meaning,
            "checks": ground.checked.get(name, 0),
            "breaches": [
                {"after": each.after, "what": each.what}
                for each in ground.breaches
                if each.invariant == name
            ],
        }
        for name, meaning in MEANING.items()
    }
