#!/bin/bash
# `enabled: false`: no filter, and a warning that cannot be overlooked.
. "$(dirname "$0")/lib.sh"

printf 'seccomp:\n  enabled: false\n' >policy.yml
POLICY=$PWD/policy.yml

warning() { echo "sandbox-run: warning: $POLICY:2:3: 'enabled' is false: '$1' runs without a filter"; }

test_runs_without_a_filter_and_says_so() {
  local option
  for option in -v -q --quiet --no-new-privs=true; do
    run "$SANDBOX_RUN" "$option" -p "$POLICY" -- "$TEST_BIN/inherited_state" launched confinement
    assert_status 0
    assert_stderr "$(warning "$TEST_BIN/inherited_state")"
    assert_equal "NoNewPrivs: 1 Seccomp: 0 Seccomp_filters: 0" "$(tr -s '\t ' ' ' <launched | xargs)"
  done
}

test_no_new_privs_can_be_left_alone() {
  run "$SANDBOX_RUN" --no-new-privs=false -p "$POLICY" -- "$TEST_BIN/inherited_state" launched confinement
  assert_status 0
  assert_equal "NoNewPrivs: 0 Seccomp: 0 Seccomp_filters: 0" "$(tr -s '\t ' ' ' <launched | xargs)"
}

test_the_rest_of_the_policy_must_still_be_right() {
  printf 'seccomp:\n  enabled: false\n  default_action: alow\n' >wrong.yml
  run "$SANDBOX_RUN" -p wrong.yml touch started
  assert_status 125
  assert_no_file started
}

test_exit_status_of_failures() {
  run "$SANDBOX_RUN" -p "$POLICY" ./missing
  assert_status 127
  assert_stderr "sandbox-run: error: cannot find './missing': No such file or directory"
  printf 'text\n' >text
  chmod 755 text
  run "$SANDBOX_RUN" -p "$POLICY" ./text
  assert_status 126
  assert_stderr_has "sandbox-run: error: cannot execute './text': it is neither a program"
}

test_the_targets_status_passes_through() {
  sandboxed "$POLICY" sh -c 'exit 42'
  assert_status 42
  sandboxed "$POLICY" sh -c 'kill -TERM $$'
  assert_status 143
}

run_tests
