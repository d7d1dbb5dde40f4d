#!/bin/bash
# Calls through another ABI than the program's own: int 0x80, x32, and 64-bit calls of 32-bit code.
. "$(dirname "$0")/language_abis_lib.sh"

test_64_bit_calls_of_32_bit_code() {
  run "$OTHER_MODE"
  assert_stdout "32 bits: ok
64 bits: ok"
  policy_for x86 allow "errno:EXFULL uname"
  sandboxed policy.yml "$OTHER_MODE"
  assert_status 159
  assert_stdout "32 bits: ok"
  policy_for "x86, x86_64" allow "errno:EXFULL uname"
  sandboxed policy.yml "$OTHER_MODE"
  assert_status 0
  assert_stdout "32 bits: ok
64 bits: ok"
  policy_for "x86, x86_64" allow "kill_process getpid"
  sandboxed policy.yml "$OTHER_MODE"
  assert_status 159
  assert_stdout ""
}

test_int_80_of_64_bit_code() {
  write_policy policy.yml allow "errno:EXFULL uname"
  dies_at_once "$CALL64" i386:20
  policy_for x86_64 allow "errno:EXFULL uname"
  dies_at_once "$CALL64" i386:20
  policy_for "x86_64, x86" allow "errno:EXFULL uname"
  answers "$CALL64" i386:20=ok i386:122=EXFULL
}

# int $0x80 shows the filter all of the registers, of which the kernel reads the lower halves.
test_int_80_with_a_full_register() {
  policy_for "x86_64, x86" allow "errno:EACCES ptrace"
  denies_if fcntl "argument: 1, operation: Equal, value: F_GETFD"
  answers "$CALL64" fcntl,0xffffffff,0x100000001=EXFULL i386:55,0xffffffff,1=EXFULL \
    i386:55,0xffffffff,0xdeadbeef00000001=EXFULL i386:55,0xffffffff,0x100000003=EBADF
}

test_x32_is_closed_unless_listed() {
  policy_for "x86_64, x86" allow "errno:EXFULL getpid"
  answers "$CALL64" getpid=EXFULL 0x40000027=ENOSYS 0x40000000-0x40000460=ENOSYS
  policy_for "x86_64, x32" allow "errno:EXFULL getpid"
  answers "$CALL64" getpid=EXFULL 0x40000027=EXFULL
  policy_for x32 allow "errno uname"
  expect_failure 125 "'$CALL64' is a program for x86_64, which policy.yml does not cover; list x86_64 in its \
'architectures'" "$SANDBOX_RUN" --policy policy.yml -- "$CALL64" getpid
}

# --- socketcall and ipc ---------------------------------------------------------------------------------------------
# Their other arguments stay 0 here: EFAULT says that the filter let the call through.

run_tests
