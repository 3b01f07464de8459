#!/usr/bin/env bash
# Shows that a backup can be restored: drill.sh FILE restores a logical one into the database steadypost_drill of the
# server that PGHOST, PGPORT, PGUSER, PGPASSWORD name, counts what is in it, drops it, and says how long it took.
set -euo pipefail
[[ $# -eq 1 && -f $1 ]] || { echo "drill.sh: name a file that backup.sh logical made" >&2; exit 1; }
began=$(date +%s.%N)
trap 'dropdb --if-exists steadypost_drill' EXIT
"$(dirname "${BASH_SOURCE[0]}")/restore.sh" logical "$1" steadypost_drill >/dev/null
ended=$(date +%s.%N)
psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname=steadypost_drill \
    --set seconds="$(awk "BEGIN { printf \"%.1f\", $ended - $began }")" <<'SQL'
SELECT format('%s users, %s jobs, %s events, the last at %s; sending %s; restored in %s s',
              (SELECT count(*) FROM users), (SELECT count(*) FROM email_jobs), (SELECT count(*) FROM email_events),
              (SELECT max(at) FROM job_transitions), CASE WHEN locked_at IS NULL THEN 'OPEN' ELSE 'locked' END, :'seconds')
FROM sending_epochs ORDER BY id DESC LIMIT 1;
SQL
