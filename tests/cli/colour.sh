#!/bin/bash
# Colour in what the launcher writes to people.
. "$(dirname "$0")/command_line_lib.sh"

RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m' PLAIN=$'\e[0m'

test_messages_on_a_terminal() {
  local name
  cp "$BAD" .
  env -u NO_COLOR TERM=xterm "$TEST_BIN/on_terminal" "$SANDBOX_RUN" --policy bad.yml true >out || true
  tr -d '\r' <out >text
  assert_file_is text "sandbox-run: ${RED}error:$PLAIN bad.yml:6:7: $BAD_NAME
    - unmae
$GREEN      ^~~~~$PLAIN"
  for name in NO_COLOR=1 TERM=dumb; do
    env -u NO_COLOR TERM=xterm "$name" "$TEST_BIN/on_terminal" "$SANDBOX_RUN" --policy bad.yml true >out || true
    ! grep -q $'\e' out || report "expected no colour with $name"
  done
}

# Not a byte of it in a file or a pipe, unless it is asked for.
test_messages_in_a_file() {
  cp "$BAD" .
  run env -u NO_COLOR TERM=xterm "$SANDBOX_RUN" --policy bad.yml true
  assert_file_is err "sandbox-run: error: bad.yml:6:7: $BAD_NAME"
  run "$SANDBOX_RUN" --color always --policy bad.yml true
  assert_file_is err "sandbox-run: ${RED}error:$PLAIN bad.yml:6:7: $BAD_NAME"
  run env -u NO_COLOR "$SANDBOX_RUN" --color sometimes true
  assert_file_is err "sandbox-run: error: option '--color' must be auto, always or never, found 'sometimes'"
}

test_reports() {
  run "$SANDBOX_RUN" --color=always --report --policy "$POLICY" -- "${CALL[@]}"
  grep -qF "sandbox-run: ${RED}denied$PLAIN uname(" err || report "expected a coloured report"
  run "$SANDBOX_RUN" --color=always --report --permissive --policy "$POLICY" -- "$TEST_BIN/call" uname,0
  grep -qF "sandbox-run: ${YELLOW}would deny$PLAIN uname(" err || report "expected a coloured report"
  run env -u NO_COLOR TERM=xterm "$SANDBOX_RUN" --report --policy "$POLICY" -- "${CALL[@]}"
  grep -qF "sandbox-run: denied uname(" err || report "expected a report without colour in a file"
}

# The journal has levels of its own.
test_journal() {
  cp "$BAD" .
  : >err
  JOURNAL_STREAM=$(stat -c %d:%i err) "$SANDBOX_RUN" --color always --policy bad.yml true 2>>err || true
  assert_file_is err "<3>sandbox-run: error: bad.yml:6:7: $BAD_NAME"
}

run_tests
