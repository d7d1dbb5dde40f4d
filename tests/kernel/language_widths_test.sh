#!/bin/bash
# Conditions compare the bits that the kernel reads: garbage in a register's upper half passes no denial, and a
# sign-extended value misses no allowance.
. "$(dirname "$0")/lib.sh"

case $(uname -m) in
  x86_64 | aarch64) ;;
  *)
    echo "skipped: the calls' registers are written for 64-bit machines"
    exit 77
    ;;
esac

# denies CALL CONDITION...: policy.yml refuses these calls with EXFULL, which none of them gives otherwise.
denies() {
  printf '%s\n' 'seccomp:' '  default_action: allow' '  syscalls:' '  - action: errno' '    errno: EXFULL' \
    '    names_with_args:' >policy.yml
  local call=$1 condition
  shift
  for condition in "$@"; do
    printf '    - name: %s\n      arguments: [{%s}]\n' "$call" "$condition" >>policy.yml
  done
}

# answer_of CALL: what high_half_holes printed about it.
answer_of() { sed -n "s/^$1 //p" out; }

holes() { # holes [plain]: under policy.yml
  sandboxed policy.yml "$TEST_BIN/high_half_holes" "$@"
  assert_status 0
  assert_stderr ""
}

# closes CALL CONDITION: the condition catches the call with and without garbage; compared whole, only without.
closes() {
  denies "$1" "$2"
  holes plain
  assert_equal EXFULL "$(answer_of "$1")" "$1 without garbage"
  holes
  assert_equal EXFULL "$(answer_of "$1")" "$1 with garbage"

  denies "$1" "$2, width: 64"
  holes
  assert_equal "$opened" "$(answer_of "$1")" "$1 with garbage, compared at 64 bits"
}

# Only root may have raw sockets. EPERM comes from the call itself, then.
opened=ok
raw_socket() { if is_root; then echo ok; else echo EPERM; fi; }
# Nor do all machines (and no chroot) let one have user namespaces.
user_namespace() { if unshare --user true 2>/dev/null; then echo ok; else echo EPERM; fi; }

test_without_a_policy_the_calls_work() {
  run "$TEST_BIN/high_half_holes"
  assert_status 0
  assert_stdout "socket $(raw_socket)
ioctl ok
clone $(user_namespace)
openat ok"
}

test_socket() {
  opened=$(raw_socket)
  closes socket "argument: 0, operation: Equal, value: AF_PACKET"
  closes socket "argument: 0, operation: Equal, value: 17"
}

test_ioctl() { closes ioctl "argument: 1, operation: Equal, value: TIOCSTI"; }

test_clone() {
  opened=$(user_namespace)
  closes clone "argument: 0, operation: Equal, value: CLONE_NEWUSER|SIGCHLD"
  # Whether a bit is set does not depend on the others.
  denies clone "argument: 0, operation: BitsSet, value: CLONE_NEWUSER"
  holes
  assert_equal EXFULL "$(answer_of clone)"
  holes plain
  assert_equal EXFULL "$(answer_of clone)"
}

# The program needs openat for its terminal, too.
test_openat() {
  local condition="argument: 0, operation: Equal, value: AT_FDCWD" directory
  denies openat "$condition"
  for directory in -100 0xffffff9c 0x7fffffffffffff9c 0x00000001ffffff9c; do
    sandboxed policy.yml "$TEST_BIN/call" "openat,$directory"
    assert_stdout "openat EXFULL"
  done
  holes
  assert_equal EXFULL "$(answer_of openat)"

  denies openat "$condition, width: 64"
  sandboxed policy.yml "$TEST_BIN/call" openat,-100 openat,0x7fffffffffffff9c
  assert_stdout "openat EXFULL
openat EFAULT"
  holes
  assert_equal ok "$(answer_of openat)"
}

test_an_allowance_takes_every_spelling() {
  write_policy policy.yml errno:EXFULL "allow $STATIC_CALLS"
  echo '  - {action: allow, names_with_args: [{name: openat, arguments: [{operation: Equal, value: AT_FDCWD}]}]}' \
    >>policy.yml
  sandboxed policy.yml "$TEST_BIN/call" openat,-100 openat,0xffffff9c openat,0x7fffffffffffff9c openat,3 openat,0x9c
  assert_status 0
  assert_stdout "openat EFAULT
openat EFAULT
openat EFAULT
openat EXFULL
openat EXFULL"
}

test_negative_values() {
  denies close "argument: 0, operation: Equal, value: -1"
  sandboxed policy.yml "$TEST_BIN/call" close,-1 close,0xffffffff close,0x12345678ffffffff close,99
  assert_status 0
  assert_stdout "close EXFULL
close EXFULL
close EXFULL
close EBADF"
}

# A mode is read as 16 bits.
test_modes() {
  denies fchmod "argument: 1, operation: Equal, value: 0o4755"
  sandboxed policy.yml "$TEST_BIN/call" fchmod,-1,0x9ed fchmod,-1,0x109ed fchmod,-1,0xffffffffffff09ed fchmod,-1,0x1ed
  assert_stdout "fchmod EXFULL
fchmod EXFULL
fchmod EXFULL
fchmod EBADF"
}

# A size is read whole.
test_sizes_are_compared_whole() {
  denies read "argument: 2, operation: Equal, value: 7"
  sandboxed policy.yml "$TEST_BIN/call" read,-1,0,7 read,-1,0,0x100000007
  assert_stdout "read EXFULL
read EBADF"
  denies read "argument: 2, operation: GreaterThan, value: 0xffffffff"
  sandboxed policy.yml "$TEST_BIN/call" read,-1,0,7 read,-1,0,0x100000007
  assert_stdout "read EBADF
read EXFULL"
}

# unshare refuses bits that it does not know; there is no hole to close.
test_unshare_is_compared_whole() {
  denies unshare "argument: 0, operation: Equal, value: CLONE_NEWUSER"
  sandboxed policy.yml "$TEST_BIN/call" unshare,0x10000000 unshare,0x110000000
  assert_stdout "unshare EXFULL
unshare EINVAL"
}

# OCI profiles compare 64 bits, as their format says; --kernel-widths has them compare what the kernel reads.
test_oci_profiles() {
  printf '%s\n' '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["socket"], "action": "SCMP_ACT_ERRNO",' \
    '"errnoRet": 54, "args": [{"index": 0, "value": 17, "op": "SCMP_CMP_EQ"}]}]}' >policy.json # EXFULL
  run "$SANDBOX_RUN" --policy policy.json -- "$TEST_BIN/call" socket,17,3 socket,0x100000011,3
  assert_status 0
  assert_stdout "socket EXFULL
socket $(raw_socket)"
  run "$SANDBOX_RUN" --policy policy.json --kernel-widths -- "$TEST_BIN/call" socket,17,3 socket,0x100000011,3
  assert_status 0
  assert_stdout "socket EXFULL
socket EXFULL"
}

run_tests
