#!/bin/sh
# The two databases and their logins. PostgreSQL's image runs this when it makes its data folder. After a password's
# file was made anew, restart `database` first (a container sees the file that was there when it started), then
#   docker compose exec database sh /docker-entrypoint-initdb.d/logins.sh
set -eu

sql() { psql --username=postgres --no-psqlrc --quiet --set=ON_ERROR_STOP=1 "$@"; }

# Dagster's tables live apart from the platform's, since both keep one named alembic_version.
sql <<'SQL'
SELECT 'CREATE ROLE dagster LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dagster') \gexec
SELECT 'CREATE DATABASE dagster OWNER dagster' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'dagster') \gexec
SELECT 'CREATE DATABASE rul' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'rul') \gexec
REVOKE ALL ON DATABASE dagster FROM PUBLIC;
SQL
sql --single-transaction --dbname=rul --file=/opt/rul/postgres_roles.sql

for name in postgres dagster rul_owner rul_api rul_worker rul_read rul_purge; do
    # psql reads the file itself: an argument could be seen by others.
    PASSWORD_FILE="/run/secrets/${name}_password" sql --set=name="$name" <<'SQL'
\set password `cat "$PASSWORD_FILE"`
ALTER ROLE :"name" PASSWORD :'password';
SQL
done
