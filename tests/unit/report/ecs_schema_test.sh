#!/bin/sh
# ecs_schema_test.sh CHECK_ECS SAMPLES: what the program SAMPLES prints fits the schema of the script CHECK_ECS, and the
# script finds what does not fit.
set -eu
check=$1 samples=$2
command -v python3 >/dev/null || { echo "there is no python3"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "ecs_schema_test.sh: $*" >&2
  exit 1
}

"$samples" "$work/events"
"$check" <"$work/events" || fail "an event does not fit the schema"
[ "$(wc -l <"$work/events")" = 2200 ] || fail "expected 2200 events"

# One change a line to a good event, and what is said of it.
good='{"@timestamp":"2026-04-06T10:27:30.755Z","event":{"kind":"event","module":"auditd","action":"violated-seccomp-policy","outcome":"unknown","category":["process"],"type":["info"]},"service":{"type":"auditd"},"process":{"pid":4711},"auditd":{"message_type":"seccomp","result":"unknown","summary":{"object":{"type":"process","primary":"socket"}},"data":{"arch":"x86_64","syscall":"socket","sig":"0","code":"0x50000","compat":"0","ip":"0x7f"}},"sandbox_run":{"action":"errno","outcome":"enforced"}}'
echo "$good" | "$check" >/dev/null || fail "the good event is complained of"
count=0
while IFS='|' read -r change complaint; do
  echo "$good" | sed "$change" >"$work/changed"
  [ "$(cat "$work/changed")" != "$good" ] || fail "'$change' changes nothing"
  ! "$check" <"$work/changed" >"$work/out" 2>"$work/err" || fail "not noticed: $change"
  grep -qF "$complaint" "$work/err" || fail "$change: expected '$complaint', got: $(cat "$work/err")"
  count=$((count + 1))
done <<'END'
s/"pid":4711/"pid":"4711"/|process.pid: not of the form
s/"pid":4711/"id":4711/|unknown field process.id
s/"pid":4711/"pid":true/|process.pid: not of the form
s/"compat":"0"/"compat":0/|auditd.data.compat: not of the form
s/"code":"0x50000"/"code":"0x50001"/|auditd.data.code: not of the form
s/,"ip":"0x7f"//|auditd.data.ip is missing
s/"outcome":"enforced"/"outcome":"enforced","extra":1/|unknown field sandbox_run.extra
s/"category":\["process"\]/"category":"process"/|event.category: not of the form
s/"category":\["process"\]/"category":["network"]/|are not those of the call
s/30.755Z/30Z/|@timestamp: not of the form
s/"kind":"event"/"kind":"event","kind":"event"/|a key is there twice
s/}$//|is no JSON
s/.*/[]/|is no object
s/"pid":4711//|unknown field process
END
[ "$count" = 14 ] || fail "expected 14 changes, $count were made"
! "$check" </dev/null 2>/dev/null || fail "no events at all are not noticed"
