"""What the application's role on PostgreSQL can do, and what it is denied."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from rul_platform.core.ledger import LedgerRow, chain_problems, row_hash
from rul_platform.errors import DatabaseRightsError
from rul_platform.learning.recipes.search import search
from rul_platform.learning.recipes.studies import Search
from rul_platform.storage.column_types import METADATA
from rul_platform.storage.database import connect, migrate, writing
from rul_platform.storage.feedback import FeedbackStore
from rul_platform.storage.ledger import TURN, LedgerStore
from rul_platform.storage.lineage import Input, LineageStore
from rul_platform.storage.models import ModelRegistry
from rul_platform.storage.studies import SCHEMA, study_place
from rul_platform_tests.learning.study_ground import SPACE, ground
from rul_platform_tests.storage.roles import ROLES, as_login, run_script, with_roles
from rul_platform_tests.storage.rows import ROWS, execute, insert

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RECORDS = sorted(set(ROWS) - {"alembic_version"})
DOCS = Path(__file__).parents[2] / "docs" / "postgresql.md"
NO_RIGHT, TAKEN, REFUSED_BY_TRIGGER = "42501", "23505", "P0001"
"""SQLSTATEs: what a role may not do, and what a role may do and the row or a trigger stands against."""


@pytest.fixture(scope="module")
def roles_url(postgres: str) -> Iterator[str]:
    """A database with the five roles, and a row in every table."""
    admin = connect(postgres).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE roles")
    url = sa.make_url(postgres).set(database="roles").render_as_string(hide_password=False)
    with_roles(url)
    owner = connect(url)
    with writing(owner) as connection:
        for table in METADATA.sorted_tables:
            connection.exec_driver_sql(insert(table.name))
            if "id" in table.c and isinstance(table.c.id.type, sa.BigInteger):
                later = f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), 100)"
                connection.exec_driver_sql(later)
    owner.dispose()
    yield url
    with admin.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE roles WITH (FORCE)")
    admin.dispose()


@pytest.fixture(scope="module")
def logins(roles_url: str) -> Iterator[dict[str, sa.Engine]]:
    """A connection of each role's own."""
    made = {role: connect(as_login(roles_url, role)) for role in ROLES}
    yield made
    for engine in made.values():
        engine.dispose()


@pytest.fixture(scope="module")
def application(logins: dict[str, sa.Engine]) -> sa.Engine:
    """The one that decides."""
    return logins["rul_worker"]


def denied(engine: sa.Engine, statement: str) -> None:
    with pytest.raises(DBAPIError) as refused, writing(engine) as connection:
        connection.exec_driver_sql(statement)
    told = str(refused.value.orig)
    assert any(word in told for word in ("permission denied", "must be owner", "refused:")), told


def state(engine: sa.Engine, statement: str) -> str:
    """The SQLSTATE that a statement ends with; 00000 where it works. Nothing of it stays."""
    with engine.connect() as connection:
        try:
            connection.exec_driver_sql(statement)
        except DBAPIError as error:
            return str(getattr(error.orig, "pgcode", None))
        return "00000"


def promised() -> dict[tuple[str, str], str]:
    """What docs/postgresql.md says of a table and a login."""
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    head = next(n for n, line in enumerate(lines) if line.startswith("| table |"))
    logins = [cell.strip() for cell in lines[head].strip("|").split("|")][1:]
    found: dict[tuple[str, str], str] = {}
    for line in lines[head + 2 :]:
        if not line.startswith("|"):
            break
        table, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        found |= {
            (table.strip("`"), login): cell for login, cell in zip(logins, cells, strict=True)
        }
    return found


def statements(table: str, columns: list[str]) -> dict[str, str]:
    """For each verb, and for each column where columns count, a statement that asks for that alone."""
    row = "INSERT INTO alembic_version VALUES ('0001')"
    tried = {
        "I": insert(table) if table in ROWS else row,
        "DELETE": f"DELETE FROM {table}",  # noqa: S608  ours, here and below
        "TRUNCATE": f"TRUNCATE {table}",
    }
    tried |= {f"S {name}": f"SELECT {name} FROM {table}" for name in columns}  # noqa: S608
    changes = {f"U {name}": f"UPDATE {table} SET {name} = NULL" for name in columns}  # noqa: S608
    return tried | changes


