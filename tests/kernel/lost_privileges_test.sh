#!/bin/bash
# Programs whose file would give them rights: no_new_privs takes these, and a warning says so and how to give them.
. "$(dirname "$0")/lib.sh"

CALL=$TEST_BIN/call
AS_NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups --)

# A copy of a program, which nobody may start.
copy() {
  chmod 755 . ..
  cp "$CALL" program
  chmod 755 program
}

test_file_capabilities() {
  is_root || skip "only root can give them"
  need setcap setpriv
  copy
  setcap cap_net_raw+ep program 2>/dev/null || skip "no file capabilities on this file system"
  run "${AS_NOBODY[@]}" ./program socket,2,3,1
  assert_stdout "socket ok"
  run "${AS_NOBODY[@]}" "$SANDBOX_RUN" ./program socket,2,3,1
  assert_status 0
  assert_stdout "socket EPERM"
  assert_stderr "sandbox-run: warning: './program' has the file capability CAP_NET_RAW, but no_new_privs keeps it from $(
  )getting it; to give: AmbientCapabilities=CAP_NET_RAW in a unit, or as root: setpriv --reuid=USER --init-groups $(
  )--inh-caps=+net_raw --ambient-caps=+net_raw sandbox-run ..."
  # What it says works, and then nothing is lost.
  run setpriv --reuid=nobody --init-groups --inh-caps=+net_raw --ambient-caps=+net_raw "$SANDBOX_RUN" ./program socket,2,3,1
  assert_stdout "socket ok"
  assert_stderr ""
  run "$SANDBOX_RUN" ./program socket,2,3,1
  assert_stdout "socket ok"
  assert_stderr ""
}

test_a_script_has_its_interpreters() {
  is_root || skip "only root can give file capabilities"
  need setcap setpriv
  copy
  setcap cap_net_raw+ep program 2>/dev/null || skip "no file capabilities on this file system"
  printf '#!%s\n' "$PWD/program" >script
  chmod 4755 script # The kernel does not look at a script's own bits.
  run "${AS_NOBODY[@]}" "$SANDBOX_RUN" -p "$POLICIES/default.yml" ./script
  assert_stderr_has "sandbox-run: warning: './script' has the file capability CAP_NET_RAW"
}

test_set_user_id() {
  is_root || skip "only root can give it"
  need setpriv
  copy
  chmod 4755 program
  run "${AS_NOBODY[@]}" "$SANDBOX_RUN" ./program getpid
  assert_status 0
  assert_stdout "getpid ok"
  assert_stderr "sandbox-run: warning: './program' has the set-user-ID bit, but no_new_privs keeps it from becoming user 0; $(
  )if it has to be: start sandbox-run as root"
  run "${AS_NOBODY[@]}" "$SANDBOX_RUN" -q ./program getpid
  assert_stderr ""
  run "$SANDBOX_RUN" ./program getpid # Root's already.
  assert_stderr ""
  run "$SANDBOX_RUN" --no-new-privs=false ./program getpid
  assert_stderr ""
}

test_an_ordinary_program() {
  copy
  run "$SANDBOX_RUN" ./program getpid
  assert_stdout "getpid ok"
  assert_stderr ""
}

run_tests
