#!/bin/bash
# Several policies at once: each must let a call through, and the most restrictive action wins.
. "$(dirname "$0")/lib.sh"

under() { # under OPTION... -- CALL...
  local options=()
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  run "$SANDBOX_RUN" "${options[@]}" -- "$TEST_BIN/call" "$@"
}

answers() { # answers LINE...
  assert_status 0
  assert_stderr ""
  assert_stdout "$(printf '%s\n' "$@")"
}

test_each_policy_denies_something() {
  write_policy a.yml allow "errno:EACCES uname"
  write_policy b.yml allow "errno:EXFULL getuid"
  under --policy a.yml --policy b.yml -- uname getuid getpid
  answers "uname EACCES" "getuid EXFULL" "getpid ok"
  under -p b.yml -p a.yml -- uname getuid getpid
  answers "uname EACCES" "getuid EXFULL" "getpid ok"
}

test_of_two_errnos_the_later_policys_is_seen() {
  write_policy a.yml allow "errno:EACCES uname"
  write_policy b.yml allow "errno:EXFULL uname"
  under --policy a.yml --policy b.yml -- uname
  answers "uname EXFULL"
  under --policy b.yml --policy a.yml -- uname
  answers "uname EACCES"
}

# The kernel's own judgement of filters in a stack: the launcher launches itself.
test_as_the_kernel_does_with_two_filters() {
  write_policy a.yml allow "errno:EACCES uname getuid" "log getgid"
  write_policy b.yml allow "errno:EXFULL uname" "errno:ENODATA getgid"
  local a b
  for a in a b; do
    [ "$a" = a ] && b=b || b=a
    under --policy "$a.yml" --policy "$b.yml" -- uname getuid getgid getpid
    assert_status 0
    mv out together
    run "$SANDBOX_RUN" -p "$a.yml" -- "$SANDBOX_RUN" -p "$b.yml" -- "$TEST_BIN/call" uname getuid getgid getpid
    assert_status 0
    cmp -s out together || report "expected as from one filter: $(cat together)"
  done
}

test_a_kill_beats_an_errno() {
  write_policy a.yml allow "kill_process uname"
  write_policy b.yml allow "errno:EXFULL uname"
  local order
  for order in "a b" "b a"; do
    under --policy "${order% *}.yml" --policy "${order#* }.yml" -- getpid uname
    assert_status 159
    assert_stdout "getpid ok"
  done
}

test_trap_beats_errno_and_errno_beats_log() {
  write_policy a.yml allow "trap uname" "errno:EACCES getuid" "log getgid"
  write_policy b.yml allow "errno:EXFULL uname" "log getuid" "errno:ENODATA getgid"
  local order
  for order in "a b" "b a"; do
    under --policy "${order% *}.yml" --policy "${order#* }.yml" -- getuid getgid uname
    assert_status 159
    assert_stdout "getuid EACCES
getgid ENODATA"
  done
}

test_two_allow_lists_meet() {
  write_policy a.yml errno:EACCES "allow $STATIC_CALLS getpid getuid"
  write_policy b.yml errno:EXFULL "allow $STATIC_CALLS getpid getgid"
  under --policy a.yml --policy b.yml -- getpid getuid getgid uname
  answers "getpid ok" "getuid EXFULL" "getgid EACCES" "uname EXFULL"
}

refuse_close() { # refuse_close ERRNO OPERATION VALUE: a group
  printf '  - {action: errno, errno: %s, names_with_args: [{name: close, ' "$1"
  printf 'arguments: [{operation: %s, value: %s}]}]}\n' "$2" "$3"
}

test_conditions_on_one_argument() {
  write_policy a.yml allow "errno:EACCES uname"
  refuse_close EACCES GreaterThan 50 >>a.yml
  write_policy b.yml allow "errno:EXFULL uname"
  refuse_close EXFULL LessThan 60 >>b.yml
  under --policy a.yml --policy b.yml -- close,49 close,55 close,99
  answers "close EXFULL" "close EXFULL" "close EACCES"
  under --policy b.yml --policy a.yml -- close,49 close,55 close,99
  answers "close EXFULL" "close EACCES" "close EACCES"
}

test_three_policies() {
  write_policy a.yml allow "errno:EACCES uname"
  write_policy b.yml allow "errno:EXFULL getuid"
  write_policy c.yml allow "errno:ENODATA getgid"
  under -p a.yml -p b.yml --policy=c.yml -- uname getuid getgid getpid
  answers "uname EACCES" "getuid EXFULL" "getgid ENODATA" "getpid ok"
}

test_the_same_policy_twice() {
  write_policy a.yml allow "errno:EACCES uname"
  under -p a.yml -p a.yml -- uname getpid
  answers "uname EACCES" "getpid ok"
}

# The profile denies add_key; the policy does not.
test_a_profile_beside_a_policy() {
  write_policy a.yml allow "errno:EXFULL uname"
  under --policy a.yml -- uname add_key
  assert_stdout "uname EXFULL
add_key EFAULT"
  under --profile default --policy a.yml -- uname add_key getpid
  answers "uname EXFULL" "add_key ENOSYS" "getpid ok"
}

