"""How Alembic runs a step: in the transaction that ``database.migrate`` opened."""

from alembic import context

from rul_platform.storage.operation_tables import METADATA


def run() -> None:
    """Run the steps that are missing."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=METADATA)
    with context.begin_transaction():
        context.run_migrations()


if __name__ == "env_py":  # Alembic's name for it; any other import, of a test run, starts nothing
    run()
