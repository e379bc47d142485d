#!/bin/sh
# Ends the writers at the old server, or lets them in again: what `migrate cutover` and `migrate rollback` call. Repeatable.
#
#   SOURCE_DSN    how to reach the old server as a superuser (`host=... dbname=...`; the password from ~/.pgpass)
#   WRITER_ROLES  the roles that applications log in with, separated by spaces; never the one of DMS
set -eu
: "${SOURCE_DSN:?how to reach the old server as a superuser}"
: "${WRITER_ROLES:?the roles that applications log in with}"
case "${1:-}" in
  fence) may=NOLOGIN ;;
  unfence) may=LOGIN ;;
  *) echo "usage: $0 fence|unfence" >&2; exit 2 ;;
esac
for role in $WRITER_ROLES; do
  psql "$SOURCE_DSN" -v ON_ERROR_STOP=1 -v role="$role" -q <<SQL
ALTER ROLE :"role" $may;
SQL
  if [ "$may" = NOLOGIN ]; then
    # Who is in already would go on writing.
    psql "$SOURCE_DSN" -v ON_ERROR_STOP=1 -v role="$role" -q -o /dev/null <<'SQL'
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = :'role' AND pid <> pg_backend_pid();
SQL
  fi
done
