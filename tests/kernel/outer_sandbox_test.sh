#!/bin/bash
# Under an outer sandbox that answers in the kernel's place the launcher must not believe that a filter is installed.
. "$(dirname "$0")/lib.sh"

refuses() { # refuses CALL ERRNO MESSAGE
  run "$TEST_BIN/outer_filter" "$1" "$2" "$SANDBOX_RUN" -- touch started
  assert_status 125
  assert_stdout ""
  assert_stderr "sandbox-run: error: $3"
  assert_no_file started
}

test_a_pretended_seccomp() { refuses seccomp 0 "seccomp(2) does not reach the kernel: an outer sandbox answers it"; }

# As systemd's SystemCallFilter=@system-service does, by killing. prctl(2) installs a filter too.
test_a_denied_seccomp() {
  local answer needs="an outer sandbox denies seccomp(2), which that needs; a unit of systemd allows it by \
SystemCallFilter=seccomp"
  write_policy policy.yml allow "errno:EXFULL getpgrp"
  write_policy no_exec.yml allow "errno:EACCES execve execveat"
  for answer in 1 38 kill trap trace user_notif; do
    run "$TEST_BIN/outer_filter" seccomp $answer "$SANDBOX_RUN" -p policy.yml -- "$TEST_BIN/call" getpgrp getppid
    assert_status 0
    assert_stdout "getpgrp EXFULL
getppid ok"
    assert_stderr ""
    run "$TEST_BIN/outer_filter" seccomp $answer "$SANDBOX_RUN" -p no_exec.yml -- sh -c '/bin/true; exit 4'
    assert_status 4
    assert_stderr_has "sandbox-run: warning: the exec token works more than once here ($needs): "
    run "$TEST_BIN/outer_filter" seccomp $answer "$SANDBOX_RUN" --report -p policy.yml -- touch started
    assert_status 125
    assert_stderr "sandbox-run: error: a supervisor cannot be had: $needs"
    run "$TEST_BIN/outer_filter" seccomp $answer "$SANDBOX_RUN" --log -p policy.yml -- touch started
    assert_status 125
    assert_stderr "sandbox-run: error: the flag log is asked for, and $needs"
    assert_no_file started
  done
}

# Where prctl(2) is denied too, nothing starts.
test_both_are_denied() {
  local answer
  write_policy policy.yml allow "errno:EXFULL getpgrp"
  for answer in 1 22 kill trap trace user_notif; do
    run "$TEST_BIN/outer_filter" set_seccomp $answer "$TEST_BIN/outer_filter" seccomp 1 \
      "$SANDBOX_RUN" -p policy.yml -- touch started
    [ "$status" -ne 0 ] || fail "status 0 with $answer"
    assert_no_file started
  done
}

test_a_pretended_prctl() {
  write_policy policy.yml allow "errno:EXFULL getpgrp"
  run "$TEST_BIN/outer_filter" prctl 0 "$TEST_BIN/outer_filter" seccomp 1 true
  run "$TEST_BIN/outer_filter" seccomp 1 "$TEST_BIN/outer_filter" prctl 0 "$SANDBOX_RUN" -p policy.yml -- touch started
  assert_no_file started
}

# Also where only the filter is pretended to be installed.
test_a_pretended_prctl_filter() {
  local answer
  write_policy policy.yml allow "errno:EXFULL getpgrp"
  for answer in 1 kill; do
    run "$TEST_BIN/outer_filter" set_seccomp 0 "$TEST_BIN/outer_filter" seccomp $answer \
      "$SANDBOX_RUN" -p policy.yml -- touch started
    assert_status 125
    assert_stderr "sandbox-run: error: seccomp(2) failed: Input/output error (an outer sandbox answers it, and nothing \
was installed)"
    assert_no_file started
  done
}

# No child looks whether seccomp(2) can be called. What is denied is then found out by calling it.
test_a_pretended_clone() {
  write_policy policy.yml allow "errno:EXFULL getpgrp"
  run "$TEST_BIN/outer_filter" clone 0 "$SANDBOX_RUN" -p policy.yml -- "$TEST_BIN/call" getpgrp getppid
  assert_status 0
  assert_stdout "getpgrp EXFULL
getppid ok"
  run "$TEST_BIN/outer_filter" clone 0 "$TEST_BIN/outer_filter" wait4 0 "$SANDBOX_RUN" -p policy.yml -- \
    "$TEST_BIN/call" getpgrp getppid
  assert_stdout "getpgrp EXFULL
getppid ok"
}

# The token is drawn with it.
test_pretended_random_words() {
  run "$TEST_BIN/outer_filter" getrandom 0 "$SANDBOX_RUN" --policy "$POLICIES/beats-example.yml" -- touch started
  assert_status 125
  assert_stderr "sandbox-run: error: getrandom(2) failed: Input/output error"
  assert_no_file started
}

# The kernel would install the filter all the same: an outer launcher has set it.
test_denied_no_new_privs() {
  cat >outer.yml <<'END'
seccomp:
  default_action: allow
  syscalls:
  - action: errno
    errno: EINVAL
    names_with_args:
    - {name: prctl, arguments: [{argument: 0, operation: Equal, value: PR_SET_NO_NEW_PRIVS}]}
END
  run "$SANDBOX_RUN" -p outer.yml -- "$SANDBOX_RUN" -- touch started
  assert_status 125
  assert_stdout ""
  assert_stderr "sandbox-run: error: prctl(PR_SET_NO_NEW_PRIVS) failed: Invalid argument"
  assert_no_file started
}

test_pretended_no_new_privs() {
  run "$TEST_BIN/outer_filter" prctl 0 "$SANDBOX_RUN" -- touch started
  assert_status 125
  assert_stderr "sandbox-run: error: prctl(PR_SET_NO_NEW_PRIVS) failed: Operation not permitted"
  assert_no_file started
}

# The launcher asks the kernel for its seccomp mode, but not under a filter that kills for it.
test_a_policy_that_judges_the_question() {
  local answer
  for answer in "kill_process" "kill_thread" "trap" "trace" "errno" "allow"; do
    cat >asked.yml <<END
seccomp:
  default_action: allow
  syscalls:
  - action: errno
    errno: EXFULL
    names: [getpgrp]
  - action: $answer
    names_with_args:
    - {name: prctl, arguments: [{argument: 0, operation: Equal, value: PR_GET_SECCOMP}]}
END
    run "$SANDBOX_RUN" -p asked.yml -- "$TEST_BIN/call" getpgrp
    assert_status 0
    assert_stdout "getpgrp EXFULL"
    assert_stderr ""
  done
}

test_without_pretence() { # The outer filter alone changes nothing.
  run "$TEST_BIN/outer_filter" seccomp 0 touch started
  assert_status 0
  [ -e started ] || fail "the target has not run"
}

run_tests
