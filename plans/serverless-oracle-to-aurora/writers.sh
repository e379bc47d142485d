#!/bin/sh
# Ends the writers at the old Oracle server, or lets them in again: what `migrate cutover` and `migrate rollback` call.
# Repeatable.
#
#   ORACLE_LOGON    connect string of sqlplus for an account with ALTER USER and ALTER SYSTEM, without a password:
#                   a wallet or the operating system signs it in
#   WRITER_SCHEMAS  the users that applications log in with, separated by spaces; never the one of DMS
set -eu
: "${ORACLE_LOGON:?connect string of sqlplus for the old server}"
: "${WRITER_SCHEMAS:?the users that applications log in with}"
case "${1:-}" in
  fence) may=LOCK ;;
  unfence) may=UNLOCK ;;
  *) echo "usage: $0 fence|unfence" >&2; exit 2 ;;
esac
sql() {
  printf 'whenever sqlerror exit failure\nset heading off feedback off pagesize 0\n%s\nexit\n' "$1" | sqlplus -S -L "$ORACLE_LOGON"
}
set -f
for user in $WRITER_SCHEMAS; do
  case "$user" in *[!A-Za-z0-9_\$#]*) echo "$user: no plain user name" >&2; exit 2 ;; esac
  sql "ALTER USER $user ACCOUNT $may;"
done
[ "$may" = LOCK ] || exit 0
# A lock keeps new sessions out; who is in already would go on writing.
for user in $WRITER_SCHEMAS; do
  sql "BEGIN
  FOR s IN (SELECT sid, serial# AS serial FROM v\$session WHERE username = UPPER('$user')) LOOP
    BEGIN
      EXECUTE IMMEDIATE 'ALTER SYSTEM KILL SESSION ''' || s.sid || ',' || s.serial || ''' IMMEDIATE';
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP;
END;
/"
  left=$(sql "SELECT COUNT(*) FROM v\$session WHERE username = UPPER('$user') AND status <> 'KILLED';" | tr -d '[:space:]')
  [ "$left" = 0 ] || { echo "$user: $left sessions are still there" >&2; exit 1; }
done
