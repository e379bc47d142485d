#!/usr/bin/env bash
# The attacks that a test cannot hold: they need another user, minutes of waiting, or a browser. Run from the project's
# root with a built binary; each part says what must be seen. Needs curl; some parts need root or python3.
#
#   BIN=target/release/migrate tests/attacks/by_hand.sh
set -u
BIN=$(realpath "${BIN:-target/release/migrate}")
WORK=$(mktemp -d); cd "$WORK" || exit 1
trap 'kill "${SERVER:-}" 2>/dev/null; cd /; rm -rf "$WORK"' EXIT
failed=0
part() { printf '\n== %s\n' "$*"; }
must() { if eval "$2"; then echo "  ok: $1"; else echo "  FAILED: $1"; failed=1; fi; }
serve() { "$BIN" sandbox serve --port 0 "$@" >serve.out 2>serve.err & SERVER=$!; for _ in $(seq 100); do [ -s serve.out ] && break; sleep 0.1; done; URL=$(head -1 serve.out); }
quit() { kill -TERM "$SERVER"; wait "$SERVER" 2>/dev/null; SERVER=; }
cat >plan.yaml <<'Y'
Parameters: {Pw: {Type: String, NoEcho: true}}
Resources:
  S: {Type: 'AWS::SecretsManager::Secret', Properties: {SecretString: !Ref Pw}}
  T: {Type: 'AWS::SNS::Topic'}
Y

part "another user of the machine reads no state (needs root)"
"$BIN" up plan.yaml --sandbox --yes --set Pw=correct-horse >/dev/null 2>&1
must "every file below .migrate is 0600, every folder 0700" '[ -z "$(find .migrate \( -type f ! -perm 600 -o -type d ! -perm 700 \))" ]'
if [ "$(id -u)" = 0 ] && id nobody >/dev/null 2>&1; then
  chmod 755 "$WORK"
  must "nobody cannot list it" '! su -s /bin/sh nobody -c "ls $WORK/.migrate" >/dev/null 2>&1'
fi

part "a sticky folder that everybody may write: what another user planted there is not used (needs root)"
if [ "$(id -u)" = 0 ] && id nobody >/dev/null 2>&1; then
  mkdir shared; chmod 1777 shared; cp plan.yaml shared/
  su -s /bin/sh nobody -c "mkdir -p $WORK/shared/.migrate/sandbox/plan-default && ln -s /etc/passwd $WORK/shared/.migrate/sandbox/plan-default/journal.jsonl"
  before=$(sha256sum /etc/passwd)
  (cd shared && "$BIN" up plan.yaml --sandbox --yes --set Pw=x >/dev/null 2>&1)
  must "/etc/passwd is as it was" '[ "$before" = "$(sha256sum /etc/passwd)" ]'
fi

part "slow heads: a connection that sends one byte a second is closed within about a minute"
serve
host=${URL#http://}
began=$(date +%s)
(printf 'POST / HTTP/1.1\r\nHost: '; for _ in $(seq 120); do printf x; sleep 1; done) | timeout 130 bash -c "exec 3<>/dev/tcp/${host%:*}/${host#*:}; cat >&3 & cat <&3" >/dev/null 2>&1
must "it was closed ($(($(date +%s)-began)) s)" '[ $(($(date +%s)-began)) -lt 125 ]'

part "slow bodies: one byte, then silence, is given up within half a minute"
began=$(date +%s)
(printf 'POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000\r\n\r\nA' "$host"; sleep 60) | timeout 70 bash -c "exec 3<>/dev/tcp/${host%:*}/${host#*:}; cat >&3 & cat <&3" >answer 2>&1
must "it was answered or closed" '[ $(($(date +%s)-began)) -lt 65 ]'

part "an endless upload: memory stays bounded"
timeout 60 curl -s -o /dev/null -X PUT -H 'Transfer-Encoding: chunked' -T /dev/zero "$URL/bucket/key"
must "the server uses less than 1.5 GiB" '[ "$(ps -o rss= -p "$SERVER")" -lt 1572864 ]'
must "it still answers" 'curl -s -o /dev/null "$URL/"'
quit

part "few descriptors: 64 are allowed, 200 clients come; the processor is not spun, others are still answered"
( ulimit -n 64; exec "$BIN" sandbox serve --port 0 >serve.out 2>serve.err ) & SERVER=$!
: >serve.out; for _ in $(seq 100); do [ -s serve.out ] && break; sleep 0.1; done; URL=$(head -1 serve.out); host=${URL#http://}
for _ in $(seq 200); do (exec 3<>"/dev/tcp/${host%:*}/${host#*:}"; sleep 8) 2>/dev/null & done; sleep 2
before=$(awk '{print $14+$15}' "/proc/$SERVER/stat"); sleep 4; after=$(awk '{print $14+$15}' "/proc/$SERVER/stat")
must "less than a second of processor time in four" '[ $((after-before)) -lt 100 ]'
must "a client is answered" 'timeout 20 curl -s -o /dev/null "$URL/"'
quit

part "SIGHUP (a closed terminal) stops a run as SIGTERM does"
serve --speed 1
export AWS_ENDPOINT_URL=$URL AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1
cat >slow.yaml <<'Y'
Resources:
  D: {Type: 'AWS::RDS::DBInstance', DeletionPolicy: Delete, Properties: {DBInstanceClass: db.t3.micro, Engine: postgres, AllocatedStorage: '20', MasterUsername: app, ManageMasterUserPassword: true}}
Y
"$BIN" up slow.yaml --yes >/dev/null 2>run.err & RUN=$!
sleep 5; kill -HUP $RUN; sleep 1; kill -HUP $RUN; wait $RUN; code=$?
must "exit code 8 (it was $code)" '[ $code = 8 ]'
must "the next run finds what there is" '"$BIN" status slow.yaml >/dev/null'
quit; unset AWS_ENDPOINT_URL

part "rebinding, with a browser: by hand"
cat <<'T'
  Serve the sandbox, let a name of your own resolve to 127.0.0.1, and open http://NAME:4566/ in a browser: the answer must
  be 403 (or 421), in the console as in the page. From a page of any site, run
  fetch("http://localhost:4566/?Action=CreateTopic&Name=x", {mode: "no-cors", method: "POST"}): no topic may appear in
  `migrate sandbox show`.
T
exit $failed
