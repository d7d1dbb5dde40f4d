#!/bin/bash
# Everything that must be taken. The files in good/ all say the same as GOOD_POLICY, each in another way.
. "$(dirname "$0")/lib.sh"

test_every_file() {
  local file checked=0 wrong=0
  for file in "$CLI_TESTS"/good/*; do
    checked=$((checked + 1))
    (enforces --policy "$file") || wrong=$((wrong + 1))
  done
  [ "$checked" -ge 50 ] || fail "only $checked files were checked"
  [ "$wrong" = 0 ] || fail "$wrong of $checked files"
}

# Not only the calls that `enforces` makes: where only the spelling differs, the whole filter is the same.
test_other_spellings_make_the_same_filter() {
  local file
  printf '%s\n' "$GOOD_POLICY" >policy.yml
  run "$SANDBOX_RUN" --dry-run --policy policy.yml
  sed 1d out >filter
  [ -s filter ] || report "expected a filter"
  for file in "$CLI_TESTS"/good/*; do
    case ${file##*/} in two_* | masked* | named_twice* | bundle* | seccomp_profile*) continue ;; esac # These say it with other conditions.
    run "$SANDBOX_RUN" --dry-run --policy "$file"
    sed 1d out | cmp -s - filter || report "expected the filter of GOOD_POLICY"
  done
}

test_process_substitution() {
  enforces --policy <(printf '%s\n' "$GOOD_POLICY")
}

test_standard_input() {
  printf '%s\n' "$GOOD_POLICY" >policy.yml
  enforces --policy /dev/stdin <policy.yml
  enforces --policy /dev/stdin < <(printf '%s\n' "$GOOD_POLICY")
}

# The target gets what the policy left of standard input: nothing of a pipe, but the file and its offset stay open.
test_target_inherits_standard_input() {
  printf '%s\n' "$GOOD_POLICY" >policy.yml
  run "$SANDBOX_RUN" --policy policy.yml -- cat <policy.yml
  assert_file_is out "$GOOD_POLICY"
}

test_descriptor() {
  enforces --policy /dev/fd/9 9<<<"$GOOD_POLICY"
  enforces --policy /proc/self/fd/9 9<<<"$GOOD_POLICY"
}

test_fifo_written_in_pieces() {
  mkfifo fifo
  write_in_pieces "$GOOD_POLICY" >fifo &
  STARTED="$STARTED $!"
  enforces --policy fifo
}

test_link_and_absolute_path() {
  printf '%s\n' "$GOOD_POLICY" >policy.yml
  ln -s policy.yml link
  enforces --policy link
  enforces --policy "$PWD/policy.yml"
  enforces --policy ./../"${PWD##*/}"/policy.yml
}

test_strange_file_names() {
  local name
  for name in 'with space.yml' $'new\nline' $'\e[1m' ./-v größe $'\xff' '%s' '$(touch injected)' '"' "'" '*' '[x]'; do
    printf '%s\n' "$GOOD_POLICY" >"$name"
    enforces --policy "$name"
  done
  assert_no_file injected
}

test_one_megabyte_exactly() {
  { printf '%s\n' "$GOOD_POLICY" && yes '# padding'; } 2>/dev/null | head -c 1048576 >policy.yml
  [ "$(stat -c %s policy.yml)" = 1048576 ] || fail "the file has not the size that is tested"
  enforces --policy policy.yml
}

# actions ACTION: a policy that gives uname this action.
action_policy() {
  printf 'seccomp:\n  default_action: Allow\n  syscalls:\n  - {action: %s, names: [uname]}\n' "$1" >policy.yml
}

test_every_action_in_any_case() {
  local action
  for action in allow Allow ALLOW log Log LOG; do
    action_policy "$action"
    sandboxed policy.yml "$TEST_BIN/call" uname,0
    assert_status 0
    assert_file_is out "uname EFAULT" # The call was made.
  done
  for action in errno Errno ERRNO eRRNO; do
    action_policy "$action"
    sandboxed policy.yml "$TEST_BIN/call" uname
    assert_file_is out "uname EPERM"
  done
  for action in trace Trace TRACE; do
    action_policy "$action"
    sandboxed policy.yml "$TEST_BIN/call" uname
    assert_file_is out "uname ENOSYS"
  done
  for action in trap TRAP kill_thread Kill_Thread KILL_THREAD kill_process Kill_Process KILL_PROCESS; do
    action_policy "$action"
    sandboxed policy.yml "$TEST_BIN/call" uname
    assert_status 159
    assert_file_is out ""
  done
}

