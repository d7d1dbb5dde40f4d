#!/bin/bash
# The exit status is the target's own, or 125, 126 or 127 with one line that says why nothing was started.
. "$(dirname "$0")/lib.sh"

write_policy permissive.yml allow "errno reboot"
# Policies that leave the launcher nothing to report with.
write_policy errno.yml allow "errno execve execveat write writev exit_group exit"
write_policy kill_thread.yml allow "kill_thread execve execveat write writev exit_group exit"
write_policy kill_process.yml allow "kill_process execve execveat write writev exit_group exit"
write_policy trap.yml allow "trap execve execveat write writev exit_group exit"
write_policy trace.yml allow "trace execve execveat write writev exit_group exit"
write_policy nothing_kills.yml kill_process "allow sched_yield"
write_policy nothing_kills_thread.yml kill_thread "allow sched_yield"
write_policy nothing_fails.yml errno "allow sched_yield"
HOSTILE="$PWD/permissive.yml $PWD/errno.yml $PWD/kill_thread.yml $PWD/kill_process.yml $PWD/trap.yml $PWD/trace.yml
  $PWD/nothing_kills.yml $PWD/nothing_kills_thread.yml $PWD/nothing_fails.yml"
PERMISSIVE=$PWD/permissive.yml

# refuses STATUS MESSAGE TARGET...: under each policy.
refuses() {
  local expected=$1 message=$2 policy
  shift 2
  for policy in $HOSTILE; do
    expect_failure "$expected" "$message" "$SANDBOX_RUN" -p "$policy" -- "$@"
  done
}

test_a_missing_path_is_127() {
  refuses 127 "cannot find './missing': No such file or directory" ./missing
  refuses 127 "cannot find '/missing/program': No such file or directory" /missing/program
}

test_a_path_through_a_file_is_127() {
  refuses 127 "cannot find '/etc/passwd/program': Not a directory" /etc/passwd/program
}

test_a_name_that_is_not_in_the_search_path_is_127() {
  refuses 127 "cannot find 'no-such-program': no such program in PATH" no-such-program
}

test_an_empty_name_is_127() {
  refuses 127 "cannot find '': the command's name is empty" ""
}

test_a_dangling_link_is_127() {
  ln -s nowhere link
  refuses 127 "cannot find './link': No such file or directory" ./link
}

test_a_file_without_the_execute_bit_is_126() {
  printf '#!/bin/sh\ntouch started\n' >script
  refuses 126 "cannot execute './script': it is not executable (chmod +x?)" ./script
  expect_failure 126 "cannot execute '$PWD/script': it is not executable (chmod +x?)" \
    env PATH="$PWD" "$SANDBOX_RUN" -p "$PERMISSIVE" script
  assert_no_file started
}

test_a_directory_is_126() {
  mkdir folder
  refuses 126 "cannot execute './folder': it is a directory" ./folder
  refuses 126 "cannot execute '/': it is a directory" /
}

test_a_device_is_126() {
  refuses 126 "cannot execute '/dev/null': it is not a regular file" /dev/null
}

test_a_fifo_is_126_and_not_opened() {
  mkfifo pipe
  chmod 755 pipe
  refuses 126 "cannot execute './pipe': it is not a regular file" ./pipe
}

test_an_empty_file_is_126() {
  : >empty
  chmod 755 empty
  refuses 126 "cannot execute './empty': it is empty" ./empty
}

test_a_missing_interpreter_is_126() {
  printf '#!/missing/interpreter -x\n' >script
  chmod 755 script
  refuses 126 "cannot execute './script': its interpreter '/missing/interpreter' (in the '#!' line) cannot be used: No such file or directory" ./script
}

test_an_interpreter_with_a_carriage_return_is_126() {
  printf '#!/bin/sh\r\ntouch started\r\n' >script
  chmod 755 script
  refuses 126 "cannot execute './script': its interpreter '/bin/sh\\x0d' (in the '#!' line), which ends in a carriage return, cannot be used: No such file or directory" ./script
}

test_no_interpreter_is_126() {
  printf '#!  \ntouch started\n' >script
  chmod 755 script
  refuses 126 "cannot execute './script': its first line '#!' names no interpreter" ./script
}

test_an_interpreter_that_is_not_executable_is_126() {
  printf '#!/etc/passwd\n' >script
  chmod 755 script
  refuses 126 "cannot execute './script': its interpreter '/etc/passwd' (in the '#!' line) cannot be used: it is not executable (chmod +x?)" ./script
}

