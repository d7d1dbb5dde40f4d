#!/bin/bash
# The launcher's command line: policies by option, and what belongs to the target.
. "$(dirname "$0")/command_line_lib.sh"

test_ways_to_name_a_policy() {
  cd ..
  enforces -p policy.yml
  enforces -ppolicy.yml
  enforces --policy policy.yml
  enforces --policy=policy.yml
  enforces -qp policy.yml
  enforces -qppolicy.yml
  enforces -q --policy=policy.yml
}

test_equals_sign_in_a_file_name() {
  cp "$POLICY" a=b.yml
  enforces --policy=a=b.yml
  enforces -pa=b.yml
  usage_error "=a=b.yml: cannot be read: No such file or directory" -p=a=b.yml "${TARGET[@]}"
}

# A file's name reaches the kernel as it was typed.
test_file_names_are_not_interpreted() {
  local name
  for name in '[x]' '[a,b]' '[]' 'a,b' '"x"' "'x'" '{}' '%%' '~' '$HOME' '\x41' '--' ' ' true -- --help; do
    cp "$POLICY" "./$name"
    enforces -p "$name"
    enforces --policy "$name"
    [ "$name" = ' ' ] || enforces "--policy=$name"
  done
  usage_error "'[default]' cannot be a profile's name: letters, digits, '.', '_' and '-'" --profile '[default]' "${TARGET[@]}"
}

test_options_after_the_target_are_its_own() {
  run "$SANDBOX_RUN" -p "$POLICY" echo -v --help -p missing --policy --nope
  assert_status 0
  assert_file_is err ""
  assert_file_is out "-v --help -p missing --policy --nope"
}

test_double_hyphen_is_dropped_once() {
  run "$SANDBOX_RUN" -p "$POLICY" -- echo a -- b
  assert_file_is out "a -- b"
  run "$SANDBOX_RUN" -p "$POLICY" echo -- a
  assert_file_is out "-- a"
  run "$SANDBOX_RUN" -p "$POLICY" -- echo -- a
  assert_file_is out "-- a"
  run "$SANDBOX_RUN" -p "$POLICY" -- -- echo
  assert_status 127
  assert_file_is err "sandbox-run: error: cannot find '--': no such program in PATH"
  run "$SANDBOX_RUN" -p "$POLICY" -- --help
  assert_status 127
  assert_file_is err "sandbox-run: error: cannot find '--help': no such program in PATH"
  assert_file_is out ""
}

test_arguments_arrive_unchanged() {
  local arguments=('' ' ' $'a\nb' '*' '[x]' '"q"' "'q'" '\' '%s' -- -p=x '--a=b' $'\xff' größe)
  printf '<%s>\n' "${arguments[@]}" >wanted
  run "$SANDBOX_RUN" -p "$POLICY" printf '<%s>\n' "${arguments[@]}"
  cmp -s out wanted || report "expected the arguments: $(cat wanted)"
}

test_the_name_of_the_target_is_kept() {
  run "$SANDBOX_RUN" -p "$POLICY" sh -c 'echo "$0"'
  assert_file_is out sh
}

test_empty_name_of_a_target() {
  run "$SANDBOX_RUN" -p "$POLICY" ''
  assert_status 127
  assert_file_is err "sandbox-run: error: cannot find '': the command's name is empty"
}

test_hyphen_as_a_target() {
  run "$SANDBOX_RUN" -p "$POLICY" -
  assert_status 127
  assert_file_is err "sandbox-run: error: cannot find '-': no such program in PATH"
}

test_a_policy_is_judged_before_the_target() {
  usage_error "$BAD:6:7: $BAD_NAME" -p "$BAD" ./missing
}

test_default_profile() {
  run "$SANDBOX_RUN" echo started
  assert_status 0
  assert_file_is out started
  assert_file_is err ""
  run "$SANDBOX_RUN" "$TEST_BIN/call" ptrace
  assert_file_is out "ptrace EPERM"
  run "$SANDBOX_RUN" --profile default "$TEST_BIN/call" ptrace
  assert_file_is out "ptrace EPERM"
}

run_tests
