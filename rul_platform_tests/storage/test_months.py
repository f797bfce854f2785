"""Predictions and feedback by month: nothing is refused, lost or there twice."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from rul_platform.core.ledger import chain_problems
from rul_platform.core.row_ids import new_id
from rul_platform.errors import RecordError
from rul_platform.operation.retention import let_go
from rul_platform.settings import Settings
from rul_platform.storage import months
from rul_platform.storage.database import connect, migrate
from rul_platform.storage.feedback import FeedbackStore
from rul_platform.storage.feedback_rows import NewFeedback
from rul_platform.storage.home import Home
from rul_platform.storage.ledger import LedgerStore
from rul_platform.storage.operation_tables import FEEDBACK, PREDICTION
from rul_platform.storage.predictions import PredictionLog, is_prediction
from rul_platform_tests.storage.at_once import in_threads
from rul_platform_tests.storage.rows import SHA, execute, insert

OLD = Path(__file__).with_name("data") / "tables_0006.sql"
MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAR = datetime(2031, 7, 15, tzinfo=UTC)


@pytest.fixture
def divided(postgres: str) -> Iterator[sa.Engine]:
    """PostgreSQL with one version and no prediction."""
    yield from _database(postgres, "rul_divided", lambda engine: migrate(engine))


def _database(postgres: str, name: str, fill: Callable[[sa.Engine], object]) -> Iterator[sa.Engine]:
    admin = connect(postgres).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine = connect(sa.make_url(postgres).set(database=name))
    fill(engine)
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


def predict(engine: sa.Engine, at: datetime, unit: str = "u1") -> str:
    with engine.connect() as connection:
        if connection.exec_driver_sql("SELECT count(*) FROM model_version").scalar() == 0:
            execute(engine, insert("model_version"))
    return PredictionLog(engine).record(
        plant="press", unit=unit, number=1, sha256=SHA, life=5, rul=3, rul_low=2, rul_high=4, now=at
    )


def rate(engine: sa.Engine, prediction: str, at: datetime, person: str = "b") -> tuple[str, bool]:
    entry = NewFeedback(
        prediction_id=prediction, rating="negative", reason=None, person=person * 64,
        created_at=at, salt="0" * 32,
    )  # fmt: skip
    added = FeedbackStore(engine).add(entry)
    return added.id, added.is_new


def rows_in(engine: sa.Engine, table: str) -> int:
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()  # noqa: S608


def looks_into(engine: sa.Engine, question: sa.Select[Any]) -> set[str]:
    """The tables that PostgreSQL would read for it."""
    compiled = question.compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {compiled}".replace("%", "%%"))
        found: set[str] = set()

        def walk(node: dict[str, Any]) -> None:
            found.update({node["Relation Name"]} if "Relation Name" in node else ())
            for inner in node.get("Plans", ()):
                walk(inner)

        walk(plan.scalar_one()[0]["Plan"])
    return found


def everything(engine: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, whichever way a table keeps them."""
    parts = (
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
        "AND relkind IN ('r', 'p') AND NOT relispartition "
        "AND relname NOT IN ('alembic_version', 'feedback_key')"
    )
    with engine.connect() as connection:
        names = connection.scalars(sa.text(parts)).all()
        rows = {
            name: connection.exec_driver_sql(f"SELECT * FROM {name} ORDER BY 1, 2").all()  # noqa: S608
            for name in names
        }
    return {name: [tuple(row) for row in found] for name, found in rows.items()}


def test_an_old_dump_is_brought_to_this_version_and_nothing_is_lost(postgres: str):
    def restore(engine: sa.Engine) -> None:
        with engine.begin() as connection:
            cursor = connection.connection.cursor()
            cursor.execute(OLD.read_text(encoding="utf-8"))
            cursor.execute("SELECT set_config('search_path', 'public', false)")

    for engine in _database(postgres, "rul_old", restore):
        before = everything(engine)
        assert all(before.values())
        assert {len(before["prediction"]), len(before["feedback"])} == {11, 8}

        migrate(engine)

        after = everything(engine)
        assert [name for name in after if name not in before] == ["ended_session"]
        assert {name: after[name] for name in before} == before
        assert rows_in(engine, "prediction_default") == rows_in(engine, "feedback_default") == 0
        assert rows_in(engine, "prediction_2025_11") == 1  # 23:59:59.999999 on its last day
        assert rows_in(engine, "feedback_2025_12") == 2
        assert rows_in(engine, "feedback_key") == 7  # nobody stands behind the eighth any more
        assert not chain_problems(LedgerStore(engine).all())
        with pytest.raises(DBAPIError, match="UPDATE refused: prediction is a record"):
            execute(engine, "UPDATE prediction SET rul = 1")
        with pytest.raises(DBAPIError, match="DELETE refused: feedback is a record"):
            execute(engine, "DELETE FROM feedback")
        with pytest.raises(DBAPIError, match="TRUNCATE refused: feedback is a record"):
            execute(engine, "TRUNCATE feedback")
        old = before["prediction"][0][0]
        assert PredictionLog(engine).get(str(old)).id == old


def test_nothing_is_refused_for_its_moment_and_moves_once_its_month_is_made(divided: sa.Engine):
    prediction = predict(divided, FAR)
    rating, _ = rate(divided, prediction, FAR)
    assert (rows_in(divided, "prediction_default"), rows_in(divided, "feedback_default")) == (1, 1)

    made = months.add_ahead(divided, datetime.now(UTC))

    assert made == 2
    assert (rows_in(divided, "prediction_default"), rows_in(divided, "feedback_default")) == (0, 0)
    assert (rows_in(divided, "prediction_2031_07"), rows_in(divided, "feedback_2031_07")) == (1, 1)
    assert PredictionLog(divided).get(prediction).created_at == FAR
    assert rate(divided, prediction, FAR + timedelta(days=1)) == (rating, False)
    assert months.add_ahead(divided, datetime.now(UTC)) == 0
    predict(divided, FAR + timedelta(days=40))
    assert rows_in(divided, "prediction_default") == 1  # it still takes what has no month


