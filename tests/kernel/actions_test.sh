#!/bin/bash
# Each action of a policy, seen in a process (the audit record of `log` has a test of its own).
. "$(dirname "$0")/lib.sh"

call() { sandboxed policy.yml "$TEST_BIN/call" "$@"; }

test_allow() {
  write_policy policy.yml kill_process "allow $STATIC_CALLS getpid getppid"
  call getppid
  assert_status 0
  assert_stdout "getppid ok"
}

test_errno() {
  write_policy policy.yml allow "errno mkdir" "errno:EACCES rmdir" "errno:ENOSYS unlink" "errno:4095 getppid"
  call mkdir rmdir unlink getppid getuid
  assert_status 0
  assert_stdout "mkdir EPERM
rmdir EACCES
unlink ENOSYS
getppid 4095
getuid ok"
}

test_default_errno() {
  write_policy policy.yml errno:EUCLEAN "allow $STATIC_CALLS getpid"
  call getppid getpid kill
  assert_status 0
  assert_stdout "getppid EUCLEAN
getpid ok
kill EUCLEAN"
}

# As from runc: the call is not made, and returns 0. In no other format.
test_errno_zero_of_a_container_profile() {
  echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
    {"names": ["mkdir", "getppid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0}]}' >policy.yml
  call "mkdir,0" getppid rmdir
  assert_status 0
  assert_stdout "mkdir ok
getppid ok
rmdir EFAULT"
  run "$SANDBOX_RUN" --report --policy policy.yml -- "$TEST_BIN/call" "mkdir,0"
  assert_stdout "mkdir ok"
  assert_stderr_has "denied mkdir(NULL, 0)"
  run "$TEST_BIN/sandbox-policy" compile policy.yml -o filter
  assert_status 0
  run "$SANDBOX_RUN" --bpf filter -- "$TEST_BIN/call" "mkdir,0"
  assert_stdout "mkdir ok"
  # What the launcher asks after installing the filter is answered with 0 too.
  echo '{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 0, "syscalls": [
    {"names": ["execve", "write", "exit_group", "mmap", "brk", "arch_prctl", "set_tid_address"],
    "action": "SCMP_ACT_ALLOW"}]}' >policy.yml
  call "mkdir,0"
  assert_status 0
  assert_stdout "mkdir ok"
}

test_log_lets_the_call_through() {
  write_policy policy.yml allow "log getppid"
  call getppid getuid
  assert_status 0
  assert_stdout "getppid ok
getuid ok"
}

test_trace_without_a_tracer_is_enosys() {
  write_policy policy.yml allow "trace getppid"
  call getppid getuid
  assert_status 0
  assert_stdout "getppid ENOSYS
getuid ok"
}

traced() { # traced ANSWER CALL...
  local answer=$1
  shift
  run "$TEST_BIN/seccomp_tracer" "$answer" "$SANDBOX_RUN" --policy policy.yml -- "$TEST_BIN/call" "$@"
}

getppid_number() {
  case $(uname -m) in
    x86_64) echo 110 ;;
    aarch64) echo 173 ;;
    *) skip "the number of getppid is not known here" ;;
  esac
}

test_trace_stops_for_a_tracer() {
  write_policy policy.yml allow "trace getppid"
  traced let getppid getuid getppid
  assert_status 0
  assert_stdout "getppid ok
getuid ok
getppid ok"
  assert_stderr "traced call $(getppid_number), data 0
traced call $(getppid_number), data 0"
}

test_a_tracer_may_skip_the_call() {
  [ "$(uname -m)" = x86_64 ] || skip "the tracer knows the registers of x86_64 only"
  write_policy policy.yml kill_process "trace getppid" "allow $STATIC_CALLS getpid"
  traced skip getppid
  assert_status 0
  assert_stdout "getppid ENOSYS"
}

