#!/bin/sh
# An S3 server over a folder: `object_store.sh` serves, `object_store.sh check` asks it for its buckets.
set -eu
key=$(cut -d, -f1 /run/secrets/s3_auth_key)
secret=$(cut -d, -f2 /run/secrets/s3_auth_key)
export RCLONE_CONFIG=/tmp/rclone.conf RCLONE_AUTH_KEY="$key,$secret"
if [ "${1:-serve}" = check ]; then
    export RCLONE_CONFIG_SELF_TYPE=s3 RCLONE_CONFIG_SELF_PROVIDER=Other RCLONE_CONFIG_SELF_ENDPOINT=http://127.0.0.1:9000
    export RCLONE_CONFIG_SELF_ACCESS_KEY_ID="$key" RCLONE_CONFIG_SELF_SECRET_ACCESS_KEY="$secret"
    exec rclone lsd self: --retries 1
fi
mkdir -p /data/rul
exec rclone serve s3 /data --addr 0.0.0.0:9000 --vfs-cache-mode off
