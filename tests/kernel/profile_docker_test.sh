#!/bin/bash
# The profile docker gives the answers of Docker's default profile, and programs run under it.
. "$(dirname "$0")/profile_lib.sh"

CAPABILITIES=CHOWN,DAC_OVERRIDE,FSETID,FOWNER,MKNOD,NET_RAW,SETGID,SETUID,SETFCAP,SETPCAP,NET_BIND_SERVICE,SYS_CHROOT,KILL,AUDIT_WRITE

# Different are the numbers that no call has, alone, and uprobe, which the kernel lets past every filter.
test_answers_as_docker_does() {
  [ -n "${SANDBOX_RUN_DOCKER_PROFILE:-}" ] || skip "SANDBOX_RUN_DOCKER_PROFILE does not name Docker's default profile"
  local machine
  for machine in x86_64 aarch64; do
    run "$TEST_BIN/sandbox-policy" diff --quiet --machine "$machine" --arch "$machine" --kernel-widths --cap "$CAPABILITIES" \
      "$SANDBOX_RUN_DOCKER_PROFILE" "$POLICIES/docker.yml"
    assert_status 1
    sed -i '/above the largest number/,$d' out
    assert_equal "$machine errno EPERM / errno ENOSYS: other numbers that no call has" \
      "$(tail -n +3 out | sed 's/uprobe and //' | xargs)"
  done
}

test_programs() {
  use_profile docker
  succeeds sh -c 'echo a | sort; (exit 3) || echo $?; sleep 0.01 & wait'
  assert_stdout "a
3"
}

test_attack() {
  use_profile docker
  answers mount EPERM unshare,0x10000000 EPERM setns EPERM bpf EPERM keyctl EPERM io_uring_setup,1 EPERM clone3 ENOSYS \
    socket,40,1,0 EPERM socket,38,5,0 EPERM init_module EPERM
}

run_tests
