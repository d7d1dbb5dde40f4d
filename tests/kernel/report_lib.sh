# What the tests of 'sandbox-run --report' share.
# shellcheck shell=bash

# No cores, but for the test that wants them: the hard limit stays.
ulimit() { builtin ulimit -S "$@"; }
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
unset -f ulimit
umask 022 # Else the launcher may warn root of policies that others may write.
SANDBOX_POLICY=$TEST_BIN/sandbox-policy

# reported POLICY COMMAND...: as `sandboxed`, with --report; the file `report` has standard error without the numbers of
# processes, which differ from run to run.
reported() {
  local policy=$1
  shift
  run "$SANDBOX_RUN" --report --policy "$policy" -- "$@"
  without_numbers
}

# Nor what depends on the machine's audit system, which landlock_records_test.sh looks at.
without_numbers() {
  sed -E "s/, (pid|thread) [0-9]+/, \1 N/g
    /^sandbox-run: this is sandbox-run's own account, without the kernel's records: /d" err >report
}

assert_report() {
  [ "$(cat report)" = "$1" ] || report "expected on standard error: $1"
}

assert_report_has() {
  grep -qFx -- "$1" report || report "expected a line on standard error: $1"
}

# denied_lines: of the report, the lines for single calls.
denied_lines() { grep -E '^sandbox-run: (denied|would deny|logged|further denials of) ' report || true; }

assert_denied_lines() {
  [ "$(denied_lines)" = "$1" ] || report "expected of single calls: $1"
}

# alike POLICY COMMAND...: with --report and --report=FILE the command does just what it does under the policy alone.
# What the last run, one with --report, has said is then in `err` and `report`.
alike() {
  local policy=$1 plain
  sandboxed "$@"
  plain=$status
  cp out out.plain
  shift
  run "$SANDBOX_RUN" --report=alike.json --policy "$policy" -- "$@"
  assert_status "$plain"
  cmp -s out out.plain || report "expected what the program prints without --report: $(cat out.plain)"
  reported "$policy" "$@"
  assert_status "$plain"
  cmp -s out out.plain || report "expected what the program prints without --report: $(cat out.plain)"
}

# apply_suggestion POLICY: does what standard error says would allow the calls.
apply_suggestion() {
  python3 "$KERNEL_TESTS/apply_suggestion.py" "$1" <err || report "expected lines that can be added to $1: $(cat "$1")"
}

# check_events FILE COUNT: all are events as the schema has them, and so many stand for single calls.
check_events() {
  python3 "$TEST_DATA/tools/check_ecs.py" <"$1" >checked 2>&1 || fail "not the events that are expected: $(cat checked "$1")"
  assert_equal "$2" "$(grep -c '"kind":"event"' "$1")" "events for single calls"
}

# event_field FILE FIELD...: of each line, as JSON text; null where it is not there.
event_fields() {
  python3 -c '
import json, sys
for line in open(sys.argv[1], encoding="utf-8"):
    found = []
    for path in sys.argv[2:]:
        value = json.loads(line)
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        found.append(value if isinstance(value, str) else json.dumps(value))
    print(*found)' "$@"
}

case $(uname -m) in
  x86_64) ;;
  *)
    echo "skipped: calls are made by the numbers of x86_64"
    exit 77
    ;;
esac

CALL=$TEST_BIN/call
# Behind all that could be allowed.
HINT="sandbox-run: to see all that the program needs in one run, add --permissive: then denied calls are allowed"

# works POLICY TEXT COMMAND...: the policy now allows what the command calls.
works() {
  local policy=$1 text=$2
  shift 2
  sandboxed "$policy" "$@"
  assert_status 0
  assert_stdout "$text"
  reported "$policy" "$@"
  assert_report "sandbox-run: no call was denied"
}

# write_files_policy ACCESS: app.yml, by which `allowed` has the access and `closed` none; both have a file in them.
write_files_policy() {
  mkdir -p allowed closed
  chmod 755 .
  echo secret >closed/secret
  echo text >allowed/file
  cat >app.yml <<END
landlock:
  files:
  - access: [read, execute]
    paths: ["@system"]
  - access: [read]
    paths: [/proc]
  - access: [$1]
    paths: [$PWD/allowed, /dev/null]
END
}
