#!/usr/bin/env bash
# What the official PostgreSQL image does at its first start, as far as docker-compose.yml relies on it: a cluster with
# a password for `postgres`, then the scripts of /docker-entrypoint-initdb.d against a server that only this script reaches.
set -euo pipefail

if [[ ${1:-} == postgres && ! -s $PGDATA/PG_VERSION ]]; then
    initdb --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" --auth-local=trust --auth-host=scram-sha-256 \
        --encoding=UTF8 >/dev/null
    echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
    pg_ctl --wait --options="-c listen_addresses=''" start >/dev/null
    for script in /docker-entrypoint-initdb.d/*.sh; do
        [[ ! -e $script ]] || bash "$script"
    done
    pg_ctl --wait --mode=fast stop >/dev/null
fi
exec "$@"
