#!/usr/bin/env bash
# What the official PostgreSQL image does at its first start, as far as docker-compose.yml and the tests rely on it: a
# cluster with a password for its owner, then the scripts of /docker-entrypoint-initdb.d against a server that only this
# script reaches.
set -euo pipefail

if [[ $EUID -eq 0 && ${1:-} == postgres ]]; then
    chown postgres:postgres "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi
if [[ ${1:-} == postgres && ! -s $PGDATA/PG_VERSION ]]; then
    owner=${POSTGRES_USER:-postgres}
    password=${POSTGRES_PASSWORD:-$(<"${POSTGRES_PASSWORD_FILE:-/dev/null}")}
    initdb --username="$owner" --pwfile=<(echo "$password") --auth-local=trust --auth-host=scram-sha-256 \
        --encoding=UTF8 >/dev/null
    echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
    echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
    pg_ctl --wait --options="-c listen_addresses=''" start >/dev/null
    for script in /docker-entrypoint-initdb.d/*.sh; do
        [[ ! -e $script ]] || bash "$script"
    done
    pg_ctl --wait --mode=fast stop >/dev/null
fi
exec "$@"
