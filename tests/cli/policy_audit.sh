#!/bin/bash
# sandbox-policy audit: the kernel's records out of logs. Live ones are in kernel/audit_test.sh.
. "$(dirname "$0")/policy/lib.sh"

RECORD='audit(1795463197.445:4): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=13728 comm="killme"'
export TZ=UTC # Of what 'ausearch -i' prints.
RECORD="$RECORD"' exe="/usr/bin/killme" sig=31 arch=c000003e syscall=124 compat=0 ip=0x7f1b13ed7829 code=0x80000000'

test_text() {
  [ "$(uname -m)" = x86_64 ] || skip "calls of other ABIs than the machine's are printed with its name"
  bring audit.log
  answers 0 audit audit --quiet audit.log
}

test_json() {
  bring audit.log
  answers 0 audit_json audit --quiet --format=json audit.log
}

# What could not be read is said, and what the kernel says that it has left out.
test_warnings() {
  bring audit.log
  policy audit audit.log
  assert_status 0
  assert_file_is err "sandbox-policy: warning: 1 record could not be read
sandbox-policy: warning: the kernel left 14 audit records out of these logs; they may be missing here"
}

test_standard_input() {
  bring audit.log
  policy audit --quiet audit.log
  mv out from_file
  "$SANDBOX_POLICY" audit --quiet - <audit.log >out
  diff from_file out || fail "another answer from standard input"
  # However it comes, and without a last newline.
  printf 'no record\ntype=SECCOMP msg=%s' "$RECORD" >one.log
  policy audit one.log
  mv out from_file
  grep -q 'pid 13728' from_file || report "expected a record"
  write_in_pieces "$(cat one.log)" | "$SANDBOX_POLICY" audit - >out
  diff from_file out || fail "another answer in pieces"
}

