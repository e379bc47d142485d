#!/bin/sh
# Ends the writers at the old PostgreSQL server, or lets them in again: what `migrate cutover` and `migrate rollback` call.
# Repeatable.
#
#   OLD_SERVER    connection string of psql for an account with CREATEROLE and pg_signal_backend; the password comes from
#                 PGPASSFILE
#   WRITER_ROLES  the roles that applications log in with, separated by spaces; never the one of DMS
set -eu
: "${OLD_SERVER:?connection string of psql for the old server}"
: "${WRITER_ROLES:?the roles that applications log in with}"
case "${1:-}" in
  fence) may=NOLOGIN ;;
  unfence) may=LOGIN ;;
  *) echo "usage: $0 fence|unfence" >&2; exit 2 ;;
esac
sql() { psql "$OLD_SERVER" --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --command "$1"; }
set -f
for role in $WRITER_ROLES; do
  case "$role" in *[!A-Za-z0-9_]*) echo "$role: no plain role name" >&2; exit 2 ;; esac
  sql "ALTER ROLE \"$role\" $may"
done
[ "$may" = NOLOGIN ] || exit 0
# Whoever is in already would go on writing.
for role in $WRITER_ROLES; do
  sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '$role'" >/dev/null
  left=$(sql "SELECT COUNT(*) FROM pg_stat_activity WHERE usename = '$role'")
  [ "$left" = 0 ] || { echo "$role: $left sessions are still there" >&2; exit 1; }
done
