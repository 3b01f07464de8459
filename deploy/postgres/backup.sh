#!/usr/bin/env bash
# A backup of the database that PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE name; prints where it lies.
#   backup.sh logical FOLDER   one file, for this database and any later PostgreSQL (pg_dump)
#   backup.sh base FOLDER      the whole server, to start on or to follow with archived WAL (pg_basebackup)
# What is not complete never bears its final name. KEEP (default 7) older ones of the kind stay, the rest goes.
set -euo pipefail

fail() {
    echo "backup.sh: $*" >&2
    exit 1
}

[[ $# -eq 2 ]] || fail "say which kind and where: backup.sh logical|base FOLDER"
kind=$1 folder=$2
[[ $kind == logical || $kind == base ]] || fail "no kind of backup is called '$kind'; take logical or base"
[[ ${KEEP:=7} =~ ^[1-9][0-9]*$ ]] || fail "KEEP='$KEEP' is no number of backups; take 1 or more"
mkdir -p "$folder" || fail "can't write to $folder"
umask 077  # addresses are in it
name=$folder/$kind-$(date -u +%Y%m%dT%H%M%SZ)
[[ ! -e $name ]] || fail "$name exists; wait a second"
partial=$name.partial
trap 'rm -rf "$partial"' EXIT

case $kind in
    logical)
        pg_dump --format=custom --compress="${COMPRESS:-6}" --file="$partial" || fail "pg_dump failed"
        # Not grep -q: it would end before pg_restore has said all, which pipefail takes for a failure.
        pg_restore --list "$partial" | grep 'TABLE DATA public sending_epochs' >/dev/null ||
            fail "${PGDATABASE:-the default database} is no database of Steadypost's"
        ;;
    base)
        pg_basebackup --pgdata="$partial" --wal-method=stream --checkpoint=fast || fail "pg_basebackup failed; the role needs REPLICATION"
        pg_verifybackup --quiet "$partial" || fail "the copy differs from its manifest"
        ;;
esac
sync
mv "$partial" "$name"
find "$folder" -maxdepth 1 -name "$kind-*Z" | sort -r | tail -n +"$((KEEP + 1))" | xargs -r -d '\n' rm -rf
echo "$name"
