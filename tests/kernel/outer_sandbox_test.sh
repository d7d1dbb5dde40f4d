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

test_a_refused_seccomp() {
  refuses seccomp 1 "seccomp(2) is denied: Operation not permitted (does an outer sandbox deny it?)"
}

test_a_kernel_without_seccomp() {
  refuses seccomp 38 "this kernel has no seccomp(2); Linux 3.17 or later is needed, built with CONFIG_SECCOMP_FILTER"
}

# The token is drawn with it.
test_pretended_random_words() {
  run "$TEST_BIN/outer_filter" getrandom 0 "$SANDBOX_RUN" --policy "$POLICIES/beats-example.yml" -- touch started
  assert_status 125
  assert_stderr "sandbox-run: error: getrandom(2) failed: Input/output error"
  assert_no_file started
}

test_pretended_no_new_privs() {
  run "$TEST_BIN/outer_filter" prctl 0 "$SANDBOX_RUN" -- touch started
  assert_status 125
  assert_stderr "sandbox-run: error: prctl(PR_SET_NO_NEW_PRIVS) failed: Operation not permitted"
  assert_no_file started
}

test_without_pretence() { # The outer filter alone changes nothing.
  run "$TEST_BIN/outer_filter" seccomp 0 touch started
  assert_status 0
  [ -e started ] || fail "the target has not run"
}

run_tests
