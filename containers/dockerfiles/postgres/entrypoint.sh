#!/bin/sh
# Initializes the database on the first start, and becomes the server.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    method="${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}"
    if [ "$method" != trust ] && [ -z "${POSTGRES_PASSWORD:-}" ]; then
        echo "set POSTGRES_PASSWORD, or POSTGRES_HOST_AUTH_METHOD=trust to let everybody in" >&2
        exit 1
    fi
    umask 077
    printf '%s' "${POSTGRES_PASSWORD:-unused}" >/tmp/password
    initdb -D "$PGDATA" -U "${POSTGRES_USER:-postgres}" -E UTF8 --no-sync \
        --auth-local=trust --auth-host="$method" --pwfile=/tmp/password >/dev/null
    rm /tmp/password
    # As in the official image: a database of the user's name, unless POSTGRES_DB names another one.
    database="${POSTGRES_DB:-${POSTGRES_USER:-postgres}}"
    [ "$database" = postgres ] || echo "CREATE DATABASE \"$database\"" | postgres --single -D "$PGDATA" postgres >/dev/null
    echo "host all all all $method" >>"$PGDATA/pg_hba.conf"
fi
exec postgres -c listen_addresses='*' -c unix_socket_directories=/tmp "$@"