# Profiles come behind the files, wherever they stand on the command line.
test_a_profiles_errno_is_the_later_one() {
  write_policy a.yml allow "errno:EXFULL add_key"
  under --profile default --policy a.yml -- add_key
  answers "add_key ENOSYS"
  under --policy a.yml --profile default -- add_key
  answers "add_key ENOSYS"
}

test_one_filter_is_installed() {
  write_policy a.yml allow "errno:EACCES uname"
  write_policy b.yml allow "errno:EXFULL getuid"
  grep -q '^Seccomp_filters:' /proc/self/status || skip "this kernel does not count filters"
  local before
  before=$(sed -n 's/^Seccomp_filters:\s*//p' /proc/self/status)
  run "$SANDBOX_RUN" -p a.yml -p b.yml -- sed -n 's/^Seccomp_filters:\s*//p' /proc/self/status
  assert_status 0
  assert_stdout $((before + 1))
}

disabled() {
  printf '%s\n' 'seccomp:' '  enabled: false' '  default_action: kill_process' \
    '  syscalls: [{action: log, names: [read]}]'
}

test_a_disabled_policy_changes_nothing_but_a_warning() {
  disabled >off.yml
  write_policy a.yml allow "errno:EXFULL uname"
  under --policy off.yml --policy a.yml -- uname getpid
  assert_status 0
  assert_stdout "uname EXFULL
getpid ok"
  assert_stderr "sandbox-run: warning: off.yml:2:3: 'enabled' is false: this policy changes nothing"
  under -q --policy a.yml --policy off.yml -- uname getpid
  assert_status 0
  assert_stdout "uname EXFULL
getpid ok"
  assert_stderr "sandbox-run: warning: off.yml:2:3: 'enabled' is false: this policy changes nothing"
}

test_two_disabled_policies() {
  disabled >off.yml
  cp off.yml off2.yml
  under --policy off.yml --policy off2.yml -- uname
  assert_status 0
  assert_stdout "uname EFAULT"
  assert_stderr "sandbox-run: warning: off.yml:2:3: 'enabled' is false: '$TEST_BIN/call' runs without a filter
sandbox-run: warning: off2.yml:2:3: 'enabled' is false: '$TEST_BIN/call' runs without a filter"
}

test_a_disabled_policys_architectures_do_not_count() {
  [ "$(uname -m)" = x86_64 ] || skip "the ABIs are those of x86_64"
  disabled | sed 's/^seccomp:/&\n  architectures: [s390x]/' >off.yml
  write_policy a.yml allow "errno:EXFULL uname"
  under --policy off.yml --policy a.yml -- uname
  assert_status 0
  assert_stdout "uname EXFULL"
  assert_stderr "sandbox-run: warning: off.yml:3:3: 'enabled' is false: this policy changes nothing"
}

test_the_abis_are_those_of_all() {
  [ "$(uname -m)" = x86_64 ] || skip "the ABIs are those of x86_64"
  "$TEST_BIN/call" i386:20 >/dev/null || skip "this kernel has no 32-bit calls"
  write_policy a.yml allow "errno:EACCES uname"
  write_policy b.yml allow "errno:EXFULL getuid"
  cp a.yml narrow.yml
  sed -i 's/^seccomp:/&\n  architectures: [x86_64, x86]/' a.yml b.yml
  under -p a.yml -p b.yml -- i386:122 uname getuid
  answers "i386:122 EACCES" "uname EACCES" "getuid EXFULL"
  under -p narrow.yml -p b.yml -- uname getuid i386:20
  assert_status 159
  assert_stdout "uname EACCES
getuid EXFULL"
}

test_no_abi_in_common() {
  write_policy a.yml allow "errno uname"
  cp a.yml b.yml
  sed -i 's/^seccomp:/&\n  architectures: [x86_64, x86]/' a.yml
  sed -i 's/^seccomp:/&\n  architectures: [aarch64, arm]/' b.yml
  expect_failure 125 "a.yml and b.yml have no ABI in common" "$SANDBOX_RUN" -p a.yml -p b.yml -- "$TEST_BIN/call" getpid
}

test_the_problems_of_all_are_shown() {
  write_policy a.yml allow "errno unmae"
  write_policy b.yml alow "errno uname"
  run "$SANDBOX_RUN" -p a.yml -p missing.yml -p b.yml -- "$TEST_BIN/call" getpid
  assert_status 125
  assert_stdout ""
  assert_stderr "sandbox-run: error: a.yml:6:7: unknown system call 'unmae' ($(uname -m)); did you mean 'uname'?
sandbox-run: error: missing.yml: cannot be read: No such file or directory
sandbox-run: error: b.yml:2:19: unknown action 'alow'; did you mean 'allow'?"
}

# A Docker profile beside a policy of our own.
test_an_oci_profile_beside_a_policy() {
  printf '%s\n' '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [' \
    '{"names": ["uname"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13}]}' >oci.json
  write_policy a.yml allow "errno:EXFULL getuid"
  under --policy oci.json --policy a.yml -- uname getuid getpid
  answers "uname EACCES" "getuid EXFULL" "getpid ok"
}

run_tests
