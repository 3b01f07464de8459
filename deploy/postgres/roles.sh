#!/usr/bin/env bash
# Runs once, at the first start of an empty PostgreSQL: the application's role owns its database and nothing else.
# The password is read by psql itself, so that no command line shows it.
set -euo pipefail
psql --username postgres --set ON_ERROR_STOP=1 --quiet <<'SQL'
\set password `cat /run/secrets/postgres_app_password`
CREATE ROLE steadypost LOGIN PASSWORD :'password' CONNECTION LIMIT 90;
CREATE DATABASE steadypost OWNER steadypost;
REVOKE ALL ON DATABASE steadypost FROM PUBLIC;
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
SQL