def is_promised(cell: str, asked: str) -> bool:
    verb, _, column = asked.partition(" ")
    if verb == "S":
        return cell.startswith("S") and not cell.endswith(f"without {column}")
    if verb == "U":
        return column in re.findall(r"\w+", cell.partition("U (")[2])
    return verb in cell.partition("U (")[0].split()


def months(engine: sa.Engine) -> set[str]:
    """Tables that are a part of another one."""
    with engine.connect() as connection:
        parts = sa.text(
            "SELECT oid::regclass::text FROM pg_class WHERE relispartition AND relkind = 'r'"
        )
        return set(connection.scalars(parts))


def test_the_documented_table_is_about_every_table_and_login(logins: dict[str, sa.Engine]):
    owner = logins["rul_owner"]
    tables = set(sa.inspect(owner).get_table_names()) - months(owner)

    assert set(promised()) == {(table, login) for table in tables for login in ROLES[1:]}


def test_a_month_is_closed_to_whoever_does_not_ask_for_the_whole(logins: dict[str, sa.Engine]):
    parts = months(logins["rul_owner"])
    assert {"prediction_default", "feedback_default"} < parts
    for login in ROLES[1:]:
        asked = {state(logins[login], f"SELECT 1 FROM {part}") for part in parts}  # noqa: S608  ours
        assert asked == {NO_RIGHT}


def test_the_worker_makes_months_and_the_purger_alone_lets_go_of_one(logins: dict[str, sa.Engine]):
    make = "SELECT add_months('2026-03-01', 1)"
    assert [state(logins[role], make) for role in ROLES[1:]] == [
        NO_RIGHT,
        "00000",
        NO_RIGHT,
        "00000",
    ]
    drop = "SELECT drop_month('2025-03-01')"
    assert [state(logins[role], drop) for role in ROLES[1:]] == [
        NO_RIGHT,
        NO_RIGHT,
        NO_RIGHT,
        "00000",
    ]
    for function in ("add_month('prediction', '2026-03-01')", "refuse_known_id()"):
        assert {state(logins[role], f"SELECT {function}") for role in ROLES[1:]} == {NO_RIGHT}


@pytest.mark.parametrize("role", ROLES[1:])
def test_every_cell_of_the_documented_table_is_so(logins: dict[str, sa.Engine], role: str):
    """What is granted gets as far as the row or its trigger; what is not is refused by the server."""
    inspector = sa.inspect(logins["rul_owner"])
    wrong = []
    for (table, login), cell in promised().items():
        if login != role:
            continue
        columns = [column["name"] for column in inspector.get_columns(table)]
        for asked, statement in statements(table, columns).items():
            found = state(logins[role], statement)
            if (found != NO_RIGHT) != is_promised(cell, asked):
                wrong.append(f"{table}: {cell!r} is promised, and {asked} ends with {found}")
    assert wrong == []


def test_the_owner_owns_everything_and_records_withstand_even_it(logins: dict[str, sa.Engine]):
    owner = logins["rul_owner"]
    with owner.connect() as connection:
        others = connection.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND pg_get_userbyid(relowner) <> 'rul_owner' UNION ALL "
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace "
            "AND pg_get_userbyid(proowner) <> 'rul_owner'"
        ).all()
    assert others == []
    assert state(owner, "DELETE FROM ledger") == REFUSED_BY_TRIGGER
    assert state(owner, "TRUNCATE ledger") == REFUSED_BY_TRIGGER
    assert state(owner, insert("ledger")) == TAKEN


def test_the_script_again_changes_nothing(roles_url: str, logins: dict[str, sa.Engine]):
    def rights() -> list[tuple[object, ...]]:
        with logins["rul_owner"].connect() as connection:
            return [
                tuple(row)
                for row in connection.exec_driver_sql(
                    "SELECT relname, relacl::text, attname, attacl::text FROM pg_class c "
                    "JOIN pg_attribute a ON a.attrelid = c.oid "
                    "WHERE relnamespace = 'public'::regnamespace ORDER BY 1, 3"
                )
            ]

    def spelled(found: list[tuple[object, ...]]) -> list[list[object]]:
        """An access list has no order."""
        return [[sorted(str(cell).strip("{}").split(",")) for cell in row] for row in found]

    before = rights()
    run_script(as_login(roles_url, "rul_owner"))  # the owner alone is enough for an upgrade

    assert spelled(rights()) == spelled(before)


