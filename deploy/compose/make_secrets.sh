#!/bin/sh
# A secret of each kind in deploy/compose/secrets, or in the folder that is named. What is there is left alone,
# so that calling it again adds what a newer version wants. Two that belong together are made anew together.
# Needs openssl.
# The folder is yours alone; its files can be read by all, since each container has a user of its own.
set -eu
umask 077
folder=${1:-$(dirname "$0")/secrets}
mkdir -p "$folder"
cd "$folder"

keep() {  # NAME: what comes in, unless there is one
    if [ -s "$1" ]; then cat > /dev/null; else
        cat > "$1.new"
        chmod 444 "$1.new"
        mv "$1.new" "$1"
        echo "made $1"
    fi
}

lacks() {  # ONE OTHER: whether the pair is to be made; what is left of one is put aside
    if [ -s "$1" ] && [ -s "$2" ]; then return 1; fi
    for half in "$1" "$2"; do
        if [ -s "$half" ]; then
            mv "$half" "$half.before"
            echo "put $half aside as $half.before: what belongs to it is gone, so both are made anew"
        fi
    done
}

for name in postgres dagster rul_owner rul_api rul_worker rul_read rul_purge grafana; do
    openssl rand -hex 24 | keep "${name}_password"
done
printf 'whsec_%s\n' "$(openssl rand -base64 32)" | keep alert_webhook_secret
for name in webhook slack teams smtp apprise; do  # yours to fill in: an empty one is none
    [ -e "alert_$name" ] || { : > "alert_$name"; chmod 644 "alert_$name"; }
done
if lacks proxy_password proxy_users; then
    openssl rand -hex 24 | keep proxy_password
    openssl passwd -6 -stdin < proxy_password | sed 's/^/engineer:/' | keep proxy_users
fi
if lacks s3_auth_key s3_credentials; then
    key=$(openssl rand -hex 10) secret=$(openssl rand -hex 24)
    printf '%s,%s\n' "$key" "$secret" | keep s3_auth_key
    printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$key" "$secret" | keep s3_credentials
fi
if lacks tls_certificate tls_key; then
    # For a first look: signed by itself, so browsers warn. Put your own certificate and key in its place.
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 -subj /CN=localhost \
        -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" -keyout fresh_key -out fresh_certificate 2> /dev/null
    keep tls_key < fresh_key
    keep tls_certificate < fresh_certificate
    rm fresh_key fresh_certificate
fi
echo "Dagster's pages ask for 'engineer' and the password in $(pwd)/proxy_password"
