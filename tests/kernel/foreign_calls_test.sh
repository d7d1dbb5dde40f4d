#!/bin/bash
# Calls that do not come through the machine's own ABI walk around no policy.
. "$(dirname "$0")/lib.sh"

if [ "$(uname -m)" != x86_64 ]; then
  echo "skipped: int \$0x80 and x32 exist on x86_64 only"
  exit 77
fi

write_policy deny_list.yml allow "errno execve execveat fork vfork"
write_policy allow_list.yml errno:EXFULL "allow $STATIC_CALLS getpid"
write_policy killing_list.yml kill_process "allow $STATIC_CALLS getpid"
POLICY_FOLDER=$PWD

call() { # call POLICY CALL...
  local policy=$POLICY_FOLDER/$1.yml
  shift
  sandboxed "$policy" "$TEST_BIN/call" "$@"
}

# That the tests below can fail: without a filter the machine answers.
test_without_a_policy_int_80_works() {
  run "$TEST_BIN/call" i386:20
  [ "$status" = 0 ] || skip "this kernel has no 32-bit calls (status $status)"
  assert_stdout "i386:20 ok"
}

test_int_80_kills() {
  local policy number
  for policy in deny_list allow_list killing_list; do
    for number in 20 2 11 0 1 -1 4294967295 512 0x40000014; do # getpid fork execve restart_syscall exit ...
      call "$policy" getpid "i386:$number" getpid
      assert_status 159
      assert_stdout "getpid ok"
      assert_stderr ""
    done
  done
}

test_int_80_execve_with_a_path_kills() {
  write_policy policy.yml allow "errno execve"
  sandboxed policy.yml "$TEST_BIN/call" i386:11,0,0,0,-1,-1
  assert_status 159
  assert_stdout ""
}

test_int_80_kills_when_only_logging() {
  write_policy policy.yml log "allow getpid"
  sandboxed policy.yml "$TEST_BIN/call" getpid i386:20
  assert_status 159
  assert_stdout "getpid ok"
}

test_x32_numbers_are_enosys() {
  local policy
  # read getpid fork execve, x32's own readv and execve, the ends of the range, and what looks like a negative number.
  for policy in deny_list allow_list killing_list; do
    call "$policy" 0x40000000 0x40000027 0x40000039 0x4000003b 0x40000203 0x40000208 0x40000000-0x40000460 0x7fffffff \
      0x80000000 0xfffffffe getpid
    assert_status 0
    assert_stdout "0x40000000 ENOSYS
0x40000027 ENOSYS
0x40000039 ENOSYS
0x4000003b ENOSYS
0x40000203 ENOSYS
0x40000208 ENOSYS
0x40000000-0x40000460 ENOSYS
0x7fffffff ENOSYS
0x80000000 ENOSYS
0xfffffffe ENOSYS
getpid ok"
  done
}

test_x32_calls_without_the_bit_are_enosys() {
  local policy
  for policy in deny_list allow_list killing_list; do
    call "$policy" 512-547
    assert_status 0
    assert_stdout "512-547 ENOSYS"
  done
}

test_their_neighbours_are_judged() {
  call allow_list 511 548 0x3fffffff
  assert_stdout "511 EXFULL
548 EXFULL
0x3fffffff EXFULL"
  call killing_list 511
  assert_status 159
  call killing_list 548
  assert_status 159
}

test_minus_one_is_enosys() {
  local policy
  for policy in deny_list allow_list killing_list; do
    call "$policy" -1 0xffffffff getpid
    assert_status 0
    assert_stdout "-1 ENOSYS
0xffffffff ENOSYS
getpid ok"
  done
}

test_the_token_opens_no_foreign_call() {
  write_policy policy.yml allow "kill_process execve write exit_group"
  sandboxed policy.yml "$TEST_BIN/call" i386:11
  assert_status 159
  assert_stdout ""
}

run_tests