# journald's text, its JSON and the kernel's line are one event.
test_one_event_in_several_forms() {
  local fields=${RECORD#*: }
  {
    echo "Nov 23 19:46:37 h kernel: audit: type=1326 $RECORD"
    echo "Nov 23 19:46:37 h audit[13728]: SECCOMP $fields"
    printf '{"_TRANSPORT":"audit","_AUDIT_TYPE":"1326","_AUDIT_ID":"4","_SOURCE_REALTIME_TIMESTAMP":"1795463197445000",'
    printf '"MESSAGE":"SECCOMP %s"}\n' "${fields//\"/\\\"}"
    echo "type=SECCOMP msg=${RECORD}ARCH=x86_64 SYSCALL=getsid AUID=\"unset\" UID=\"root\" GID=\"root\""
  } >a.log
  policy audit --format=json a.log
  assert_status 0
  assert_equal 1 "$(grep -c '"kind":"event"' out)" "events"
  grep -q '"kind":"metric".*"count":1' out || report "expected one event"
  grep audit.13728 a.log >journal.log
  policy audit journal.log
  assert_status 0
  grep -q 'denied getsid = process killed  \[killme, pid 13728\]' out || report "expected the journal's record"
}

test_no_record_among_lines() {
  printf 'one\ntwo\n' >a.log
  policy audit a.log
  assert_status 1
  assert_file_is out ""
  assert_file_is err "sandbox-policy: error: audit: no seccomp record in 2 lines; looked for type=SECCOMP or type=1326 \
(auditd, ausearch, the kernel), 'audit[PID]: SECCOMP' and 'journalctl -o json' (the journal)"
  : >a.log
  policy audit a.log
  assert_status 0
  assert_file_is out "no records"
}

# What is denied stands in a log that cannot be read: that is no empty log.
test_no_readable_record() {
  printf 'type=SECCOMP msg=%s\nother\n' "${RECORD%pid=*}" >a.log
  policy audit a.log
  assert_status 1
  assert_file_is out ""
  assert_file_is err "sandbox-policy: error: audit: 1 record could not be read, and there are no others"
  printf 'type=SECCOMP msg=%s\n' "${RECORD%arch=*}" >>a.log
  policy audit --format=json a.log
  assert_status 1
  assert_file_is out ""
  assert_file_is err "sandbox-policy: error: audit: 2 records could not be read, and there are no others"
  printf 'type=SECCOMP msg=%s\n' "$RECORD" >>a.log
  policy audit --pid 1 a.log
  assert_status 0
  assert_file_is out "no records"
  assert_file_is err "sandbox-policy: warning: 2 records could not be read"
}

test_several_logs() {
  printf 'type=SECCOMP msg=%s\r\n' "$RECORD" >a.log
  printf 'audit: type=1326 %s\n' "${RECORD//13728/13729}" >b.log
  policy audit --format=json a.log b.log
  assert_status 0
  assert_equal "13728 13729" "$(grep -o '"pid":[0-9]*' out | cut -d: -f2 | tr '\n' ' ' | sed 's/ $//')"
}

test_logs_that_are_none() {
  complains "missing.log: cannot be read: No such file or directory" audit missing.log
  complains ".: is a directory, expected a log" audit .
  # The others are read all the same.
  printf 'type=SECCOMP msg=%s\n' "$RECORD" >a.log
  policy audit missing.log a.log
  assert_status 2
  assert_file_is err "sandbox-policy: error: missing.log: cannot be read: No such file or directory"
  grep -q 'pid 13728' out || report "expected the other log's record"
}

test_nothing_in_it() {
  : >empty.log
  policy audit empty.log
  assert_status 0
  assert_file_is out "no records"
  assert_file_is err ""
  policy audit --format=json empty.log
  assert_file_is out ""
}

test_pid_and_call() {
  bring audit.log
  policy audit --quiet --pid 14001 --format=json audit.log
  assert_equal "14001 " "$(grep -o '"pid":[0-9]*' out | cut -d: -f2 | tr '\n' ' ')"
  policy audit --quiet --call socketcall --call getsid --format=json audit.log
  assert_equal "13728 13802 " "$(grep -o '"pid":[0-9]*' out | cut -d: -f2 | tr '\n' ' ')"
  policy audit --quiet --pid 14001 --call getsid audit.log
  assert_file_is out "no records"
}

test_usage_errors() {
  complains "audit: expected a process's number, found 'x'" audit --pid x
  complains "audit: expected a process's number, found '0'" audit --pid=0
  complains "audit: expected a process's number, found '99999999999'" audit --pid=99999999999
  complains "audit: option '--pid' is given more than once" audit --pid 1 --pid 2
  complains "audit: unknown system call 'opnat'; did you mean 'openat'?" audit --call opnat
  complains "audit: unknown system call 'frobnicate'; 'sandbox-policy list syscalls' shows them" audit --call frobnicate
  complains "audit: unknown format 'yaml'; there are text and json" audit --format yaml
  complains "audit: unknown option '--follow'; --help lists the options" audit --follow x.log
}

# Identical ones are counted.
test_repetitions() {
  local i
  for i in $(seq 300); do echo "type=SECCOMP msg=${RECORD/:4)/:$i)}"; done >a.log
  policy audit a.log
  assert_status 0
  assert_equal 1 "$(grep -c 'pid 13728' out)" "lines"
  grep -q ' 300 ' out || report "expected that they are counted"
  policy audit --format=json a.log
  assert_equal 300 "$(grep -c '"kind":"event"' out)" "events"
  grep -q '"kind":"metric".*"count":300' out || report "expected that they are counted"
}

# Bytes of any kind, lines of any length: nothing crashes, no line of the output is anything but text.
test_odd_bytes() {
  {
    head -c 300000 "$SANDBOX_POLICY"
    printf '\ntype=SECCOMP msg=%s\0\n' "$RECORD"
    printf '\0type=SECCOMP msg=%s\n' "$RECORD"
    printf 'type=SECCOMP msg=audit('
    head -c 200000 /dev/zero | tr '\0' '1'
    printf '\ntype=SECCOMP msg=%s\n' "${RECORD/\"killme\"/0A0D1B5B324AFF}"
  } >odd.log
  policy audit odd.log
  assert_status 0
  assert_file_is err "sandbox-policy: warning: 2 records could not be read"
  grep -qF '[\n\x0d\x1b[2J\xff, pid 13728]' out || report "expected the name made printable"
  ! LC_ALL=C grep -q '[^ -~]' out || report "expected printable text"
}

test_output_that_cannot_be_written() {
  [ -w /dev/full ] || skip "there is no /dev/full"
  bring audit.log
  status=0
  "$SANDBOX_POLICY" audit --quiet audit.log >/dev/full 2>err || status=$?
  assert_equal 2 "$status" "the exit status"
  assert_equal "sandbox-policy: error: cannot write to standard output" "$(cat err)"
}

# A log that grows, as in 'journalctl -kf |': each record at once, and a signal ends it well.
test_a_log_that_goes_on() {
  mkfifo pipe
  "$SANDBOX_POLICY" audit - <pipe >followed 2>followed.err &
  started=$!
  STARTED="$STARTED $started"
  exec 3>pipe
  printf 'type=SECCOMP msg=%s\n' "$RECORD" >&3
  wait_until grep -q 'pid 13728' followed || fail "expected the record while the log is open"
  kill -TERM "$started"
  status=0
  wait "$started" || status=$?
  exec 3>&-
  assert_equal 0 "$status" "the exit status"
  grep -q '1 call was denied once' followed || fail "expected a summary: $(cat followed)"
  assert_equal "" "$(cat followed.err)"
}

run_tests
