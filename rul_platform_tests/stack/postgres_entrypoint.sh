#!/bin/sh
# What PostgreSQL's image does before its server starts: at the first start a data folder, with the scripts in
# /docker-entrypoint-initdb.d run against a server that nobody else can reach.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # shellcheck disable=SC2086  # the arguments are several
    initdb --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth-local=trust $POSTGRES_INITDB_ARGS > /dev/null
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    pg_ctl --wait --silent --options="-c listen_addresses='' -k /run/postgresql" start
    for script in /docker-entrypoint-initdb.d/*.sh; do PGHOST=/run/postgresql sh "$script"; done
    pg_ctl --wait --silent --mode=fast stop
fi
exec "$@" -c listen_addresses='*' -k /run/postgresql
