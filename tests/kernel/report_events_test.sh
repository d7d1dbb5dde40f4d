#!/bin/bash
# sandbox-run --report=FILE: events as JSON lines in Elastic Common Schema.
. "$(dirname "$0")/report_lib.sh"

test_events() {
  need python3
  write_policy policy.yml allow "errno:EXFULL getppid mkdir" "kill_process getpgrp" "log getuid"
  echo '{"earlier": "line"}' >events
  run "$SANDBOX_RUN" --report=events --policy policy.yml -- sh -c '"$0" mkdir,1,2 getuid getpgrp' "$CALL"
  without_numbers
  assert_status 159
  assert_stdout "mkdir EXFULL
getuid ok"
  # The shell's own getppid is denied as well; the lines for single calls are in the file alone.
  assert_denied_lines ""
  ! grep -q ' error: ' report || report "expected no errors"
  assert_equal '{"earlier": "line"}' "$(head -n 1 events)" "what was there"
  sed -i 1d events
  grep -v '"syscall":"get[pu]*id"' events >shown || true
  check_events events "$(grep -c '"kind":"event"' events)"
  event_fields events event.kind auditd.data.syscall sandbox_run.args sandbox_run.action sandbox_run.errno \
    sandbox_run.rule sandbox_run.policy sandbox_run.outcome process.name sandbox_run.count | grep ' \(call\|null\) ' >told
  grep -v getppid told | grep -v 'getuid.* sh ' | LC_ALL=C sort >sorted
  grep -qFx 'event mkdir 0x1, 02 errno EXFULL policy.yml:8:7 policy.yml enforced call null' sorted &&
    grep -qFx 'event getpgrp  kill_process null policy.yml:11:7 policy.yml enforced call null' sorted &&
    { ! is_root || grep -qFx 'event getuid null log null policy.yml:14:7 policy.yml enforced call null' sorted; } &&
    grep -qFx 'metric mkdir null errno EXFULL policy.yml:8:7 policy.yml null null 1' sorted &&
    grep -qFx 'metric getpgrp null kill_process null policy.yml:11:7 policy.yml null null 1' sorted ||
    fail "expected other events: $(cat told)"
}

# --json without a file: events and sums on standard output, between what the program prints.
test_json_on_standard_output() {
  need python3
  write_policy policy.yml allow "errno:EXFULL mkdir"
  run "$SANDBOX_RUN" --report --json -q --policy policy.yml -- "$CALL" mkdir,1,2
  assert_status 0
  assert_stderr ""
  grep -qx 'mkdir EXFULL' out || report "expected what the program prints"
  grep -vx 'mkdir EXFULL' out >events || true
  check_events events 1
  assert_equal 2 "$(wc -l <events)" "lines"
}

test_events_are_appended() {
  need python3
  write_policy policy.yml allow "errno getppid"
  local round
  for round in 1 2 3; do
    run "$SANDBOX_RUN" --report=events --policy policy.yml -- "$CALL" getppid getppid
    check_events events $round
    assert_equal $((2 * round)) "$(wc -l <events)" "lines"
  done
  run "$SANDBOX_RUN" -q --report=events --policy policy.yml -- "$CALL" getppid
  assert_stderr ""
  check_events events 4
}

test_events_of_names_of_any_kind() {
  need python3
  write_policy policy.yml allow "errno getpgrp mkdir"
  local name
  for name in $'\e[31mred\a' $'new\nline' 'quo"te\' $'\xff\xfe' 'ümläut'; do
    cp "$CALL" "./$name"
    run "$SANDBOX_RUN" --report=events --policy policy.yml -- "./$name" getpgrp
    rm "./$name"
    run "$SANDBOX_RUN" --report=events --policy policy.yml -- python3 -c 'import os, sys
try: os.mkdir(sys.argv[1])
except PermissionError: pass' "$name"
  done
  check_events events 10
}

test_permissive_events() {
  need python3
  write_policy policy.yml allow "kill_process getppid"
  run "$SANDBOX_RUN" --report=events --permissive --policy policy.yml -- "$CALL" getppid
  assert_status 0
  check_events events 1
  assert_equal "SIGSYS or not: 0 0x7ffc0000 kill_process let_through" "SIGSYS or not: $(head -n 1 events >one
    event_fields one auditd.data.sig auditd.data.code sandbox_run.action sandbox_run.outcome)"
}

# Field by field what the kernel's own record of the same call has, without a supervisor.
test_events_beside_the_kernels_records() {
  is_root || skip "only root may read audit records"
  need python3
  local login action
  for login in "" 1000; do
    for action in errno:EACCES kill_process kill_thread; do
      write_policy policy.yml allow "$action getppid"
      run python3 "$KERNEL_TESTS/report_beside_record.py" "$login" "$SANDBOX_RUN" policy.yml getppid -- "$CALL" getuid getppid
      [ "$status" != 77 ] || skip "$(cat out)"
      assert_status 0
      assert_stdout "compared"
    done
  done
  write_policy policy.yml allow "errno rmdir"
  run python3 "$KERNEL_TESTS/report_beside_record.py" "" "$SANDBOX_RUN" policy.yml getpid -- "$CALL" i386:20
  assert_status 0
  assert_stdout "compared"
  write_policy policy.yml allow "errno connect execve"
  run python3 "$KERNEL_TESTS/report_beside_record.py" "" "$SANDBOX_RUN" policy.yml connect -- "$CALL" connect
  assert_stdout "compared"
  run python3 "$KERNEL_TESTS/report_beside_record.py" "" "$SANDBOX_RUN" policy.yml execve -- "$CALL" execve
  assert_stdout "compared"
  # Another user, and a thread that is not the first.
  write_policy policy.yml allow "kill_thread getppid"
  chmod 755 . ..
  run python3 "$KERNEL_TESTS/report_beside_record.py" "" "$SANDBOX_RUN" policy.yml getppid -- \
    setpriv --reuid=65534 --regid=65533 --clear-groups -- "$CALL" getppid
  assert_stdout "compared"
  run python3 "$KERNEL_TESTS/report_beside_record.py" "" "$SANDBOX_RUN" policy.yml getppid -- "$TEST_BIN/kill_one_thread"
  assert_stdout "compared"
}

# logrotate renames the file while a service runs.
test_a_file_that_is_rotated() {
  need python3
  write_policy policy.yml allow "errno getpgrp" "errno alarm"
  run "$SANDBOX_RUN" --report=events --policy policy.yml -- sh -c '"$0" getpgrp; mv events events.1; "$0" alarm' "$CALL"
  assert_status 0
  assert_equal "event getpgrp" "$(event_fields events.1 event.kind auditd.data.syscall)"
  assert_equal "event alarm" "$(event_fields events event.kind auditd.data.syscall | grep event)"
}

run_tests
