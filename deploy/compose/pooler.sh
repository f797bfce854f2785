#!/bin/sh
# PgBouncer with the passwords of the logins that come through it; `pooler.sh check` logs in and asks the database.
set -eu
if [ "${1:-serve}" = check ]; then
    PGPASSWORD=$(cat /run/secrets/rul_api_password)
    export PGPASSWORD
    exec psql --host=127.0.0.1 --port=6432 --username=rul_api --dbname=rul --no-psqlrc --quiet --command='SELECT 1' > /dev/null
fi
umask 077
for name in rul_api rul_worker; do
    printf '"%s" "%s"\n' "$name" "$(sed 's/"/""/g' "/run/secrets/${name}_password")"
done > /tmp/userlist.txt
exec pgbouncer /opt/rul/pgbouncer.ini