def test_whoever_is_no_member_does_not_even_come_in(roles_url: str):
    admin = connect(roles_url)
    execute(admin, "CREATE ROLE passer_by LOGIN")
    passer_by = connect(as_login(roles_url, "passer_by"))
    try:
        with pytest.raises(DBAPIError, match="permission denied for database"):
            passer_by.connect()
    finally:
        passer_by.dispose()
        execute(admin, "DROP ROLE passer_by")
        admin.dispose()


def test_a_login_of_the_one_role_of_before_goes_on(roles_url: str):
    admin = connect(roles_url)
    execute(admin, "CREATE ROLE rul_app NOLOGIN", "CREATE ROLE former LOGIN IN ROLE rul_app")
    run_script(roles_url)
    former = connect(as_login(roles_url, "former"))
    try:
        assert LedgerStore(former).append("purge", body={"feedback": 0}, now=NOW) > 1
        assert state(former, "UPDATE feedback SET rolled_up = 1") == "00000"
        assert state(former, "DELETE FROM prediction") == NO_RIGHT
    finally:
        former.dispose()
        execute(admin, "DROP ROLE former", "DROP ROLE rul_app")
        admin.dispose()


def test_older_tables_are_the_owners_to_change(logins: dict[str, sa.Engine]):
    with writing(logins["rul_owner"]) as connection:
        (now,) = connection.exec_driver_sql("SELECT version_num FROM alembic_version").one()
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0006'")
    try:
        with pytest.raises(DatabaseRightsError) as refused:
            migrate(logins["rul_api"])
    finally:
        back = f"UPDATE alembic_version SET version_num = '{now}'"  # noqa: S608  ours
        execute(logins["rul_owner"], back)

    assert f"the tables are at revision 0006, this version of the platform needs {now}" in str(
        refused.value
    )
    assert "Run `rul database migrate` as their owner, rul_owner" in str(refused.value)


@pytest.mark.parametrize("role", ["rul_api", "rul_worker", "rul_read", "rul_purge"])
def test_only_those_who_write_lock_and_append(logins: dict[str, sa.Engine], role: str):
    expected = NO_RIGHT if role == "rul_read" else "00000"
    assert state(logins[role], "SELECT lock_table('feedback')") == expected
    assert state(logins[role], "SELECT lock_table('ledger')") == (
        NO_RIGHT if role == "rul_read" else REFUSED_BY_TRIGGER
    )
    called = "SELECT append_to_ledger(0, '', '', '', '', '', '')"
    assert state(logins[role], called) == (NO_RIGHT if role == "rul_read" else REFUSED_BY_TRIGGER)


def test_the_platform_works_with_it(application: sa.Engine, logins: dict[str, sa.Engine]):
    migrate(application)  # finds the tables as they should be
    ledger = LedgerStore(application)
    last = ledger.append("purge", body={"feedback": 0}, now=NOW)
    assert ledger.append("purge", body={"feedback": 0}, now=NOW) == last + 1
    made = LineageStore(application).record(
        asset="raw", partition="FD002", sha256="b" * 64, run_id="r", code_version="c",
        parameters={}, environment={}, inputs=[Input("nasa", "FD002", "c" * 64)], now=NOW,
    )  # fmt: skip
    assert made.partition == "FD002"
    registry = ModelRegistry(application)
    number = registry.register("mill", "d" * 64, now=NOW).number
    registry.deploy("mill", number, expected_champion=None, evidence={}, now=NOW)
    assert FeedbackStore(logins["rul_purge"]).forget(["a" * 64]) == 1
    assert not [each for each in chain_problems(ledger.all()) if "row 1 " not in each]


def test_trials_are_kept_with_it(application: sa.Engine, tmp_path: Path):
    place = study_place(application.url.render_as_string(hide_password=False), tmp_path)
    asked = Search(
        name="pumps", trials=2, workers=1, url=place.url, connect_args=place.connect_args
    )

    assert len(search(ground(steps=2), SPACE, asked).trials) == 2
    assert "trials" in sa.inspect(application).get_table_names(schema=SCHEMA)


