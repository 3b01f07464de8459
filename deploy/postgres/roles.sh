#!/usr/bin/env bash
# Runs once, at the first start of an empty PostgreSQL: three roles, none of which may more than its work needs.
#   steadypost_owner  migrates: owns the database and its tables
#   steadypost_app    web and workers: changes rows, and no tables
#   steadypost_read   dashboards and reports: reads, without addresses and webhook bodies; migrations grant it
# Passwords are read by psql itself, so that no command line shows them.
set -euo pipefail
export SECRETS=${SECRETS:-/run/secrets}
psql --username "${POSTGRES_USER:-postgres}" --no-psqlrc --set ON_ERROR_STOP=1 --quiet <<'SQL'
\set owner_password `cat "$SECRETS/postgres_owner_password"`
\set app_password `cat "$SECRETS/postgres_app_password"`
\set read_password `cat "$SECRETS/postgres_read_password"`
CREATE ROLE steadypost_owner LOGIN PASSWORD :'owner_password' CONNECTION LIMIT 5;
CREATE ROLE steadypost_app LOGIN PASSWORD :'app_password' CONNECTION LIMIT 90;
CREATE ROLE steadypost_read LOGIN PASSWORD :'read_password' CONNECTION LIMIT 5;
-- The application asks for these itself (system/storage/database.py); here for a pooler that drops what it asks.
ALTER ROLE steadypost_app SET synchronous_commit = on;
ALTER ROLE steadypost_app SET statement_timeout = '60s';
ALTER ROLE steadypost_app SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE steadypost_read SET default_transaction_read_only = on;
ALTER ROLE steadypost_read SET statement_timeout = '30s';
CREATE DATABASE steadypost OWNER steadypost_owner;
REVOKE ALL ON DATABASE steadypost FROM PUBLIC;
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE steadypost TO steadypost_app;
GRANT CONNECT ON DATABASE steadypost TO steadypost_read;
\connect steadypost
ALTER SCHEMA public OWNER TO steadypost_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO steadypost_app, steadypost_read;
SET ROLE steadypost_owner;
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO steadypost_app;
ALTER DEFAULT PRIVILEGES GRANT SELECT, USAGE, UPDATE ON SEQUENCES TO steadypost_app;
SQL
