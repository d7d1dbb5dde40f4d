#!/bin/bash
# no_new_privs, the filter in /proc, and a launcher that has more rights than its caller.
. "$(dirname "$0")/lib.sh"

write_policy policy.yml allow "errno execve"
POLICY=$PWD/policy.yml

confinement() { tr -s '\t ' ' ' <"$1" | xargs; }

test_one_filter_and_no_new_privs() {
  local option
  for option in -v --no-new-privs=true --no-new-privs=1; do
    run "$SANDBOX_RUN" "$option" -p "$POLICY" -- "$TEST_BIN/inherited_state" launched confinement
    assert_status 0
    assert_equal "NoNewPrivs: 1 Seccomp: 2 Seccomp_filters: 1" "$(confinement launched)"
  done
}

test_two_launchers_are_two_filters() {
  write_policy outer.yml allow "errno reboot"
  run "$SANDBOX_RUN" -p outer.yml "$SANDBOX_RUN" -p "$POLICY" -- "$TEST_BIN/inherited_state" launched confinement
  assert_status 0
  assert_equal "NoNewPrivs: 1 Seccomp: 2 Seccomp_filters: 2" "$(confinement launched)"
}

test_an_inner_launcher_cannot_start_past_an_outer_policy() {
  write_policy inner.yml allow "errno reboot"
  expect_failure 126 "cannot execute '/bin/echo': Operation not permitted" \
    "$SANDBOX_RUN" -p "$POLICY" "$SANDBOX_RUN" -p inner.yml /bin/echo started
}

# prctl(2) installs the inner one then.
test_an_outer_policy_without_seccomp() {
  write_policy outer.yml allow "errno seccomp"
  write_policy inner.yml allow "errno:EXFULL getpgrp"
  run "$SANDBOX_RUN" -p outer.yml "$SANDBOX_RUN" -p inner.yml "$TEST_BIN/call" getpgrp
  assert_status 0
  assert_stdout "getpgrp EXFULL"
  assert_stderr ""
}

test_an_outer_policy_without_prctl_is_125() {
  write_policy outer.yml allow "errno prctl"
  run "$SANDBOX_RUN" -p outer.yml "$SANDBOX_RUN" -p "$POLICY" touch started
  assert_status 125
  assert_stderr_is_one_line
  assert_stderr_has "sandbox-run: error: prctl("
  assert_no_file started
}

test_a_faked_seccomp_is_a_failure_by_an_outer_policy() {
  write_policy outer.yml allow "errno:EACCES seccomp getrandom"
  run "$SANDBOX_RUN" -p outer.yml "$SANDBOX_RUN" -p "$POLICY" touch started
  assert_status 125
  assert_stderr_is_one_line
  assert_no_file started
}

test_root_may_leave_no_new_privs_alone() {
  is_root || skip "needs CAP_SYS_ADMIN"
  run "$SANDBOX_RUN" --no-new-privs=false -p "$POLICY" -- "$TEST_BIN/inherited_state" launched confinement
  assert_status 0
  assert_stderr ""
  assert_equal "NoNewPrivs: 0 Seccomp: 2 Seccomp_filters: 1" "$(confinement launched)"
}

test_others_may_not() {
  is_root && skip "for users without CAP_SYS_ADMIN"
  expect_failure 125 \
    "seccomp(2) failed: Permission denied (without no_new_privs the caller needs CAP_SYS_ADMIN)" \
    "$SANDBOX_RUN" --no-new-privs=false -p "$POLICY" touch started
  assert_no_file started
}

refuses_to_run() {
  expect_failure 125 "refuses to run set-user-ID, set-group-ID or with file capabilities" \
    "$@" --policy "$POLICY" touch started
  assert_no_file started
}

# The copies stand where the user nobody can reach them.
copy_launcher() {
  is_root || skip "only root can make such files"
  need setpriv
  cp "$SANDBOX_RUN" launcher
  chmod 755 . launcher
}

test_refuses_to_run_set_user_id() {
  copy_launcher
  chown 0:0 launcher
  chmod 4755 launcher
  refuses_to_run setpriv --reuid=65534 --regid=65534 --clear-groups -- "$PWD/launcher"
  chown 65534 launcher
  chmod 4755 launcher
  refuses_to_run "$PWD/launcher"
}

test_refuses_to_run_set_group_id() {
  copy_launcher
  chown 0:0 launcher
  chmod 2755 launcher
  refuses_to_run setpriv --reuid=65534 --regid=65534 --clear-groups -- "$PWD/launcher"
}

test_refuses_to_run_with_file_capabilities() {
  copy_launcher
  need setcap
  setcap cap_sys_admin+ep launcher || skip "this file system has no capabilities"
  refuses_to_run setpriv --reuid=65534 --regid=65534 --clear-groups -- "$PWD/launcher"
}

test_an_ordinary_copy_runs() {
  cp "$SANDBOX_RUN" launcher
  run ./launcher -p "$POLICY" -- "$TEST_BIN/call" execve
  assert_status 0
  assert_stdout "execve EPERM"
}

# setuid programs get no rights below no_new_privs.
test_set_user_id_targets_get_no_rights() {
  is_root || skip "only root can make such files"
  need setpriv
  cp "$(command -v id)" id
  chmod 4755 . id
  run setpriv --reuid=65534 --regid=65534 --clear-groups -- ./id -u
  assert_stdout 0
  run setpriv --reuid=65534 --regid=65534 --clear-groups -- "$SANDBOX_RUN" -p "$POLICY" -- ./id -u
  assert_status 0
  assert_stdout 65534
}

run_tests
