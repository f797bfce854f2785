#!/bin/sh
# The token that Prometheus reads figures with; the service wants to see one before it listens to others.
set -eu
token=/var/lib/monitoring/rul_token
if [ ! -s "$token" ]; then
    rul token create --for prometheus --scope read --days 3650 > "$token.new"
    mv "$token.new" "$token"
fi
