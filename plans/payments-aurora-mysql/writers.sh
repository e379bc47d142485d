#!/bin/sh
# Ends the writers at the old server, or lets them in again: what `migrate cutover` and `migrate rollback` call. Repeatable.
#
#   SOURCE_OPTIONS   option file of the mysql client: host, user and password of an account with CREATE USER,
#                    CONNECTION_ADMIN and PROCESS
#   WRITER_ACCOUNTS  the accounts that applications log in with, as user@host, separated by spaces; never the one of DMS
set -eu
: "${SOURCE_OPTIONS:?option file of the mysql client for the old server}"
: "${WRITER_ACCOUNTS:?the accounts that applications log in with, as user@host}"
case "${1:-}" in
  fence) may=LOCK ;;
  unfence) may=UNLOCK ;;
  *) echo "usage: $0 fence|unfence" >&2; exit 2 ;;
esac
sql() { mysql --defaults-extra-file="$SOURCE_OPTIONS" --batch --skip-column-names --execute "$1"; }
set -f # A host may be %.
for account in $WRITER_ACCOUNTS; do
  user=${account%@*} host=${account##*@}
  case "$user$host" in *[\'\\]*) echo "$account: quotes and backslashes are not taken" >&2; exit 2 ;; esac
  sql "ALTER USER '$user'@'$host' ACCOUNT $may"
done
[ "$may" = LOCK ] || exit 0
# A lock keeps new connections out; who is in already would go on writing.
for account in $WRITER_ACCOUNTS; do
  user=${account%@*}
  for id in $(sql "SELECT id FROM information_schema.processlist WHERE user = '$user'"); do
    # It may have ended by itself in between.
    sql "KILL CONNECTION $id" || true
  done
  left=$(sql "SELECT COUNT(*) FROM information_schema.processlist WHERE user = '$user' AND command <> 'Killed'")
  [ "$left" = 0 ] || { echo "$account: $left connections are still there" >&2; exit 1; }
done
