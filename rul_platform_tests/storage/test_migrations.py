"""A database of an earlier version is brought up to date with what it holds."""

from alembic import command
from alembic.config import Config

from rul_platform.storage.database import MIGRATIONS, connect, migrate, writing
from rul_platform.storage.models import ModelRegistry
from rul_platform.storage.predictions import PredictionLog
from rul_platform_tests.storage.rows import insert

FIRST = ("model_version", "deployment", "prediction")
"""Tables of migration 0001 whose rows later ones changed."""


def test_what_the_first_version_kept_is_read_by_this_one(empty_database_url: str):
    engine = connect(empty_database_url)
    config = Config()
    config.set_main_option("script_location", MIGRATIONS)
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for table in FIRST:
            connection.exec_driver_sql(insert(table))

    migrate(engine)

    kept = PredictionLog(engine).get("p")
    assert (kept.rul, kept.role, kept.raw_rul, kept.is_strange) == (3.0, "champion", None, False)
    champion = ModelRegistry(engine).champion("press")
    assert champion is not None
    assert champion.cleaned_at is None
    assert ModelRegistry(engine).deployments("press")[0].kind == "promotion"
    engine.dispose()
