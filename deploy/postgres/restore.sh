#!/usr/bin/env bash
# Restores a backup and locks the restored database: it has forgotten mails that were sent after the backup was taken,
# and sends none until `steadypost db reconcile` has asked the provider (docs/backup.md). Stop the workers first.
#   restore.sh logical FILE DATABASE   into a new database of the server that PGHOST, PGPORT, PGUSER, PGPASSWORD name
#   restore.sh base BACKUP DATA        into a new data folder, to be run as the account that owns PostgreSQL's data
set -euo pipefail

fail() {
    echo "restore.sh: $*" >&2
    exit 1
}

lock_sending() {
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set reason="restored from $(basename "$backup")" "$@" <<'SQL'
UPDATE sending_epochs SET locked_at = clock_timestamp(), lock_reason = :'reason'
WHERE id = (SELECT max(id) FROM sending_epochs) AND locked_at IS NULL;
SQL
}

restore_logical() {
    createdb "$target" || fail "the database $target can't be made; is there one already? Name a new one"
    # Single transaction: a restore that fails leaves an empty database, never half of one.
    pg_restore --exit-on-error --single-transaction --no-owner --dbname="$target" "$backup" || fail "pg_restore failed"
    lock_sending --dbname="$target"
}

restore_base() {
    [[ ! -e $target || -z $(ls -A "$target") ]] || fail "$target is not empty; name a new data folder"
    pg_verifybackup --quiet "$backup" || fail "$backup is damaged, or no base backup"
    mkdir -p "$target"
    chmod 700 "$target"
    cp -a "$backup/." "$target"
    # Started once where nobody but this script reaches it, so that no worker finds it unlocked.
    socket=$(mktemp -d)
    trap 'pg_ctl --pgdata="$target" --silent --mode=fast --wait stop 2>/dev/null; rm -rf "$socket"' EXIT
    echo 'local all all trust' >"$socket/only_here.conf"
    pg_ctl --pgdata="$target" --silent --wait --timeout=600 --log="$target/restore.log" \
        --options="-c listen_addresses='' -c unix_socket_directories=$socket -c hba_file=$socket/only_here.conf" start ||
        fail "the restored server does not start; $target/restore.log says why"
    lock_sending --host="$socket" --dbname="${PGDATABASE:-steadypost}" --username="${PGUSER:-postgres}"
}

[[ $# -eq 3 ]] || fail "say which kind, what and whereto: restore.sh logical FILE DATABASE, or restore.sh base BACKUP DATA"
kind=$1 backup=$2 target=$3
[[ -e $backup ]] || fail "there is no backup $backup"
case $kind in
    logical) restore_logical ;;
    base) restore_base ;;
    *) fail "no kind of backup is called '$kind'; take logical or base" ;;
esac
echo "$target is restored; sending is locked until: steadypost db reconcile"
