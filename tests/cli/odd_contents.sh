#!/bin/bash
# Policies that are too large, too long or too deep to be kept as a file in bad/.
. "$(dirname "$0")/odd_inputs_lib.sh"

test_five_megabytes() {
  { printf '%s\n' "$GOOD_POLICY" && yes '# padding' | head -c 5000000; } >large.yml
  refuses_policy large.yml "large.yml: $TOO_LARGE"
}

test_one_byte_too_many() {
  printf '%s\n#' "$GOOD_POLICY" >policy.yml
  truncate -s 1048576 policy.yml
  tr '\0' '#' <policy.yml >full.yml
  enforces --policy full.yml
  printf '#' >>full.yml
  refuses_policy full.yml "full.yml: $TOO_LARGE"
}

test_policies_that_are_too_large_together() {
  local i policies=()
  { printf '%s\n' "$GOOD_POLICY" && yes '# padding' | head -c 1040000; } >large.yml
  for i in {1..8}; do policies+=(--policy large.yml); done
  enforces "${policies[@]}"
  cp large.yml last.yml
  refuses "sandbox-run: error: last.yml: with this file the policies are larger than 8388608 bytes, the most that they \
may have together" "${policies[@]}" --policy last.yml
}

test_file_with_a_hole() {
  truncate -s 1T hole.yml
  refuses_policy hole.yml "hole.yml: $TOO_LARGE"
  truncate -s 1M zeros.yml
  refuses_policy zeros.yml "zeros.yml:1:1: control character U+0000 (NUL), expected text"
}

alias_bomb() {
  local level
  echo 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]'
  for level in 1 2 3 4 5 6 7 8 9; do
    echo "a$level: &a$level [$(printf "*a$((level - 1)), %.0s" 1 2 3 4 5 6 7 8 9) *a$((level - 1))]"
  done
}

test_alias_bomb() {
  { alias_bomb && printf '%s\n' "$GOOD_POLICY"; } >outside.yml
  enforces --policy outside.yml
  { alias_bomb && printf 'seccomp: *a9\n'; } >section.yml
  refuses_policy section.yml \
    "section.yml:11:10: an alias cannot be used for the seccomp section; write the value out"
  { alias_bomb && printf '%s\n' "$GOOD_POLICY" | sed 's/^    names:$/    names: *a9/; /- uname/d'; } >names.yml
  refuses_policy names.yml "names.yml:15:12: an alias cannot be used for 'names'; write the value out"
}

# repeat COUNT TEXT
repeat() { yes "$2" | head -n "$1" | tr -d '\n'; }

test_a_million_brackets() {
  repeat 1048576 '[' >lists.yml
  refuses_policy lists.yml "lists.yml:1:250: the nesting is too deep"
  repeat 1048576 '{' >mappings.yml
  refuses_policy mappings.yml "mappings.yml:1:498: the nesting is too deep"
}

test_a_million_quotes() {
  repeat 1048576 "'" >even.yml
  refuses_policy even.yml "even.yml:1:1: no policy here: expected a mapping with the key 'seccomp', found '$(
    repeat 40 "'")...'"
  repeat 1048575 "'" >odd.yml
  refuses_policy odd.yml "odd.yml:1:1: the closing quote (') is missing"
}

many_conditions() { # many_conditions GROUPS: each takes the same, but for the one on line 5004, which takes more.
  local i
  printf 'seccomp:\n  default_action: allow\n  syscalls:\n'
  for ((i = 0; i < $1; ++i)); do
    printf '  - action: errno\n    names_with_args:\n    - name: socket\n      arguments:\n'
    printf '      - {argument: 0, operation: Equal, value: %d, width: 64}\n' $((i * 7 + 4294967296 * i))
    if [ "$i" = 1000 ]; then printf '      - {argument: 1, operation: GreaterThan, value: 0x100000001, width: 64}\n'; fi
  done
}

# How long a filter is depends on how well it is made; that it is too long is all that matters.
test_filter_that_is_too_long() {
  many_conditions 1500 >long.yml
  run "$SANDBOX_RUN" --policy long.yml -- "${TARGET[@]}"
  assert_status 125
  sed -i 's/needs [0-9]* instructions/needs N instructions/; s/takes [0-9]*$/takes N/' err
  assert_file_is err "sandbox-run: error: long.yml:5004:5: the policy needs N instructions, a filter may have 4096; $(
  )this group alone takes N"
  assert_file_is out ""
  assert_target_has_not_run
  many_conditions 500 >short.yml
  run "$SANDBOX_RUN" --policy short.yml -- "$TEST_BIN/call" socket,7,3 socket,8,3
  assert_status 0
}

# Every mistake is shown, however many there are.
test_ten_thousand_mistakes() {
  local i
  printf 'seccomp:\n  default_action: allow\n  syscalls:\n  - action: errno\n    names:\n' >policy.yml
  for i in {1..10000}; do echo "    - unmae"; done >>policy.yml
  for i in {6..10005}; do echo "sandbox-run: error: policy.yml:$i:7: $BAD_NAME"; done >all
  run "$SANDBOX_RUN" --policy policy.yml -- "${TARGET[@]}"
  assert_status 125
  cmp -s err all || report "expected ten thousand lines"
  assert_file_is out ""
  assert_target_has_not_run
}

run_tests