@pytest.mark.parametrize("table", RECORDS)
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM {table}",
        "TRUNCATE {table} CASCADE",
        "DROP TABLE {table} CASCADE",
        "ALTER TABLE {table} DISABLE TRIGGER ALL",
        "ALTER TABLE {table} ADD COLUMN more TEXT",
        "ALTER TABLE {table} OWNER TO rul_worker",
    ],
)
def test_no_table_can_be_emptied_dropped_or_unprotected(
    application: sa.Engine, table: str, statement: str
):
    denied(application, statement.format(table=table))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET body = '{}'",
        "INSERT INTO ledger SELECT seq + 1, kind, plant, body, created_at, hash, hash FROM ledger",
        "COPY ledger FROM STDIN",
        "DROP FUNCTION append_to_ledger",
        "ALTER FUNCTION append_to_ledger SECURITY INVOKER",
        "ALTER FUNCTION append_to_ledger SET search_path = pg_temp, public",
        "CREATE OR REPLACE FUNCTION append_to_ledger(bigint, text, text, text, text, text, text) "
        "RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
        "UPDATE ledger_anchor SET seq = 2",
        "UPDATE provenance SET envelope = sha256",
        "UPDATE gate SET verdict = 'PROMOTE'",
        "UPDATE approval SET actor = 'bob'",
        "UPDATE prediction SET rul = 1",
        "UPDATE materialization SET run_id = 'other'",
        "UPDATE config_snapshot SET settings = '{}'",
        "UPDATE deployment SET evidence = '[]'",
        "UPDATE deployment SET since = '2020-01-01'",
        "UPDATE model_version SET sha256 = repeat('e', 64)",
        "UPDATE feedback SET rating = 'positive'",
        "UPDATE outcome SET life = 1",
        "UPDATE alembic_version SET version_num = '0001'",
        "INSERT INTO alembic_version VALUES ('9999')",
        "DROP FUNCTION refuse_change CASCADE",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RETURN NEW; END'",
        "SET session_replication_role = replica",
        "CREATE TABLE mine (id INTEGER)",
        "CREATE SCHEMA mine",
        "DROP SCHEMA rul_studies CASCADE",
        "ALTER ROLE rul_worker SUPERUSER",
        "SET ROLE postgres",
    ],
)
def test_what_happened_cannot_be_made_otherwise(application: sa.Engine, statement: str):
    denied(application, statement)


def following(ledger: LedgerStore, **values: object) -> LedgerRow:
    """The row that comes next, sealed as it should be, with these values in place of its own."""
    newest = ledger.newest()
    assert newest is not None
    fields = {
        "seq": newest.seq + 1,
        "kind": "purge",
        "plant": "prêsse",
        "body": '{"feedback":0}',
        "created_at": NOW.isoformat(timespec="microseconds"),
        "previous": newest.hash,
    } | {name: value for name, value in values.items() if name != "hash"}
    sealed = None if None in fields.values() else row_hash(**fields)
    return LedgerRow(**fields, hash=values.get("hash", sealed))


def append(engine: sa.Engine, row: LedgerRow) -> None:
    """Past ``LedgerStore``, as whoever has the application's password can."""
    with writing(engine) as connection:
        connection.execute(sa.select(sa.func.append_to_ledger(*row)))


@pytest.mark.parametrize(
    ("told", "values"),
    [
        ("found number 0, expected", {"seq": 0}),
        ("found number 1, expected", {"seq": 1}),
        ("found number 999, expected", {"seq": 999}),
        ("found number <NULL>, expected", {"seq": None}),
        ("as the hash of the row before, expected", {"previous": "0" * 64}),
        ("as the hash of the row before, expected", {"previous": None, "hash": "0" * 64}),
        ("as its hash, expected", {"hash": "0" * 64}),
        ("violates not-null constraint", {"kind": None}),
        ("as its moment, expected UTC", {"created_at": "2026-03-01"}),
        ("as its moment, expected UTC", {"created_at": "2026-03-01T12:00:00.000000+05:00"}),
        ("invalid input syntax for type json", {"body": "no JSON"}),
    ],
)
def test_the_ledger_takes_no_row_but_the_next_one(
    application: sa.Engine, told: str, values: dict[str, object]
):
    ledger = LedgerStore(application)
    before = ledger.newest()

    with pytest.raises(DBAPIError) as refused:
        append(application, following(ledger, **values))

    assert told in str(refused.value.orig)
    assert ledger.newest() == before


