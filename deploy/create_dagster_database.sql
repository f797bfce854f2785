-- Run once, when PostgreSQL makes its data folder: Dagster's tables live apart from the platform's, since
-- both keep one named alembic_version.
CREATE DATABASE dagster;
