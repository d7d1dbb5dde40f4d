#!/bin/bash
# The profile developer: what default denies to gdb, strace and LeakSanitizer, and nothing else.
. "$(dirname "$0")/profile_lib.sh"

test_adds_these_calls_to_the_default_alone() {
  run "$TEST_BIN/sandbox-policy" diff profile:default profile:developer
  assert_status 1
  assert_equal "$(uname -m) errno EPERM / allow: looser ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd \
for some arguments personality errno EPERM / allow looser e.g. personality(PER_LINUX|ADDR_NO_RANDOMIZE)" "$(tail -n +3 out | xargs)"
}

test_strace() {
  need strace
  use_profile developer
  run strace -f -o /dev/null true
  [ "$status" = 0 ] || skip "strace does not work here: $(shown err)"
  succeeds strace -f -o trace sh -c 'cat /dev/null; true'
  grep -q 'execve("/bin/cat"\|execve("/usr/bin/cat"' trace || report "expected cat in the trace: $(shown trace)"
}

test_gdb() {
  need gdb gcc
  use_profile developer
  echo 'int f(int x) { return x + 1; } int main(void) { return f(41) - 42; }' | gcc -x c - -g -O0 -o program
  succeeds gdb -q -batch -nx -ex 'break f' -ex run -ex 'print x' -ex continue program
  grep -q '^\$1 = 41$' out || report "expected the argument"
}

test_leak_sanitizer() {
  need gcc
  use_profile developer
  echo 'int main(void) { volatile char* p = (char*)__builtin_malloc(7); p = 0; return p != 0; }' |
    gcc -x c - -fsanitize=leak -O0 -o leaks 2>err || skip "no LeakSanitizer: $(shown err)"
  run "${LAUNCH[@]}" ./leaks
  assert_status 23
  assert_stderr_has "ERROR: LeakSanitizer: detected memory leaks"
  run "$SANDBOX_RUN" -- ./leaks # Not under the profile default.
  ! grep -q "detected memory leaks" err || report "expected that leaks cannot be searched for"
}

test_attack() {
  use_profile developer
  answers mount EPERM unshare,0x10000000 EPERM bpf EPERM init_module EPERM socket,17,3,0 EAFNOSUPPORT io_uring_setup,1 ENOSYS \
    keyctl ENOSYS perf_event_open EPERM
}

run_tests
