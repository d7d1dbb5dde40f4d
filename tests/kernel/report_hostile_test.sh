#!/bin/bash
# sandbox-run --report with programs that are out to get rid of it. Supervisor and launcher are not under the filter, and
# act by the number of a thread and on memory that the program can change: what a filter alone would not allow must not
# come of it. Each test says what was possible before.
. "$(dirname "$0")/report_hostile_lib.sh"

REFUSED="supervisor mem EACCES
supervisor process_vm_writev EPERM
supervisor pidfd_getfd EPERM
supervisor ptrace EPERM
launcher mem EACCES
launcher process_vm_writev EPERM
launcher pidfd_getfd EPERM
launcher ptrace EPERM"

assert_pried_nothing() {
  assert_status 0
  assert_stdout "$REFUSED"
  assert_no_file made
}

# A target of root has CAP_SYS_PTRACE, for which no process is undumpable. It could write other code into the supervisor, or
# take its listener and have every call of its own allowed.
test_prying() {
  reported "$POLICY" "$TEST_BIN/attack_supervisor" made
  assert_pried_nothing
}

# Nor does it come back: without no_new_privs, or in a user namespace, where the program has all capabilities.
test_prying_with_more_privileges() {
  need unshare
  if is_root; then
    run "$SANDBOX_RUN" --report --no-new-privs=false --policy "$POLICY" -- sh -c '"$@"; :' sh true
    assert_status 0
    run "$SANDBOX_RUN" --report --no-new-privs=false --policy "$POLICY" -- "$TEST_BIN/attack_supervisor" made
    assert_pried_nothing
  fi
  unshare --user --map-root-user true 2>unshare.err || skip "no user namespace can be made: $(cat unshare.err)"
  reported "$POLICY" unshare --user --map-root-user "$TEST_BIN/attack_supervisor" made
  assert_pried_nothing
}

# The caller is put back before its call, to make it once more and die of it. A signal that came meanwhile had its handler
# run first, which jumped elsewhere: the process went on as if nothing was denied, for as long as it liked.
test_a_handler_that_leaves_the_call() {
  local round
  for round in $(seq 15); do killed_at_once "$TEST_BIN/outlive" handler; done
}

# The call that it is to make once more was no call any more.
test_code_that_changes() {
  local round
  for round in $(seq 20); do killed_at_once "$TEST_BIN/outlive" code; done
}

# A target of root mounted another /proc, in which its child was a thread of a bystander: the supervisor killed that one
# for a call of the child's, which went on. Or it waited for a pipe in the place of a file.
test_another_proc() {
  is_root || skip "only root may mount a file system"
  need python3 unshare
  unshare --mount true 2>unshare.err || skip "no mount namespace can be made: $(cat unshare.err)"
  write_policy kill.yml allow "kill_process rmdir"
  start sleep 300
  run unshare --mount "$SANDBOX_RUN" --report -p kill.yml -- python3 -c 'import ctypes, os, subprocess, sys
subprocess.run(["mount", "-t", "tmpfs", "none", "/proc"], check=True)
pid = os.fork()
if pid == 0:
  os.mkdir(f"/proc/{os.getpid()}")
  os.mkfifo(f"/proc/{os.getpid()}/comm")
  with open(f"/proc/{os.getpid()}/status", "w") as status:
    status.write(f"Name:\tx\nTgid:\t{sys.argv[1]}\n")
  ctypes.CDLL(None).ptrace(0, 0, 0, 0)  # So that it cannot be traced by us.
  try:
    os.rmdir("nothing")
  finally:
    os._exit(7)
print("the child:", os.waitpid(pid, 0)[1])' "$started"
  assert_status 0
  assert_stdout "the child: 9"
  is_running "$started" || fail "a bystander was killed"
}

# With the marks in arguments 4 and 5 the rule did not hold any more: the call was made, and the caller killed behind it.
test_a_rule_about_the_arguments_of_the_marks() {
  need python3
  cat >marks.yml <<'END_OF_POLICY'
seccomp:
  default_action: allow
  syscalls:
  - action: kill_process
    names_with_args:
    - name: setsockopt
      arguments: [{argument: 4, operation: Equal, value: 4}]
END_OF_POLICY
  reported marks.yml python3 -c 'import os, socket
shared = socket.socket()
pid = os.fork()
if pid == 0:
  shared.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
  os._exit(7)
print("status", os.waitpid(pid, 0)[1], "option", shared.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))'
  assert_stdout "status 9 option 0"
}

# The text of the built-in profile is read when the first call is denied. Looked up by its name again, it was the
# target's own file, whose verdict counted: a user's calls were allowed.
test_a_profile_that_the_target_plants() {
  mkdir home
  # shellcheck disable=SC2016 # $0 is for the shell that is launched.
  local plant='mkdir -p "$HOME/.config/sandbox-run"
    printf "seccomp:\n  default_action: log\n  syscalls:\n  - action: allow\n    names: [read]\n" \
      >"$HOME/.config/sandbox-run/default.yml"
    exec "$0" unshare,0x10000000 swapoff'
  run env -u XDG_CONFIG_HOME HOME="$PWD/home" "$SANDBOX_RUN" --report -- sh -c "$plant" "$CALL"
  assert_stdout "unshare EPERM
swapoff EPERM"
  [ -s home/.config/sandbox-run/default.yml ] || fail "the file was not planted"
  assert_stderr_has "by profile default:"
}

run_tests
