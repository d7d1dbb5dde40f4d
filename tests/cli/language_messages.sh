#!/bin/bash
# The command line of the wider policy language, and what its parts do to a program. What is said about mistakes in a
# policy is in bad/.
. "$(dirname "$0")/lib.sh"

an_oci_profile() {
  printf '%s\n' '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [' \
    '{"names": ["ptrace"], "action": "SCMP_ACT_ERRNO"},' \
    '{"names": ["uname"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13, "excludes": {"caps": ["CAP_SYS_ADMIN"]}},' \
    '{"names": ["getuid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13, "includes": {"caps": ["CAP_NET_RAW"]}}]}' \
    >oci.json
}

with_capabilities() { # with_capabilities ANSWER_OF_UNAME ANSWER_OF_GETUID OPTION...
  local uname=$1 getuid=$2
  shift 2
  run "$SANDBOX_RUN" --policy oci.json "$@" -- "$TEST_BIN/call" uname getuid
  assert_status 0
  assert_file_is err ""
  assert_file_is out "uname $uname
getuid $getuid"
}

test_capabilities_decide() {
  an_oci_profile
  with_capabilities EACCES ok
  with_capabilities EACCES ok --cap none
  with_capabilities EACCES EACCES --cap docker
  with_capabilities EFAULT ok --cap CAP_SYS_ADMIN
  with_capabilities EACCES EACCES --cap CAP_NET_RAW
  with_capabilities EFAULT EACCES --cap CAP_SYS_ADMIN,CAP_NET_RAW
  with_capabilities EFAULT EACCES --cap CAP_SYS_ADMIN --cap CAP_NET_RAW
  with_capabilities EFAULT EACCES --cap=sys_admin,Net_Raw
  with_capabilities EACCES EACCES --cap none --cap net_raw
}

test_unknown_capabilities() {
  an_oci_profile
  rm -f "${TARGET[1]}" # Other tests start it.
  refuses "sandbox-run: error: unknown capability 'CAP_SYS_ADMN'; did you mean 'CAP_SYS_ADMIN'?" \
    --policy oci.json --cap CAP_SYS_ADMN
  refuses "sandbox-run: error: unknown capability 'sys_admn'; did you mean 'CAP_SYS_ADMIN'?" \
    --policy oci.json --cap sys_admn
  local expected="; expected names such as CAP_SYS_ADMIN, or none, docker or own"
  refuses "sandbox-run: error: unknown capability 'frobnicate'$expected" --policy oci.json --cap sys_admin,frobnicate
  refuses "sandbox-run: error: unknown capability ''$expected" --policy oci.json --cap CAP_SYS_ADMIN,
  refuses "sandbox-run: error: unknown capability ''$expected" --policy oci.json --cap ,
  refuses "sandbox-run: error: option '--cap' needs a value" --policy oci.json --cap=
}

# --- warnings that must not come ------------------------------------------------------------------------------------

says_nothing() {
  run "$SANDBOX_RUN" --policy policy.yml -- true
  assert_status 0
  assert_file_is err ""
}

on_x86_too() {
  [ "$(uname -m)" = x86_64 ] || skip "the ABIs are those of x86_64"
  printf 'seccomp:\n  architectures: [x86_64, x86]\n  default_action: allow\n  syscalls:\n' >policy.yml
}
SOCKET_RULE='  - {action: errno, names_with_args: [{name: socket, arguments: [{operation: Equal, value: AF_PACKET}]}]}'

# Who denies the multiplexer has nothing to be told.
test_no_word_on_socketcall_where_it_is_denied() {
  on_x86_too
  printf '  - {action: errno, names: [socketcall]}\n%s\n' "$SOCKET_RULE" >>policy.yml
  says_nothing
  on_x86_too
  printf '%s\n  - {action: errno, names: [socketcall]}\n' "$SOCKET_RULE" >>policy.yml
  says_nothing
}

test_quiet_hides_the_warnings() {
  on_x86_too
  printf '%s\n' "$SOCKET_RULE" >>policy.yml
  run "$SANDBOX_RUN" -q --policy policy.yml -- true
  assert_status 0
  assert_file_is err ""
}

# Members that an ABI lacks, or that no table knows, are no mistake in a set; nor are unknown calls in an OCI profile.
test_what_a_machine_lacks_is_skipped_in_sets_and_profiles() {
  printf '%s\n' 'seccomp:' '  default_action: allow' '  syscalls:' \
    '  - {action: errno, names: ["@obsolete", "@cpu-emulation", "@swap"]}' >policy.yml
  says_nothing
  printf '%s\n' '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [' \
    '{"names": ["frobnicate", "uname", "mmap2", "uname"], "action": "SCMP_ACT_ERRNO",' \
    '"excludes": {"arches": ["loong64"], "minKernel": "99.0"}, "comment": "x"}]}' >policy.yml
  run "$SANDBOX_RUN" --policy policy.yml -- "$TEST_BIN/call" uname
  assert_status 0
  assert_file_is err ""
  assert_file_is out "uname EPERM"
}

# --- what is read right ---------------------------------------------------------------------------------------------

says() { # says ANSWER CALL: under policy.yml
  run "$SANDBOX_RUN" --policy policy.yml -- "$TEST_BIN/call" "$2"
  assert_status 0
  assert_file_is err ""
  assert_file_is out "${2%%,*} $1"
}

test_sets_and_errnos() {
  cat >policy.yml <<'EOF'
seccomp:
  default_action: allow
  syscalls:
  - action: errno
    errno: EXFULL
    names:
    - "@mount"
    - '@swap'
  - {action: errno, errno: 95, names: [getppid]}
  - {action: errno, names: [getuid]}
EOF
  local call
  for call in mount umount2 pivot_root chroot fsopen swapon; do says EXFULL "$call"; done
  says EOPNOTSUPP getppid
  says EPERM getuid
  says ok getpid
}

test_default_errno_by_name() {
  cat >policy.yml <<'EOF'
seccomp:
  default_action: errno
  default_errno: ENOTSUP
  syscalls:
  - action: allow
    names: ["@default", "@basic-io", "@file-system", ioctl, uname]
EOF
  says EOPNOTSUPP socket
  says EFAULT uname
}

test_conditions_with_constants() {
  cat >policy.yml <<'EOF'
seccomp:
  default_action: allow
  syscalls:
  - action: errno
    errno: EXFULL
    names_with_args:
    - name: unshare
      arguments:
      - {operation: BitsSet, value: CLONE_NEWNS | CLONE_NEWUSER|0x4000000}
    - name: socket
      arguments:
      - {argument: 1, operation: MaskedEqual, mask: 0xf, value: SOCK_RAW}
      - {argument: 0, operation: Equal, value: AF_INET}
EOF
  says EXFULL unshare,0x20000    # CLONE_NEWNS
  says EXFULL unshare,0x10000000 # CLONE_NEWUSER
  says EXFULL unshare,0x4000000  # CLONE_NEWUTS
  says EXFULL unshare,0x10000400
  says ok unshare,0x400 # CLONE_FILES
  says EXFULL socket,2,3,1
  says EXFULL socket,2,0x80003,1 # SOCK_RAW|SOCK_CLOEXEC
  says ok socket,2,0x80002       # SOCK_DGRAM
  says ok socket,1,3
}

run_tests