def test_months_may_be_made_by_several_at_once(divided: sa.Engine):
    made = in_threads(lambda _: months.add_ahead(divided, FAR), 4)

    assert sorted(made) == [0, 0, 0, 8]


def test_one_id_is_one_row_whatever_the_month(divided: sa.Engine):
    """An id of ours names its moment; another one is looked for in all months."""
    prediction = predict(divided, MARCH)
    again = insert("prediction", ("'p'", f"'{prediction}'"))
    with pytest.raises(IntegrityError, match="ck_prediction_id"):
        execute(divided, again)
    moment = ("2026-03-01 00:00:00.000000", "2026-03-01 12:00:00+00")
    twice = insert("prediction", ("'p'", f"'{prediction}'"), moment)
    with pytest.raises(IntegrityError, match="duplicate key"):
        execute(divided, twice)

    execute(divided, insert("prediction"))
    other = insert("prediction", ("2026-03-01", "2026-05-01"))
    with pytest.raises(IntegrityError, match="prediction p is there already"):
        execute(divided, other)


def test_one_person_rates_once_whatever_the_month(divided: sa.Engine):
    first, second = predict(divided, MARCH), predict(divided, MARCH + timedelta(days=1))
    rating, is_new = rate(divided, first, MARCH)
    assert is_new
    assert rate(divided, first, MARCH + timedelta(days=70)) == (rating, False)  # of the prediction
    assert rate(divided, second, MARCH + timedelta(minutes=5)) == (
        rating,
        False,
    )  # that unit and day
    assert rate(divided, second, MARCH + timedelta(days=70))[1]
    assert rate(divided, first, MARCH, person="c")[1]
    assert FeedbackStore(divided).forget(["b" * 64]) == 2
    assert rows_in(divided, "feedback_key") == 1
    assert rows_in(divided, "feedback") == 3


def test_questions_look_into_their_months_alone(divided: sa.Engine):
    for month in range(1, 7):
        at = MARCH.replace(month=month)
        months_of = sa.select(sa.func.add_month("prediction", sa.cast(at.date(), sa.Date)))
        with divided.begin() as connection:
            connection.execute(months_of)
            connection.execute(
                sa.select(sa.func.add_month("feedback", sa.cast(at.date(), sa.Date)))
            )
    p, f = PREDICTION.c, FEEDBACK.c
    since = MARCH.replace(month=5)
    later = sa.select(p.id).where(p.plant == "press", p.created_at >= since, p.created_at < FAR)
    unclaimed = sa.select(f.id).where(f.plant == "press", f.created_at >= since)

    assert looks_into(divided, sa.select(PREDICTION).where(*is_prediction(new_id(MARCH)))) == {
        "prediction_2026_03"
    }
    both = new_id(MARCH), new_id(MARCH.replace(month=4))
    assert looks_into(divided, sa.select(PREDICTION).where(*is_prediction(*both))) == {
        "prediction_2026_03",
        "prediction_2026_04",
    }
    assert not {f"prediction_2026_0{n}" for n in range(1, 5)} & looks_into(divided, later)
    assert not {f"feedback_2026_0{n}" for n in range(1, 5)} & looks_into(divided, unclaimed)


@pytest.fixture
def home(database_url: str, tmp_path: Path) -> Iterator[Home]:
    environ = {"RUL_HOME": str(tmp_path / "home"), "RUL_DATABASE_URL": database_url}
    home = Home(Settings.read(environ), clock=lambda: MARCH)
    yield home
    home.engine.dispose()


def test_old_months_go_unless_something_needs_them(home: Home):
    engine = home.engine
    old, older, still_here = (MARCH.replace(year=2024, month=month) for month in (5, 4, 6))
    predict(engine, old, "u1")
    rate(engine, predict(engine, older, "u2"), older)  # waits to be counted
    running = [predict(engine, at, "u3") for at in (still_here, MARCH)]
    predict(engine, still_here, "u4")

    went = let_go(home, 12, MARCH)

    assert [(each.first.month, each.rows) for each in went] == [(4, None), (5, 1), (6, None)]
    assert went[0].needed == "ratings of it wait to be counted"
    assert went[2].needed == "unit u3 still runs: what was said of it is compared with its end"
    assert [row.body for row in home.ledger.of_kind("purge")] == [
        '{"answers":1,"feedback":0,"keys":0,"month":"2024-05"}'
    ]
    home.feedback.roll_up()
    execute(engine, insert("outcome", ("'u1'", "'u3'")))
    assert [each.rows for each in let_go(home, 12, MARCH)] == [1, 2]
    assert PredictionLog(engine).get(running[1]).unit == "u3"
    assert let_go(home, 12, MARCH) == ()
    assert rows_in(engine, "feedback") == 1
    with pytest.raises(RecordError, match="7 or more: six months are the least"):
        let_go(home, 6, MARCH)


def test_the_database_itself_keeps_six_months(divided: sa.Engine):
    now = datetime.now(UTC)
    predict(divided, now)

    with pytest.raises(DBAPIError, match=r"month refused: found .*, expected one that ended six"):
        months.drop(divided, now.date())
