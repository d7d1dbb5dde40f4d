#!/bin/bash
# Policies that are no ordinary files.
. "$(dirname "$0")/odd_inputs_lib.sh"

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
