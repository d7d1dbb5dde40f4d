#!/bin/bash
# sandbox-run --report beside the other options.
. "$(dirname "$0")/report_lib.sh"

test_quiet() {
  write_policy policy.yml allow "errno getppid"
  run "$SANDBOX_RUN" -q --report --policy policy.yml -- "$CALL" getppid
  without_numbers
  assert_report "sandbox-run: denied getppid() = EPERM  [call, pid N]  by policy.yml:6 (errno)"
  run "$SANDBOX_RUN" -q --report --policy policy.yml -- "$CALL" getuid
  assert_stderr ""
}

test_nothing_denied() {
  write_policy policy.yml allow "errno getppid"
  alike policy.yml "$CALL" getuid
  assert_report "sandbox-run: no call was denied"
  assert_equal "" "$(cat alike.json)" "the file"
}

test_verbose() {
  write_policy policy.yml allow "errno getppid"
  run "$SANDBOX_RUN" -v --report --policy policy.yml -- "$CALL" getuid
  grep -Eqx "sandbox-run: info: starting '$CALL' under policy.yml: [0-9]+ ranges of numbers, [0-9]+ instructions" err ||
    report "expected what is started"
}

test_dry_run() {
  write_policy policy.yml allow "errno getppid"
  run "$SANDBOX_RUN" --dry-run --report --policy policy.yml -- touch started
  assert_status 0
  assert_stderr ""
  grep -qFx "report:   to standard error" out || report "expected where reports go"
  run "$SANDBOX_RUN" --dry-run --report=events --permissive --policy policy.yml -- touch started
  assert_status 0
  grep -qFx "report:   to events, and denied calls are allowed" out || report "expected where reports go"
  assert_no_file started
  assert_no_file events
}

test_without_a_filter() {
  printf 'seccomp:\n  enabled: false\n  default_action: errno\n' >policy.yml
  run "$SANDBOX_RUN" --report --policy policy.yml -- "$CALL" getppid
  assert_status 0
  assert_stdout "getppid ok"
  assert_stderr "sandbox-run: warning: policy.yml:2:3: 'enabled' is false: '$CALL' runs without a filter"
}

test_programs_that_cannot_be_started() {
  write_policy policy.yml allow "errno getppid"
  : >not-executable
  expect_failure 127 "cannot find 'no-such-program': no such program in PATH" \
    "$SANDBOX_RUN" --report --policy policy.yml no-such-program
  expect_failure 126 "cannot execute './not-executable': it is not executable (chmod +x?)" \
    "$SANDBOX_RUN" --report --policy policy.yml ./not-executable
  printf 'no program\n' >nonsense
  chmod +x nonsense
  run "$SANDBOX_RUN" --policy policy.yml ./nonsense
  cp err err.plain
  assert_status 126
  run "$SANDBOX_RUN" --report --policy policy.yml ./nonsense
  assert_status 126
  cmp err err.plain || report "expected the same message as without --report"
}

test_exit_statuses() {
  write_policy policy.yml allow "errno getpgrp"
  alike policy.yml sh -c 'exit 42'
  assert_status 42
  alike policy.yml sh -c 'kill -KILL $$'
  assert_status 137
  alike policy.yml sh -c 'kill -TERM $$'
  assert_status 143
}

run_tests