test_a_missing_loader_is_126() {
  # PT_INTERP of a copy, one letter changed.
  sed 's|/ld-linux|/ld-l1nux|' /bin/true >program
  cmp -s /bin/true program && skip "/bin/true names no such loader"
  chmod 755 program
  local loader
  loader=$(grep -a -o '/lib[a-z0-9/]*/ld-l1nux[a-z0-9_.-]*' program | head -n 1)
  refuses 126 "cannot execute './program': its dynamic loader '$loader' cannot be used: No such file or directory" ./program
}

test_no_permission_is_126() {
  printf '#!/bin/sh\ntouch started\n' >script
  mkdir locked
  cp script locked
  chmod 654 script # Group may execute; owner and others may not.
  if is_root; then
    cp script other
    chown 1:1 other
    chmod 700 other
    expect_failure 126 "cannot execute './other': permission denied" \
      setpriv --reuid=65534 --regid=65534 --clear-groups -- "$SANDBOX_RUN" -p "$PERMISSIVE" -- ./other
  else
    refuses 126 "cannot execute './script': permission denied" ./script
    chmod 0 locked
    refuses 126 "cannot execute './locked/script': Permission denied" ./locked/script
    chmod 700 locked
  fi
  assert_no_file started
}

test_usage_errors_are_125() {
  expect_failure 125 "no program is given; sandbox-run --help shows how" "$SANDBOX_RUN" -p "$PERMISSIVE"
  expect_failure 125 "no program is given; sandbox-run --help shows how" "$SANDBOX_RUN" -p "$PERMISSIVE" --
  expect_failure 125 "option '--policy' needs a value" "$SANDBOX_RUN" --policy
  run "$SANDBOX_RUN" --no-such-option touch started
  assert_status 125
  assert_stderr_is_one_line
  assert_stderr_has "sandbox-run: error: unknown option '--no-such-option'"
  assert_no_file started
}

test_policy_errors_are_125() {
  expect_failure 125 "missing.yml: cannot be read: No such file or directory" "$SANDBOX_RUN" -p missing.yml touch started
  printf 'seccomp:\n  default_action: allow\n  syscalls:\n  - action: errno\n    names: [opnat]\n' >wrong.yml
  run "$SANDBOX_RUN" -p wrong.yml touch started
  assert_status 125
  assert_stderr_is_one_line
  assert_stderr_has "sandbox-run: error: wrong.yml:5:13: unknown system call 'opnat'"
  : >empty.yml
  run "$SANDBOX_RUN" -p empty.yml touch started
  assert_status 125
  assert_stderr_is_one_line
  assert_no_file started
}

test_a_bad_policy_counts_before_a_missing_target() {
  expect_failure 125 "missing.yml: cannot be read: No such file or directory" "$SANDBOX_RUN" -p missing.yml ./missing
}

test_the_targets_own_status_passes_through() {
  local code policy
  for code in 0 1 2 42 99 124 125 126 127 128 159 200 255; do
    sandboxed "$PERMISSIVE" sh -c "exit $code"
    assert_status "$code"
    assert_stdout ""
    assert_stderr ""
  done
}

test_the_targets_own_signal_passes_through() {
  local signal
  for signal in 1 2 6 9 11 13 14 15 31; do
    sandboxed "$PERMISSIVE" sh -c "kill -$signal \$\$"
    assert_status $((128 + signal))
    assert_stdout ""
    assert_stderr ""
  done
}

test_what_is_executable_but_not_readable_runs() {
  is_root && skip "root may read everything"
  cp "$TEST_BIN/call" program
  chmod 111 program
  sandboxed "$PERMISSIVE" ./program getpid
  assert_status 0
  assert_stdout "getpid ok"
}

test_an_empty_element_of_the_search_path_is_the_working_directory() {
  cp "$TEST_BIN/call" program-of-the-test
  run env PATH=/usr/bin: "$SANDBOX_RUN" -p "$PERMISSIVE" program-of-the-test getpid
  assert_status 0
  assert_stdout "getpid ok"
}

test_the_search_goes_past_what_cannot_run() {
  mkdir first second
  : >first/program-of-the-test
  cp "$TEST_BIN/call" second/program-of-the-test
  run env PATH="$PWD/first:$PWD/second" "$SANDBOX_RUN" -p "$PERMISSIVE" program-of-the-test getpid
  assert_status 0
  assert_stdout "getpid ok"
}

run_tests
