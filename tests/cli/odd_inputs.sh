#!/bin/bash
# Policies that are no ordinary files, or none that could be kept as a file in bad/.
. "$(dirname "$0")/lib.sh"

TOO_LARGE="is larger than 1048576 bytes, the most that a policy may have"
EMPTY="is empty: expected a policy with the key 'seccomp'"

# Differs in one name, on line 6, column 7.
BAD_POLICY=${GOOD_POLICY/- uname/- unmae}
BAD_NAME="unknown system call 'unmae' ($(uname -m)); did you mean 'uname'?"
case $(uname -m) in x86_64 | aarch64 | riscv64 | s390x) ;; *) skip "the ABI's name is not known here" ;; esac

test_directory() {
  refuses_policy . ".: is a directory, expected a file"
  refuses_policy / "/: is a directory, expected a file"
}

test_missing_file() {
  refuses_policy missing.yml "missing.yml: cannot be read: No such file or directory"
  refuses_policy missing/policy.yml "missing/policy.yml: cannot be read: No such file or directory"
  : >file
  refuses_policy file/policy.yml "file/policy.yml: cannot be read: Not a directory"
  ln -s loop loop
  refuses_policy loop "loop: cannot be read: Too many levels of symbolic links"
  ln -s nowhere dangling
  refuses_policy dangling "dangling: cannot be read: No such file or directory"
}

test_name_that_is_too_long() {
  local name
  name=$(printf 'a%.0s' {1..300})
  refuses_policy "$name" "$name: cannot be read: File name too long"
}

test_unreadable_file() {
  printf '%s\n' "$GOOD_POLICY" >policy.yml
  chmod 000 policy.yml
  if is_root; then
    enforces --policy policy.yml # Permissions do not bind root.
  else
    refuses_policy policy.yml "policy.yml: cannot be read: Permission denied"
  fi
}

test_unreadable_directory() {
  mkdir closed
  printf '%s\n' "$GOOD_POLICY" >closed/policy.yml
  chmod 000 closed
  if is_root; then
    enforces --policy closed/policy.yml
  else
    refuses_policy closed/policy.yml "closed/policy.yml: cannot be read: Permission denied"
  fi
  chmod 700 closed
}

test_devices() {
  refuses_policy /dev/null "/dev/null: $EMPTY"
  refuses_policy /dev/zero "/dev/zero: $TOO_LARGE"
  refuses_policy /dev/full "/dev/full: $TOO_LARGE"
}

test_read_error() {
  refuses_policy /proc/self/mem "/proc/self/mem: cannot be read: Input/output error"
}

test_standard_input() {
  : >empty
  printf '%s\n' "$BAD_POLICY" >bad
  refuses_policy /dev/stdin "/dev/stdin: $EMPTY" <empty
  refuses_policy /dev/stdin "/dev/stdin:6:7: $BAD_NAME" <bad
  refuses_policy /dev/stdin "/dev/stdin: $TOO_LARGE" < <(yes '# not a policy')
}

test_closed_standard_input() {
  refuses_policy /dev/stdin "/dev/stdin: cannot be read: No such file or directory" <&-
}

test_process_substitution() {
  substituted() { refuses_policy "$1" "$1:6:7: $BAD_NAME"; }
  substituted <(printf '%s\n' "$BAD_POLICY")
  substituted_empty() { refuses_policy "$1" "$1: $EMPTY"; }
  substituted_empty <(:)
}

test_fifo() {
  mkfifo fifo
  printf '%s\n' "$BAD_POLICY" >fifo &
  STARTED="$STARTED $!"
  refuses_policy fifo "fifo:6:7: $BAD_NAME"
  : >fifo &
  STARTED="$STARTED $!"
  refuses_policy fifo "fifo: $EMPTY"
}

test_fifo_written_in_pieces() {
  mkfifo fifo
  write_in_pieces "$BAD_POLICY" >fifo &
  STARTED="$STARTED $!"
  refuses_policy fifo "fifo:6:7: $BAD_NAME"
}

test_socket() {
  need python3
  python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
  refuses_policy socket "socket: cannot be read: No such device or address"
}

# The size that stat(2) gives is no promise: here it is 0.
test_file_that_hides_its_size() {
  refuses_policy /proc/self/comm \
    "/proc/self/comm:1:1: no policy here: expected a mapping with the key 'seccomp', found 'sandbox-run'"
}

# Each run sees a longer file than the one before, or a file that grows while it is read. There are two right outcomes.
test_file_that_grows() {
  local i
  printf '%s\n' "$GOOD_POLICY" >growing.yml
  yes '# and one line more' | head -c 2000000 >>growing.yml &
  STARTED="$STARTED $!"
  for i in {1..20}; do
    run "$SANDBOX_RUN" --policy growing.yml -- "$TEST_BIN/call" uname
    assert_target_has_not_run
    if [ "$status" = 0 ]; then
      assert_file_is out "uname EPERM"
      assert_file_is err ""
    else
      assert_status 125
      assert_file_is err "sandbox-run: error: growing.yml: $TOO_LARGE"
    fi
  done
  wait
  refuses_policy growing.yml "growing.yml: $TOO_LARGE"
}

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

test_strange_file_names() {
  local name
  strange() { # strange NAME SHOWN
    printf '%s\n' "$BAD_POLICY" >"$1"
    refuses_policy "$1" "$2:6:7: $BAD_NAME"
  }
  strange 'with spaces .yml' 'with spaces .yml'
  strange $'two\nlines.yml' 'two\nlines.yml'
  strange $'\e[31mred\e[0m.yml' '\x1b[31mred\x1b[0m.yml'
  strange $'tab\tand\rreturn' 'tab\tand\x0dreturn'
  strange $'not\xffUTF-8' 'not\xffUTF-8'
  strange $'C1\xc2\x9bcode' 'C1\xc2\x9bcode'
  strange größe.yml größe.yml
  strange "it's.yml" "it's.yml"
  strange '%s%n.yml' '%s%n.yml'
  strange '{}.yml' '{}.yml'
  strange ./-p.yml ./-p.yml
  refuses_policy $'missing\n.yml' 'missing\n.yml: cannot be read: No such file or directory'
}

test_name_that_starts_with_a_hyphen() {
  printf '%s\n' "$BAD_POLICY" >-v
  refuses_policy -v "-v:6:7: $BAD_NAME"
  refuses "sandbox-run: error: -v:6:7: $BAD_NAME" -p-v
}

run_tests
