"""Whatever is done to the ledger behind the platform's back is found, on both databases."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

from rul_platform.core.ledger import GENESIS, LedgerRow, row_hash
from rul_platform.core.signatures import PrivateKey
from rul_platform.operation.audit.chain import Walk, chain
from rul_platform.settings import Settings
from rul_platform.storage.database import connect, writing
from rul_platform.storage.home import Home
from rul_platform.storage.operation_tables import LEDGER, LEDGER_ANCHOR

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROWS, TIMES = 24, 20


@dataclass(slots=True)
class Opened:
    """A home whose ledger's protection was taken away, as its database's administrator can."""

    home: Home
    rows: tuple[LedgerRow, ...]
    anchors: list[dict]

    def write(self, rows: list[LedgerRow]) -> None:
        """Put these rows in the place of all; the table's anchors of others go with them."""
        hashes = {row.hash for row in rows}
        with writing(self.home.engine) as connection:
            connection.execute(LEDGER.delete())
            connection.execute(LEDGER_ANCHOR.delete())
            connection.execute(LEDGER.insert(), [row._asdict() for row in rows])
            kept = [each for each in self.anchors if each["hash"] in hashes]
            if kept:
                connection.execute(LEDGER_ANCHOR.insert(), kept)

    def problems(self) -> list[str]:
        """What the audit says."""
        return [problem.what for problem in chain(self.home, Walk())]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opened]:
    folder, environ = tmp_path_factory.mktemp("attacked"), dict[str, str]()
    if request.param == "postgresql":
        server = sa.make_url(request.getfixturevalue("postgres"))
        admin = connect(server).execution_options(isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE attacked")
        url = server.set(database="attacked")
        environ["RUL_DATABASE_URL"] = url.render_as_string(hide_password=False)
    home = Home(Settings.read({"RUL_HOME": str(folder / "home"), **environ}))
    for number in range(ROWS):
        home.ledger.append(
            ("freeze", "gate")[number % 2],
            plant=("press", "mill")[number % 3 == 0],
            body={"number": number},
            now=NOW + timedelta(minutes=number),
        )
    with writing(home.engine) as connection:
        for table in ("ledger", "ledger_anchor"):
            if request.param == "postgresql":
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            else:
                for operation in ("update", "delete"):
                    connection.exec_driver_sql(f"DROP TRIGGER {table}_{operation}")
        anchors = [dict(row) for row in connection.execute(LEDGER_ANCHOR.select()).mappings()]
    yield Opened(home, tuple(home.ledger.all()), anchors)
    home.engine.dispose()
    if request.param == "postgresql":
        with admin.connect() as connection:
            connection.exec_driver_sql("DROP DATABASE attacked WITH (FORCE)")


def changed(row: LedgerRow, **values: object) -> LedgerRow:
    return LedgerRow(**row._asdict() | values)


def sealed_anew(rows: list[LedgerRow]) -> list[LedgerRow]:
    """All hashes computed again, as who knows the layout can."""
    found, previous = list[LedgerRow](), GENESIS
    for number, row in enumerate(rows, start=1):
        content = row._asdict() | {"seq": number, "previous": previous}
        del content["hash"]
        found.append(LedgerRow(**content, hash=row_hash(**content)))
        previous = found[-1].hash
    return found


def field(rows: list[LedgerRow], random: Random) -> list[LedgerRow]:
    at = random.randrange(len(rows))
    name, value = random.choice([("body", "{}"), ("plant", "lathe"), ("kind", "purge")])
    return [*rows[:at], changed(rows[at], **{name: value}), *rows[at + 1 :]]


def moment(rows: list[LedgerRow], random: Random) -> list[LedgerRow]:
    at = random.randrange(len(rows))
    later = (NOW + timedelta(days=1)).isoformat(timespec="microseconds")
    return [*rows[:at], changed(rows[at], created_at=later), *rows[at + 1 :]]


def own_hash(rows: list[LedgerRow], random: Random) -> list[LedgerRow]:
    """A row that was changed and hashed again, the others left."""
    at = random.randrange(len(rows))
    content = rows[at]._asdict() | {"body": '{"number":99}'}
    del content["hash"]
    return [*rows[:at], LedgerRow(**content, hash=row_hash(**content)), *rows[at + 1 :]]


def deleted(rows: list[LedgerRow], random: Random) -> list[LedgerRow]:
    at = random.randrange(len(rows) - 1)
    return [*rows[:at], *rows[at + 1 :]]


def swapped(rows: list[LedgerRow], random: Random) -> list[LedgerRow]:
    one, other = random.sample(range(len(rows)), 2)
    found = list(rows)
    found[one], found[other] = (
        changed(rows[other], seq=rows[one].seq),
        changed(rows[one], seq=rows[other].seq),
    )
    return found


def inserted(rows: list[LedgerRow], random: Random) -> list[LedgerRow]:
    at = random.randrange(len(rows))
    moved = [changed(row, seq=row.seq + 1) for row in rows[at:]]
    return [*rows[:at], changed(rows[at], body='{"number":99}'), *moved]


def cut(rows: list[LedgerRow], random: Random) -> list[LedgerRow]:
    return rows[: -random.randrange(1, len(rows))]


def rewritten(rows: list[LedgerRow], random: Random) -> list[LedgerRow]:
    """Everything from a changed row on sealed anew: a chain without a fault."""
    return sealed_anew(field(rows, random))


ATTACKS: list[Callable[[list[LedgerRow], Random], list[LedgerRow]]] = [
    field, moment, own_hash, deleted, swapped, inserted, cut, rewritten,
]  # fmt: skip


def test_untouched_it_holds_and_every_row_is_covered(opened: Opened):
    opened.write(list(opened.rows))
    walk = Walk()
    assert list(chain(opened.home, walk)) == []
    assert (walk.rows, walk.last) == (ROWS + 1, ROWS + 1)
    assert walk.anchors >= ROWS


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_every_attack_is_found(opened: Opened, attack):
    random = Random(attack.__name__)  # noqa: S311  the same attacks each time
    for _ in range(TIMES):
        opened.write(attack(list(opened.rows), random))
        assert opened.problems(), attack.__name__
    opened.write(list(opened.rows))


def test_a_tail_that_was_cut_and_continued_is_found(opened: Opened):
    rows = list(opened.rows[:-3])
    rows += [changed(row, body='{"number":98}') for row in opened.rows[-3:]]
    opened.write(sealed_anew(rows))
    assert any("written anew" in problem for problem in opened.problems())
    opened.write(list(opened.rows))


def test_anchors_of_a_key_that_nobody_knows_prove_nothing(opened: Opened):
    """Whoever rewrites ledger and anchors with a key of their own is found by the key."""
    other, anchors = PrivateKey.generate(), opened.home.anchors.file
    kept = anchors.read_bytes()
    anchors.write_bytes(
        kept.replace(opened.anchors[0]["key_id"].encode(), other.public.id.encode())
    )
    try:
        found = opened.problems()
    finally:
        anchors.write_bytes(kept)
    assert any("which is not known here" in problem for problem in found)


def test_without_public_keys_nothing_is_called_proven(opened: Opened, tmp_path: Path):
    folder = opened.home.signing.folder
    shutil.move(folder, tmp_path / "away")
    try:
        found = list(chain(opened.home, Walk()))
    finally:
        shutil.move(tmp_path / "away", folder)
    assert {problem.kind for problem in found} == {"unknown"}
    assert f"no public key in {folder}" in found[0].what
