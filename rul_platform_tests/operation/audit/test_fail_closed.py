"""Where the ledger cannot be written, nothing is decided; answers do not need it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from rul_platform.operation import deploying
from rul_platform.storage.database import writing
from rul_platform.storage.home import Home
from rul_platform.storage.retrains import SYSTEM
from rul_platform_tests.operation.rated_plant import NOW, PRESS, predict, put_in_charge, rate

LATER = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture
def sealed(home: Home) -> Home:
    """A plant at work whose ledger takes no more rows."""
    put_in_charge(home)
    put_in_charge(home, seed=1)
    rate(home, 2, 2)
    with writing(home.engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(
                "CREATE TRIGGER no_room BEFORE INSERT ON ledger FOR EACH ROW "
                "EXECUTE FUNCTION refuse_change('no room')"
            )
        else:
            refuse = "BEGIN SELECT RAISE(ABORT, 'no room'); END"
            connection.exec_driver_sql(f"CREATE TRIGGER no_room BEFORE INSERT ON ledger {refuse}")
    return home


def test_nothing_is_deployed_rolled_back_or_frozen(sealed: Home):
    before = (
        sealed.registry.deployments(PRESS), sealed.registry.versions(PRESS), sealed.ledger.rows(),
        sealed.feedback.recent(PRESS, 9),
    )  # fmt: skip
    number = sealed.registry.register(PRESS, "f" * 64, now=LATER).number
    attempts = (
        lambda: sealed.registry.deploy(
            PRESS, number, expected_champion=2, evidence={"kind": "forced"}, now=LATER
        ),
        lambda: sealed.registry.rollback(PRESS, actor=SYSTEM, reason="worse", now=LATER),
        lambda: deploying.freeze(sealed, PRESS, actor=SYSTEM, reason="overhaul", now=LATER),
    )
    for attempt in attempts:
        with pytest.raises(DBAPIError, match="no room"):
            attempt()
    assert sealed.freezes.current(PRESS) is None
    assert sealed.registry.champion(PRESS).number == 2
    after = (
        sealed.registry.deployments(PRESS), sealed.registry.versions(PRESS)[:2], sealed.ledger.rows(),
        sealed.feedback.recent(PRESS, 9),
    )  # fmt: skip
    assert after == before


def test_answers_and_ratings_go_on(sealed: Home):
    assert predict(sealed, "u1")
    assert len(rate(sealed, 1, 1, at=NOW + timedelta(days=1), tag="later")) == 2
