#!/bin/bash
# What the kernel's audit system is told. Reading it needs CAP_AUDIT_READ.
. "$(dirname "$0")/lib.sh"

case $(uname -m) in
  x86_64) GETPPID=110 ARCH=c000003e ;;
  aarch64) GETPPID=173 ARCH=c00000b7 ;;
  *)
    echo "skipped: the number of getppid on $(uname -m) is not known here"
    exit 77
    ;;
esac

logged() { # logged COMMAND...: runs it under policy.yml
  need python3
  is_root || skip "only root may read audit records"
  run python3 "$KERNEL_TESTS/audit_log.py" "$SANDBOX_RUN" --policy policy.yml -- "$@"
}

test_log_leaves_a_record() {
  write_policy policy.yml allow "log getppid"
  logged "$TEST_BIN/call" getuid getppid
  assert_status 0
  assert_stdout "getuid ok
getppid ok
syscall=$GETPPID code=0x7ffc0000 arch=$ARCH"
}

test_a_kill_leaves_a_record() {
  write_policy policy.yml allow "kill_process getppid"
  logged "$TEST_BIN/call" getuid getppid
  assert_status 0
  assert_stdout "getuid ok
syscall=$GETPPID code=0x80000000 arch=$ARCH"
}

run_tests
