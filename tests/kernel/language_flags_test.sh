#!/bin/bash
# `flags` and --log: what else the kernel is asked for with the filter.
. "$(dirname "$0")/lib.sh"

case $(uname -m) in
  x86_64) GETPPID=110 ARCH=c000003e ;;
  aarch64) GETPPID=173 ARCH=c00000b7 ;;
  *)
    echo "skipped: the number of getppid on $(uname -m) is not known here"
    exit 77
    ;;
esac

with_flags() { # with_flags FILE FLAG...: denies getppid
  local file=$1 IFS=,
  shift
  write_policy "$file" allow "errno:EXFULL getppid"
  if [ $# -gt 0 ]; then sed -i "s/^seccomp:/&\n  flags: [$*]/" "$file"; fi
}

# Calls whose verdicts the kernel may log: one denied, then one that is logged in any case, which ends the wait.
records() { # records OPTION...
  need python3
  is_root || skip "only root may read audit records"
  run python3 "$KERNEL_TESTS/audit_log.py" "$SANDBOX_RUN" "$@" -- "$TEST_BIN/call" getppid getuid
  assert_status 0
}
RECORD="syscall=$GETPPID code=0x50000 arch=$ARCH" # SECCOMP_RET_ERRNO

test_flag_log_records_denials() {
  with_flags policy.yml log
  records --policy policy.yml
  assert_stdout "getppid EXFULL
getuid ok
$RECORD"
}

test_option_log_records_denials() {
  with_flags policy.yml
  records --policy policy.yml --log
  assert_stdout "getppid EXFULL
getuid ok
$RECORD"
}

test_one_policy_with_the_flag_is_enough() {
  with_flags policy.yml
  with_flags other.yml log
  records --policy policy.yml --policy other.yml
  assert_stdout "getppid EXFULL
getuid ok
$RECORD"
}

# The first record, then, is that of the call which is logged in any case.
test_without_the_flag_a_denial_leaves_no_record() {
  write_policy policy.yml allow "errno:EXFULL getppid" "log getuid"
  records --policy policy.yml
  case $(tail -n 1 out) in
    *"syscall=$GETPPID "*) report "expected no record of getppid" ;;
    *code=0x7ffc0000*) ;;
    *) report "expected a record of getuid" ;;
  esac
}

test_a_disabled_policys_flag_does_not_count() {
  write_policy policy.yml allow "errno:EXFULL getppid" "log getuid"
  with_flags off.yml log
  sed -i 's/^seccomp:/&\n  enabled: false/' off.yml
  records -q --policy policy.yml --policy off.yml
  case $(tail -n 1 out) in *code=0x7ffc0000*) ;; *) report "expected the record of getuid alone" ;; esac
}

test_tsync_launches() {
  with_flags policy.yml tsync
  sandboxed policy.yml "$TEST_BIN/call" getppid getpid
  assert_status 0
  assert_stderr ""
  assert_stdout "getppid EXFULL
getpid ok"
}

test_all_flags_together() {
  with_flags policy.yml tsync log spec_allow
  sandboxed policy.yml "$TEST_BIN/call" getppid getpid
  assert_status 0
  assert_stderr ""
  assert_stdout "getppid EXFULL
getpid ok"
}

# Which flags reach the kernel, as strace sees it. FLAGS is 0 or a combination.
flags_in_seccomp() { # flags_in_seccomp OPTION...
  need strace
  run strace -qq -e trace=seccomp -e signal=none -o trace "$SANDBOX_RUN" "$@" -- "$TEST_BIN/call" getpid
  [ "$status" = 0 ] || skip "strace cannot trace here: $(shown err)"
  # Where strace may not read the memory it shows an address. NULL asks whether the kernel knows the flags.
  # So does a program without instructions, whether that is really the kernel.
  sed -n "s/^seccomp(SECCOMP_SET_MODE_FILTER, \\([^,]*\\), [{0].*/\\1/p" trace | uniq
}

test_flags_reach_the_kernel() {
  with_flags none.yml
  with_flags log.yml log
  with_flags tsync.yml tsync
  with_flags spec.yml spec_allow
  local flag=SECCOMP_FILTER_FLAG_ flags
  flags=$(flags_in_seccomp -p none.yml)
  assert_equal 0 "$flags"
  flags=$(flags_in_seccomp -p log.yml)
  assert_equal "${flag}LOG" "$flags"
  flags=$(flags_in_seccomp -p none.yml --log)
  assert_equal "${flag}LOG" "$flags"
  flags=$(flags_in_seccomp -p spec.yml)
  assert_equal "${flag}SPEC_ALLOW" "$flags"
  flags=$(flags_in_seccomp -p tsync.yml)
  case $flags in "${flag}TSYNC|"*) ;; *) fail "expected TSYNC, got $flags" ;; esac
  # log if any has it, spec_allow only if all do.
  flags=$(flags_in_seccomp -p spec.yml -p log.yml)
  assert_equal "${flag}LOG" "$flags"
  flags=$(flags_in_seccomp -p spec.yml -p spec.yml)
  assert_equal "${flag}SPEC_ALLOW" "$flags"
}

# Before Linux 5.16 a filter switched speculation off, unless the flag was given.
test_spec_allow_leaves_speculation_alone() {
  local state before
  state='s/^Speculation_Store_Bypass:\s*//p'
  before=$(sed -n "$state" /proc/self/status)
  [ -n "$before" ] || skip "this kernel does not show the state of speculation"
  with_flags policy.yml spec_allow
  sandboxed policy.yml sed -n "$state" /proc/self/status
  assert_status 0
  assert_stdout "$before"
}

test_an_unknown_flag() {
  with_flags policy.yml lgo
  expect_failure 125 "policy.yml:2:11: unknown flag 'lgo'; did you mean 'log'?" "$SANDBOX_RUN" -p policy.yml -- true
}

run_tests