test_a_tracer_cannot_make_it_a_denied_call() {
  [ "$(uname -m)" = x86_64 ] || skip "the tracer knows the registers of x86_64 only"
  write_policy policy.yml allow "trace getppid" "errno:EMLINK getuid"
  traced 102 getppid # getuid
  assert_status 0
  assert_stdout "getppid EMLINK"
}

test_the_launch_itself_is_not_traced() {
  write_policy policy.yml allow "trace execve write exit_group"
  traced let getppid
  assert_status 0
  assert_stdout "getppid ok"
  # The target's write and its exit_group; not the launcher's execve.
  [ "$(wc -l <err)" = 2 ] || report "expected two traced calls"
}

test_trap_tells_the_handler() {
  local arch
  case $(uname -m) in
    x86_64) arch=0xc000003e ;;
    aarch64) arch=0xc00000b7 ;;
    *) skip "the arch value is not known here" ;;
  esac
  write_policy policy.yml allow "trap getppid"
  sandboxed policy.yml "$TEST_BIN/trap_report"
  assert_status 0
  assert_stdout "signal 31, code is SYS_SECCOMP: yes, call is getppid: yes, arch $arch, errno 0, address in the program: yes"
}

test_trap_without_a_handler_kills() {
  write_policy policy.yml allow "trap getppid"
  call getuid getppid getuid
  assert_status 159
  assert_stdout "getuid ok"
}

test_kill_thread_spares_the_sibling() {
  write_policy policy.yml allow "kill_thread getppid"
  sandboxed policy.yml "$TEST_BIN/kill_one_thread"
  assert_status 0
  assert_stdout "call reached: 1, thread survived it: 0, joined: 1, threads now: 1"
}

test_kill_thread_ends_a_process_of_one_thread() {
  write_policy policy.yml allow "kill_thread getppid"
  call getuid getppid getuid
  assert_status 159
  assert_stdout "getuid ok"
}

test_kill_process_takes_all_threads() {
  write_policy policy.yml allow "kill_process getppid"
  sandboxed policy.yml "$TEST_BIN/kill_one_thread"
  assert_status 159
  assert_stdout ""
}

test_the_second_thread_lives_without_a_rule() {
  write_policy policy.yml allow "kill_process getpgid"
  sandboxed policy.yml "$TEST_BIN/kill_one_thread"
  assert_status 0
  assert_stdout "call reached: 1, thread survived it: 1, joined: 1, threads now: 1"
}

test_the_first_group_decides() {
  write_policy policy.yml allow "errno:EMLINK getppid getuid" "errno:EACCES getuid getgid" "kill_process getppid getgid"
  call getppid getuid getgid
  assert_status 0
  assert_stdout "getppid EMLINK
getuid EMLINK
getgid EACCES"
}

test_conditions_on_arguments() {
  cat >policy.yml <<'EOF'
seccomp:
  default_action: allow
  syscalls:
  - action: errno
    errno: EMLINK
    names_with_args:
    - name: mmap
      arguments:
      - {argument: 0, operation: GreaterThan, value: 0xffffffff}
      - {argument: 0, operation: LessThan, value: 0x300000000}
      - {argument: 5, operation: MaskedEqual, mask: 0xff00, value: 0x1200}
    - name: mmap
      arguments:
      - {argument: 1, operation: BitsSet, value: 0x8000000000000001}
EOF
  call getppid mmap,0x100000000,0,0,0,0,0x1234 mmap,0xffffffff,0,0,0,0,0x1234 mmap,0x2ffffffff,0,0,0,0,0x451299 \
    mmap,0x300000000,0,0,0,0,0x1234 mmap,0x200000000,0,0,0,0,0x1334 mmap,0,1 mmap,0,2 \
    mmap,0,0x8000000000000000 mmap,0,0x7ffffffffffffffe
  assert_status 0
  assert_stdout "getppid ok
mmap EMLINK
mmap EINVAL
mmap EMLINK
mmap EINVAL
mmap EINVAL
mmap EMLINK
mmap EINVAL
mmap EMLINK
mmap ENOMEM"
}

run_tests
