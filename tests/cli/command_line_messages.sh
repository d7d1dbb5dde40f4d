#!/bin/bash
# The launcher's messages: levels, the journal, excerpts on a terminal.
. "$(dirname "$0")/command_line_lib.sh"

DOUBLE='seccomp: {default_action: allow, syscalls: [{action: errno, names: [uname, uname]}]}'
TWICE="sandbox-run: warning: double.yml:1:76: 'uname' is named twice in this group"

test_quiet_and_verbose() {
  printf '%s\n' "$DOUBLE" >double.yml
  run "$SANDBOX_RUN" -p double.yml "${CALL[@]}"
  assert_file_is err "$TWICE"
  assert_file_is out "uname EPERM"
  run "$SANDBOX_RUN" -q -p double.yml "${CALL[@]}"
  assert_file_is err ""
  assert_file_is out "uname EPERM"
  run "$SANDBOX_RUN" --quiet -p double.yml "${CALL[@]}"
  assert_file_is err ""
  run "$SANDBOX_RUN" -q -p "$BAD" "${CALL[@]}"
  assert_file_is err "sandbox-run: error: $BAD:6:7: $BAD_NAME"
}

test_verbose() {
  local ranges instructions option
  cp "$POLICY" here.yml
  run "$SANDBOX_RUN" --dry-run -p here.yml
  ranges=$(sed -n 's/^filter: *\([0-9]*\) ranges.*/\1/p' out)
  instructions=$(sed -n 's/^filter:.* \([0-9]*\) instructions.*/\1/p' out)
  for option in -v --verbose -vv -qv; do
    run "$SANDBOX_RUN" "$option" -p here.yml "${CALL[@]}"
    assert_file_is out "uname EPERM"
    assert_file_is err "sandbox-run: info: starting '$TEST_BIN/call' under here.yml: $ranges ranges of numbers, $(
    )$instructions instructions"
  done
}

test_policy_that_others_may_write() {
  cp "$POLICY" open.yml
  chmod 666 open.yml
  if ! is_root; then
    enforces -p open.yml # The caller's own policy is the caller's business.
    return
  fi
  local warning="sandbox-run: warning: open.yml: users other than root may write this policy"
  run "$SANDBOX_RUN" -p open.yml "${CALL[@]}"
  assert_file_is err "$warning"
  assert_file_is out "uname EPERM"
  chmod 664 open.yml
  chgrp 65534 open.yml
  run "$SANDBOX_RUN" -p open.yml "${CALL[@]}"
  assert_file_is err "$warning"
  chmod 644 open.yml
  enforces -p open.yml
  chown 65534 open.yml
  run "$SANDBOX_RUN" -p open.yml "${CALL[@]}"
  assert_file_is err "$warning"
  run "$SANDBOX_RUN" -q -p open.yml "${CALL[@]}"
  assert_file_is err ""
  enforces -p <(cat open.yml) # A pipe has no owner to speak of.
}

# The device and inode of what the function's standard error will be.
journal_of() { stat -L -c '%d:%i' "$1"; }

test_journal() {
  local prefixed="<3>sandbox-run: error: $BAD:6:7: $BAD_NAME" plain="sandbox-run: error: $BAD:6:7: $BAD_NAME"
  printf '%s\n' "$DOUBLE" >double.yml
  : >err
  JOURNAL_STREAM=$(journal_of err) run "$SANDBOX_RUN" -p "$BAD" "${TARGET[@]}"
  assert_status 125
  assert_file_is err "$prefixed"
  JOURNAL_STREAM=$(journal_of err) run "$SANDBOX_RUN" -p double.yml "${CALL[@]}"
  assert_file_is err "<4>$TWICE"
  JOURNAL_STREAM=$(journal_of err) run "$SANDBOX_RUN" -v "${CALL[@]}"
  grep -Eqx "<6>sandbox-run: info: starting '.*' under profile default: [0-9]+ ranges of numbers, [0-9]+ instructions" \
    err || report "expected a message with its level"
  JOURNAL_STREAM=$(journal_of err) run "$SANDBOX_RUN" --nope
  assert_file_is err "<3>sandbox-run: error: unknown option '--nope'; --help lists the options, and '--' ends them"

  # Not for another file, nor for nonsense.
  local stream
  for stream in "$(journal_of /dev/null)" "$(journal_of out)" '' : 1 1: :1 "$(journal_of err)x" "x$(journal_of err)" \
    " $(journal_of err)" "$(journal_of err):" 99999999999999999999999:1 "-1:-1"; do
    JOURNAL_STREAM=$stream run "$SANDBOX_RUN" -p "$BAD" "${TARGET[@]}"
    assert_file_is err "$plain"
  done
  run env -u JOURNAL_STREAM "$SANDBOX_RUN" -p "$BAD" "${TARGET[@]}"
  assert_file_is err "$plain"
}

test_failed_exec_carries_the_level_too() {
  printf 'text\n' >text
  chmod 755 text
  : >err
  JOURNAL_STREAM=$(journal_of err) run "$SANDBOX_RUN" -q -p "$POLICY" ./text
  assert_status 126
  assert_file_is err "<3>sandbox-run: error: cannot execute './text': it is neither a program for this machine nor $(
  )a script that starts with '#!'"
}

# on_terminal COMMAND...: standard error (and all else) is a terminal; its text goes to the file screen.
on_terminal() {
  need python3
  command_line=$*
  status=0
  { timeout -s KILL "$BOUND" python3 -c 'import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$@" </dev/null >shown 2>err || status=$?; } 2>/dev/null
  : >out
  sed 's/\r$//' shown >screen # The terminal turns each line feed into two characters.
}

NO_NETWORK='seccomp:
  default_action: allow
  syscalls:
  - action: errno
    names: ["@network-io"]'
UNDONE="'socket', 'connect', 'accept' and 10 more are restricted, but io_uring does the same past every filter; deny $(
)'io_uring_setup' too"

