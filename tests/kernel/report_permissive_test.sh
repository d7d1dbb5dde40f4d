#!/bin/bash
# sandbox-run --report --permissive: everything is allowed, and reported.
. "$(dirname "$0")/report_lib.sh"

test_permissive() {
  local action fate
  for action in errno:EXFULL kill_process kill_thread trap trace log; do
    write_policy policy.yml allow "$action getppid"
    run "$SANDBOX_RUN" --report --permissive --policy policy.yml -- sh -c '"$0" getppid; exit 42' "$CALL"
    without_numbers
    assert_status 42
    case $action in
      errno*) fate="would deny getppid() = EXFULL" ;;
      kill_*) fate="would deny getppid() = ${action#kill_} killed" ;;
      trap) fate="would deny getppid() = SIGSYS" ;;
      trace) fate="would deny getppid() = left to its tracer" ;;
      log) fate="logged getppid() " ;;
    esac
    # The shell calls it too.
    assert_stdout "getppid ok"
    local line=6
    case $action in errno:*) line=7 ;; esac
    local rest="  [call, pid N]  by policy.yml:$line (${action%:*}), allowed"
    [ $action != log ] || rest=" [call, pid N]  by policy.yml:6 (log)"
    assert_report_has "sandbox-run: $fate$rest"
    if [ $action = log ]; then
      grep -q '^sandbox-run: 1 call was logged' report || report "expected a summary"
    else
      grep -q '^sandbox-run: 1 call would have been denied' report || report "expected a summary"
    fi
  done
}

test_permissive_under_a_default() {
  local action
  for action in errno kill_process kill_thread trap; do
    write_policy policy.yml $action "allow brk"
    run "$SANDBOX_RUN" --report --permissive --policy policy.yml -- "$CALL" getppid mkdir
    without_numbers
    assert_status 0
    assert_stdout "getppid ok
mkdir EFAULT"
    grep -q '^sandbox-run: would deny getppid() = .*default_action: '"$action"'), allowed$' report ||
      report "expected the call"
    ! grep -q '^sandbox-run: denied' report || report "expected that nothing is denied"
  done
  # No signal either: a handler would see it.
  write_policy policy.yml allow "trap getppid"
  run "$SANDBOX_RUN" --report --permissive --policy policy.yml -- "$TEST_BIN/trap_report"
  assert_stdout "signal 0, code is SYS_SECCOMP: no, call is getppid: no, arch 0, errno 0, address in the program: no"
}

test_permissive_with_fixed_rules() {
  run "$CALL" i386:20
  [ "$status" = 0 ] || skip "this kernel has no 32-bit calls (status $status)"
  write_policy policy.yml allow "errno rmdir"
  run "$SANDBOX_RUN" --report --permissive --policy policy.yml -- "$CALL" i386:20 900
  without_numbers
  assert_status 0
  assert_stdout "i386:20 ok
900 ENOSYS"
  assert_denied_lines \
    "sandbox-run: would deny x86 getpid() = process killed  [call, pid N]  by a fixed rule (no calls through x86), allowed"
}

test_permissive_without_report() {
  write_policy policy.yml allow "errno rmdir"
  expect_failure 125 "'--permissive' needs '--report', which shows what it allows" \
    "$SANDBOX_RUN" --permissive --policy policy.yml -- touch started
  assert_no_file started
}

run_tests
