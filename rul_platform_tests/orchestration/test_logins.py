"""Dagster's runs on PostgreSQL, as `rul_worker`: all but forgetting persons."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from rul_platform.operation import privacy
from rul_platform.operation.audit.verify import HOLDS, verify
from rul_platform.orchestration.code_location import build_defs
from rul_platform.orchestration.instance import open_instance
from rul_platform.orchestration.pipeline import Pipeline
from rul_platform.settings import Settings
from rul_platform.storage.database import connect
from rul_platform.storage.home import Home
from rul_platform.storage.plant_examples import write_simulated_pumps
from rul_platform_tests.orchestration.conftest import PUMPS, WHOLE_WAY, Works
from rul_platform_tests.orchestration.sensors.conftest import NOW, PLANT, add_plant, rate
from rul_platform_tests.storage.roles import as_login, with_roles

_NUMBERS = count(1)


@pytest.fixture
def url(postgres: str) -> Iterator[str]:
    """A database with the five roles and the tables, gone after the test."""
    admin = connect(postgres).execution_options(isolation_level="AUTOCOMMIT")
    name = f"rul_orchestration_{next(_NUMBERS)}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    made = sa.make_url(postgres).set(database=name).render_as_string(hide_password=False)
    with_roles(made)
    yield made
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


def home_of(url: str, login: str, folder: Path) -> Home:
    environ = {
        "RUL_HOME": str(folder),
        "RUL_CMAPSS_URL": "",
        "RUL_DATABASE_URL": as_login(url, login),
    }
    return Home(Settings.read(environ), clock=lambda: NOW)


def run(works: Works, job: str) -> None:
    definitions = build_defs(works.home, executor=dg.in_process_executor)
    assert definitions.resolve_job_def(job).execute_in_process(instance=works.instance).success


def test_retention_is_left_to_who_may_forget_and_overdue_it_alerts(url: str, tmp_path: Path):
    home = home_of(url, "rul_worker", tmp_path)
    with dg.DagsterInstance.ephemeral() as instance:
        works = Works(home, instance, Pipeline(home, instance))
        add_plant(works, PLANT)
        rate(home, PLANT, negative=1)
        run(works, "retention")
        assert home.alerts.recent(5) == ()

        home.now = lambda: NOW + timedelta(days=400)
        run(works, "retention")
        (alert,) = home.alerts.recent(5)
        assert (alert.kind, alert.severity) == ("retention", "critical")
        assert "`rul privacy purge` as rul_purge" in alert.text
        assert home.feedback.recent(PLANT, 1)[0].person is not None

        purger = home_of(url, "rul_purge", tmp_path)
        assert privacy.purge(purger, home.now()).feedback == 1
        assert not privacy.is_overdue(home, home.now())
        purger.engine.dispose()
    home.engine.dispose()


@pytest.mark.long
def test_the_whole_graph_runs_as_the_worker(url: str, tmp_path: Path):
    """From raw data to a deployed model, and the night's jobs after it."""
    home = home_of(url, "rul_worker", tmp_path / "home")
    home.plants.mkdir(parents=True)
    write_simulated_pumps(home.plants)
    with open_instance(home) as instance:
        works = Works(home, instance, Pipeline(home, instance))
        works.run(*WHOLE_WAY)
        champion = home.registry.champion(PUMPS)
        assert champion is not None
        for job in ("nightly_audit", "nightly_check", "fallback_fire_drill"):
            run(works, job)
    auditor = home_of(url, "rul_read", tmp_path / "home")
    assert verify(auditor).exit_code == HOLDS
    auditor.engine.dispose()
    home.engine.dispose()