@pytest.mark.parametrize("field", ["kind", "plant", "body", "created_at"])
def test_the_ledger_takes_no_row_that_was_changed_after_it_was_sealed(
    application: sa.Engine, field: str
):
    ledger = LedgerStore(application)
    other = {"created_at": "2020-01-01T00:00:00.000000+00:00", "body": "{}"}.get(field, "other")
    row = following(ledger)._replace(**{field: other})

    with pytest.raises(DBAPIError, match=r"row refused: found .* as its hash, expected"):
        append(application, row)


def test_one_row_is_not_appended_twice(application: sa.Engine):
    row = following(LedgerStore(application))
    append(application, row)

    with pytest.raises(DBAPIError, match="row refused: found number"):
        append(application, row)


def test_a_row_waits_for_whoever_has_the_turn(application: sa.Engine):
    row = following(LedgerStore(application))
    with writing(application) as first, application.connect() as second:
        first.execute(sa.select(sa.func.pg_advisory_xact_lock(TURN)))
        second.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
        with pytest.raises(DBAPIError, match="lock timeout"):
            second.execute(sa.select(sa.func.append_to_ledger(*row)))


def test_a_clock_that_was_set_back_moves_no_row(application: sa.Engine):
    """Numbers give the order; the moment is what the writer's clock said."""
    ledger = LedgerStore(application)
    early = "2001-01-01T00:00:00.000000+00:00"

    append(application, following(ledger, created_at=early))

    newest = ledger.newest()
    assert newest is not None
    assert newest.created_at == early
    assert not [each for each in chain_problems(ledger.all()) if "row 1 " not in each]


def test_what_a_session_puts_before_the_tables_is_not_looked_at(
    application: sa.Engine, roles_url: str
):
    """A temporary table of the same name, empty, would let the chain begin again."""
    denied(application, "CREATE TEMP TABLE ledger (seq INTEGER)")
    admin = connect(roles_url)
    execute(admin, "GRANT TEMPORARY ON DATABASE roles TO rul_worker")  # as by mistake
    admin.dispose()
    ledger = LedgerStore(application)
    row = following(ledger)
    with writing(application) as connection:
        connection.exec_driver_sql("CREATE TEMP TABLE ledger (LIKE public.ledger) ON COMMIT DROP")
        connection.exec_driver_sql("SET LOCAL search_path = pg_temp, public")
        connection.execute(sa.select(sa.func.append_to_ledger(*row)))
        assert connection.exec_driver_sql("SELECT count(*) FROM pg_temp.ledger").scalar_one() == 0

    assert ledger.newest() == row


def test_functions_of_the_role_do_not_stand_in_for_the_database_s_own(application: sa.Engine):
    """In the one schema where it may make them: else its own hash would let any row in."""
    row = following(LedgerStore(application), hash="f" * 64)
    with writing(application) as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION rul_studies.encode(bytea, text) RETURNS text LANGUAGE sql "
            "AS $$ SELECT repeat('f', 64) $$"
        )
        connection.exec_driver_sql("SET LOCAL search_path = rul_studies, pg_catalog, public")
        with pytest.raises(DBAPIError, match="as its hash, expected"):
            connection.execute(sa.select(sa.func.append_to_ledger(*row)))


def test_nobody_appends_who_was_not_granted_it(application: sa.Engine, postgres: str):
    owner = connect(application.url.set(username=sa.make_url(postgres).username))
    with writing(owner) as connection:
        connection.exec_driver_sql("CREATE ROLE stranger")
    try:
        row = following(LedgerStore(owner))
        with writing(owner) as connection:
            connection.exec_driver_sql("SET LOCAL ROLE stranger")
            with pytest.raises(DBAPIError, match="permission denied"):
                connection.execute(sa.select(sa.func.append_to_ledger(*row)))
    finally:
        with writing(owner) as connection:
            connection.exec_driver_sql("DROP ROLE stranger")
        owner.dispose()
