#!/bin/sh
# Dagster takes its password from the environment alone; DAGSTER_POSTGRES_PASSWORD_FILE names the file that holds it.
set -eu
if [ -n "${DAGSTER_POSTGRES_PASSWORD_FILE:-}" ]; then
    DAGSTER_POSTGRES_PASSWORD=$(cat "$DAGSTER_POSTGRES_PASSWORD_FILE")
    export DAGSTER_POSTGRES_PASSWORD
fi
exec "$@"
