# What the tests of sandbox-policy share.
# shellcheck shell=bash

# shellcheck source=../lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
SANDBOX_POLICY=$TEST_BIN/sandbox-policy
FILES=$CLI_TESTS/policy

# Files by the names that messages are to have, wherever the test lies.
bring() {
  local file
  for file in "$@"; do cp "$FILES/$file" .; done
}

# policy ARGUMENT...: runs the program.
policy() { run "$SANDBOX_POLICY" "$@"; }

# answers STATUS NAME ARGUMENT...: the program prints what stands in NAME.expected, ends so, and says nothing else.
answers() {
  local expected=$1 name=$2
  shift 2
  policy "$@"
  assert_status "$expected"
  assert_file_is err ""
  if [ -n "${HIDDEN:-}" ]; then sed -i -E "$HIDDEN" out; fi # What may change with the compiler.
  if [ -n "${WRITE_EXPECTED:-}" ]; then # A folder: for changes of the texts, which are then read.
    cp out "$WRITE_EXPECTED/$name.expected"
    return
  fi
  diff "$FILES/$name.expected" out >difference || report "expected in 'out' what stands in $name.expected:
$(head -n 20 difference)"
}

# complains MESSAGE ARGUMENT...: the program fails with this one line.
complains() {
  local message=$1
  shift
  policy "$@"
  assert_status 2
  assert_file_is err "sandbox-policy: error: $message"
  assert_file_is out ""
}
