# What the tests of the command line share: those of the launcher, and exact comparisons.
# shellcheck shell=bash

# shellcheck source=../kernel/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../kernel/lib.sh"
umask 022 # Else the launcher may warn root of policies that others may write.
CLI_TESTS=$TEST_DATA/cli

# A target that leaves a trace of having run.
TARGET=(touch "$PWD/target_has_run")

assert_target_has_not_run() { assert_no_file "${TARGET[1]}"; }

# assert_file_is FILE TEXT: byte by byte, final newline included; an empty TEXT means an empty file.
assert_file_is() {
  if [ -n "$2" ]; then printf '%s\n' "$2" >expected; else : >expected; fi
  cmp -s "$1" expected || report "expected in '$1': $2"
}

# is_version PROGRAM TEXT: the text is what --version prints.
is_version() {
  [ "$(sed -E -e '1s/ [0-9]+\.[0-9]+\.[0-9]+$/ N/' -e 's/^(commit: +)([0-9a-f]{12}\+?|unknown)$/\1C/' \
    -e 's/^(ABI: +)[a-z0-9_]+$/\1A/' -e 's/^(newest calls: Linux )[0-9]+\.[0-9]+$/\1N/' \
    -e 's/^(sets: +systemd v)[0-9]+$/\1N/' -e 's/^(libseccomp: +)[0-9]+\.[0-9]+\.[0-9]+ /\1N /' <<<"$2")" = \
    "$1 N
commit:       C
ABI:          A
newest calls: Linux N
sets:         systemd vN
libseccomp:   N (call numbers)" ]
}

# refuses MESSAGE OPTION...: the launcher, given the options and a target, fails with these lines and starts nothing.
refuses() {
  local message=$1
  shift
  run "$SANDBOX_RUN" "$@" -- "${TARGET[@]}"
  assert_status 125
  assert_file_is err "$message"
  assert_file_is out ""
  assert_target_has_not_run
}

# refuses_policy FILE MESSAGE: the one error is about the file.
refuses_policy() { refuses "sandbox-run: error: $2" --policy "$1"; }

# Denies uname, and socket(AF_PACKET): enough to see from inside whether the policy applies.
GOOD_POLICY='seccomp:
  default_action: allow
  syscalls:
  - action: errno
    names:
    - uname
  - action: errno
    errno: EAFNOSUPPORT
    names_with_args:
    - name: socket
      arguments:
      - argument: 0
        operation: Equal
        value: 17'

# A container profile that is older than many calls: 318 (getrandom) is the largest number that it names.
OLD_PROFILE='{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [{"names": ["read", "write",
 "openat", "close", "fstat", "newfstatat", "mmap", "mprotect", "munmap", "brk", "pread64", "arch_prctl",
 "set_tid_address", "set_robust_list", "prlimit64", "getrandom", "exit_group", "execve", "access"],
 "action": "SCMP_ACT_ALLOW"}]}'

# write_in_pieces TEXT: a write(2) for each character.
write_in_pieces() {
  local i
  for ((i = 0; i < ${#1}; ++i)); do printf '%s' "${1:i:1}"; done
}

# enforces OPTION...: a launch with these options enforces GOOD_POLICY and says nothing.
enforces() {
  run "$SANDBOX_RUN" "$@" -- "$TEST_BIN/call" uname socket,17,3 socket,1,1
  assert_status 0
  assert_file_is err ""
  assert_file_is out "uname EPERM
socket EAFNOSUPPORT
socket ok"
}
