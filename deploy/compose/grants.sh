#!/bin/sh
# What each role may do, once the tables were made or changed.
set -eu
PGPASSWORD=$(cat /run/secrets/postgres_password)
export PGPASSWORD
exec psql --host=database --username=postgres --dbname=rul --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
    --single-transaction --file=/opt/rul/postgres_roles.sql