test_what_undoes_a_policy() {
  printf '%s\n' "$NO_NETWORK" >no-network.yml
  printf '%s\n' "$NO_NETWORK" | sed 's/"@network-io"/&, io_uring_setup/' >closed.yml
  on_terminal "$SANDBOX_RUN" -p no-network.yml true
  assert_status 0
  assert_file_is screen "sandbox-run: warning: no-network.yml:5:13: $UNDONE
    names: [\"@network-io\"]
            ^~~~~~~~~~~~~"
  : >err
  JOURNAL_STREAM=$(journal_of err) run "$SANDBOX_RUN" -p no-network.yml true
  assert_status 0
  assert_file_is err "<4>sandbox-run: warning: no-network.yml:5:13: $UNDONE"
  # Neither for programs, nor where another policy denies it.
  run "$SANDBOX_RUN" -p no-network.yml true
  assert_status 0
  assert_file_is err ""
  local options
  for options in "-q -p no-network.yml" "-p closed.yml" "-p no-network.yml -p closed.yml" "-p no-network.yml --profile default"; do
    # shellcheck disable=SC2086
    on_terminal "$SANDBOX_RUN" $options true
    assert_status 0
    assert_file_is screen ""
  done
}

shows() { # shows POLICY TEXT: the launcher refuses the policy, and this is on the screen.
  on_terminal "$SANDBOX_RUN" -p "$1" "${TARGET[@]}"
  assert_status 125
  assert_file_is screen "$2"
  assert_target_has_not_run
}

test_excerpt_on_a_terminal() {
  cp "$BAD" bad.yml
  shows bad.yml "sandbox-run: error: bad.yml:6:7: $BAD_NAME
    - unmae
      ^~~~~"
}

test_excerpts_of_several_problems() {
  printf 'seccomp:\n  default_action: alow\n  syscalls:\n  - action: "errno"\n    nmaes: [uname]\n  - {}\n' >bad.yml
  shows bad.yml "sandbox-run: error: bad.yml:2:19: unknown action 'alow'; did you mean 'allow'?
  default_action: alow
                  ^~~~
sandbox-run: error: bad.yml:5:5: unknown key 'nmaes' in a group; did you mean 'names'?
    nmaes: [uname]
    ^~~~~
sandbox-run: error: bad.yml:6:5: 'action' is missing in a group: what the calls it names get
  - {}
    ^
sandbox-run: error: bad.yml:6:5: a group needs 'names' or 'names_with_args': the calls that it is about
  - {}
    ^"
}

test_excerpt_with_tabs_crlf_and_non_ascii() {
  printf '{"seccomp": {"default_action": "allow", "syscalls": [{"action": "errno", "names": [\r\n' >bad.json
  printf '\t"uname",\t"größe", "日本",\t"unmae"]}]}}\r\n' >>bad.json
  local line=$'\t"uname",\t"größe", "日本",\t"unmae"]}]}}'
  shows bad.json "sandbox-run: error: bad.json:2:11: unknown system call 'größe' ($(uname -m))
$line
$(printf '\t        \t^~~~~~~')
sandbox-run: error: bad.json:2:20: unknown system call '日本' ($(uname -m))
$line
$(printf '\t        \t         ^~~~')
sandbox-run: error: bad.json:2:26: $BAD_NAME
$line
$(printf '\t        \t              \t^~~~~~~')"
}

test_excerpt_cannot_drive_the_terminal() {
  printf 'seccomp:\n  default_action: allow # \e]0;title\a\n' >bad.yml
  shows bad.yml "sandbox-run: error: bad.yml:2:27: control character U+001B, expected text
  default_action: allow # ?]0;title?
                          ^"
}

test_excerpt_at_the_end_of_the_file() {
  printf 'seccomp: {default_action: allow,\n  syscalls: [\n' >bad.yml
  on_terminal "$SANDBOX_RUN" -p bad.yml "${TARGET[@]}"
  assert_status 125
  assert_file_is screen "sandbox-run: error: bad.yml:3:1: the list that '[' opened on line 2 $(
  )does not end before this; expected ',' or ']'

^"
}

test_excerpt_of_a_long_line() {
  printf 'seccomp: {default_action: allow, syscalls: [{action: errno, names: [uname,' >bad.yml
  printf '%5000sunmae,%5000sfork]}]}\n' '' '' >>bad.yml
  shows bad.yml "sandbox-run: error: bad.yml:1:5075: $BAD_NAME
$(printf '%80sunmae,%74s' '' '')
$(printf '%80s^~~~~' '')"
}

test_no_excerpt_where_only_standard_output_is_a_terminal() {
  cp "$BAD" bad.yml
  on_terminal sh -c 'exec "$@" 2>messages' sh "$SANDBOX_RUN" -p bad.yml "${TARGET[@]}"
  assert_status 125
  assert_file_is screen ""
  assert_file_is messages "sandbox-run: error: bad.yml:6:7: $BAD_NAME"
}

test_no_excerpt_without_a_place() {
  : >empty.yml
  shows empty.yml "sandbox-run: error: empty.yml: is empty: expected a policy with the key 'seccomp'"
}

test_excerpt_of_a_warning() {
  printf '%s\n' "$DOUBLE" >double.yml
  on_terminal "$SANDBOX_RUN" -p double.yml "${CALL[@]}"
  assert_status 0
  assert_file_is screen "$TWICE
$DOUBLE
$(printf '%75s^~~~~' '')
uname EPERM"
}

run_tests
