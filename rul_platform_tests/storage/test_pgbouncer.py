"""The same tests through a PgBouncer in transaction mode, with two connections to the server for all.

Chosen are those where many write at once, where rows are read a few at a time, and where a lock or a
session's setting is in play. And who may come through: whoever knows the password, PgBouncer included.
"""

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from rul_platform.storage.database import connect
from rul_platform_tests.databases import postgres_databases
from rul_platform_tests.pgbouncer import LOGIN, PASSWORD, Through, running, through
from rul_platform_tests.storage.test_copies import (  # noqa: F401  pytest finds them
    target,
    test_a_plants_rows_are_copied_from_either_database,
)
from rul_platform_tests.storage.test_database import (  # noqa: F401  pytest finds them
    test_a_migration_that_fails_leaves_nothing,
    test_a_transaction_that_fails_writes_nothing,
    test_eight_may_start_at_once,
    test_more_callers_than_connections_wait_for_their_turn,
)
from rul_platform_tests.storage.test_feedback import (  # noqa: F401  pytest finds them
    feedback,
    test_a_claim_takes_what_was_counted_and_nothing_else,
    test_persons_are_forgotten_after_a_time,
)
from rul_platform_tests.storage.test_feedback_counts import (  # noqa: F401  pytest finds them
    test_a_row_that_commits_after_a_later_one_was_counted_is_counted_then,
    test_roll_ups_at_once_count_each_row_once,
)
from rul_platform_tests.storage.test_ledger import (  # noqa: F401  pytest finds them
    ledger,
    test_many_writers_make_one_chain,
    test_nobody_changes_a_row,
    test_rows_are_read_in_pages_and_by_plant_and_kind,
)
from rul_platform_tests.storage.test_models_at_once import (  # noqa: F401  pytest finds them
    test_eight_registrations_at_once_get_eight_numbers,
    test_of_eight_deployments_at_once_one_wins,
)
from rul_platform_tests.storage.test_predictions import (  # noqa: F401  pytest finds them
    log,
    test_answers_are_given_oldest_first_without_what_was_only_asked,
    test_eight_answers_at_once_are_all_kept,
)
from rul_platform_tests.storage.test_retrains import (  # noqa: F401  pytest finds them
    retrains,
    test_a_retrain_is_asked_for_begun_and_ended,
    test_of_many_that_ask_at_once_one_is_let_through,
)
from rul_platform_tests.storage.test_studies import (  # noqa: F401  pytest finds them
    test_trials_and_our_tables_share_a_database_and_leave_each_other_alone,
)


@pytest.fixture
def new_database(
    postgres: str, migrated_postgres: str, pgbouncer: Through
) -> Iterator[Callable[..., str]]:
    """Databases of the tests' PostgreSQL, by way of PgBouncer."""
    with postgres_databases(postgres, migrated_postgres) as create:
        yield lambda *, tables=False: pgbouncer(create(tables=tables))


def logged_in(url: str) -> str:
    """How the server was shown who asks; PgBouncer is asked by SCRAM-SHA-256 or not at all."""
    only = sa.make_url(url).update_query_dict({"require_auth": "scram-sha-256"})
    engine = connect(only.render_as_string(hide_password=False))
    with engine.connect() as connection:
        told = connection.exec_driver_sql("SELECT system_user").scalar_one()
    engine.dispose()
    return told


def test_a_login_proves_itself_to_pgbouncer_and_through_it_to_the_server(
    postgres: str, pgbouncer: Through
):
    """PgBouncer holds no password here: what the client proved is all that it can show."""
    assert logged_in(pgbouncer(postgres)) == f"scram-sha-256:{LOGIN}"


@pytest.mark.usefixtures("pgbouncer")
def test_pgbouncer_may_hold_the_password_itself(postgres: str):
    with running(postgres, PASSWORD) as folder:
        assert logged_in(through(postgres, folder)) == f"scram-sha-256:{LOGIN}"


def test_a_wrong_password_is_refused_by_pgbouncer(postgres: str, pgbouncer: Through):
    url = sa.make_url(pgbouncer(postgres)).set(password="wrong")  # noqa: S106  that is the point

    with pytest.raises(sa.exc.OperationalError, match="SASL authentication failed"):
        logged_in(url.render_as_string(hide_password=False))


@pytest.mark.usefixtures("pgbouncer")
def test_a_wrong_password_of_pgbouncer_is_refused_by_the_server(postgres: str):
    with (
        running(postgres, "wrong") as folder,
        pytest.raises(sa.exc.OperationalError, match="password authentication failed"),
    ):
        logged_in(through(postgres, folder, password="wrong"))  # noqa: S106  that is the point