# operation_holds OPERATION VALUE ARGUMENT: socket with this domain is denied. LACKS: it is not.
with_operation() {
  printf 'seccomp:\n  default_action: allow\n  syscalls:\n  - action: errno\n    errno: EUCLEAN\n' >policy.yml
  printf '    names_with_args:\n    - {name: socket, arguments: [{operation: %s, value: %s, width: 64}]}\n' "$1" "$2" >>policy.yml
  sandboxed policy.yml "$TEST_BIN/call" "socket,$3,1"
  assert_status 0
  assert_file_is err ""
}

operation_holds() {
  with_operation "$@"
  assert_file_is out "socket EUCLEAN"
}

operation_lacks() {
  with_operation "$@"
  [ "$(cat out)" != "socket EUCLEAN" ] || report "expected that the condition does not hold"
}

test_every_operation_in_any_case() {
  local name
  for name in Equal EQUAL equal; do
    operation_holds "$name" 9 9
    operation_lacks "$name" 9 8
  done
  for name in NotEqual NOTEQUAL notequal; do
    operation_holds "$name" 9 8
    operation_lacks "$name" 9 9
  done
  for name in GreaterThan greaterTHAN greaterthan; do
    operation_holds "$name" 9 10
    operation_lacks "$name" 9 9
  done
  for name in LessThan lessthan; do
    operation_holds "$name" 9 8
    operation_lacks "$name" 9 9
  done
  for name in GreaterOrEqual GREATERoREQUAL; do
    operation_holds "$name" 9 9
    operation_lacks "$name" 9 8
  done
  for name in LessOrEqual lessorequal; do
    operation_holds "$name" 9 9
    operation_lacks "$name" 9 10
  done
  for name in BitsSet bitsset; do
    operation_holds "$name" 12 8
    operation_lacks "$name" 12 3
  done
  for name in BitsNotSet BITSNOTSET; do
    operation_holds "$name" 12 3
    operation_lacks "$name" 12 8
  done
}

# Each way to write a value, against the argument that it stands for.
test_values() {
  operation_holds Equal 0 0
  operation_holds Equal -0 0
  operation_holds Equal 18446744073709551615 0xffffffffffffffff
  operation_holds Equal -1 0xffffffffffffffff
  operation_holds Equal -0x10 0xfffffffffffffff0
  operation_holds Equal -9223372036854775808 0x8000000000000000
  operation_holds Equal 0xFFFFFFFFFFFFFFFF 0xffffffffffffffff
  operation_holds Equal 0o1777777777777777777777 0xffffffffffffffff
  operation_holds Equal 0xdeadBEEF 3735928559
  operation_holds Equal 4294967296 0x100000000
  operation_lacks Equal 4294967296 0
}

test_names_of_errno_values() {
  local name number
  for name in EPERM:EPERM ENOSYS:ENOSYS EWOULDBLOCK:EAGAIN ENOTSUP:EOPNOTSUPP 1:EPERM 0x26:ENOSYS 4095:4095; do
    number=${name%:*}
    action_policy "errno, errno: $number"
    sandboxed policy.yml "$TEST_BIN/call" uname
    assert_file_is out "uname ${name#*:}"
  done
}

disabled() { # disabled TEXT LINE:COLUMN
  printf '%s\n' "$1" >policy.yml
  run "$SANDBOX_RUN" --policy policy.yml -- "$TEST_BIN/call" uname,0
  assert_status 0
  assert_file_is out "uname EFAULT"
  assert_file_is err "sandbox-run: warning: policy.yml:$2: 'enabled' is false: '$TEST_BIN/call' runs without a filter"
}

test_enabled_false_in_every_spelling() {
  local word
  for word in false False FALSE no No NO off Off OFF; do
    disabled "seccomp: {enabled: $word}" 1:11
    disabled "seccomp.enabled: $word" 1:1
  done
  disabled "seccomp.enabled: false
$GOOD_POLICY" 1:1
  disabled "name: beat
seccomp:
  # not now
  enabled: off
  default_action: kill_process" 4:3
}

# A container profile that is older than the calls: they get ENOSYS, as from runc, and what lies below the largest number
# that it names gets what it says.
test_calls_that_a_container_profile_was_written_too_early_for() {
  [ "$(uname -m)" = x86_64 ] || skip "the numbers are x86_64's"
  printf '%s\n' "$OLD_PROFILE" >old.json
  sandboxed old.json "$TEST_BIN/call" 332 435 1000 101
  assert_status 0
  assert_file_is err ""
  assert_file_is out "332 ENOSYS
435 ENOSYS
1000 ENOSYS
101 EPERM"
}

test_policies_of_the_project() {
  local policy
  for policy in "$POLICIES"/*.yml; do
    run "$SANDBOX_RUN" --dry-run --policy "$policy"
    case $policy in
      *-386.yml | *-arm.yml | *-arm64.yml) continue ;; # For other machines: names may be missing here.
    esac
    [ "$(uname -m)" = x86_64 ] || continue
    assert_status 0
    assert_file_is err ""
  done
}

run_tests
