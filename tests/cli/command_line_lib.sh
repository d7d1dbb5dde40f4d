# What the tests of the launcher's command line share.
# shellcheck shell=bash

# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

printf '%s\n' "$GOOD_POLICY" >policy.yml
printf '%s\n' "${GOOD_POLICY/- uname/- unmae}" >bad.yml
POLICY=$PWD/policy.yml
BAD=$PWD/bad.yml
BAD_NAME="unknown system call 'unmae' ($(uname -m)); did you mean 'uname'?"
CALL=("$TEST_BIN/call" uname)

# prints FILE OPTION...: success, and this file's text.
prints() {
  local file=$1
  shift
  run "$SANDBOX_RUN" "$@"
  assert_status 0
  assert_file_is err ""
  cmp -s out "$file" || report "expected on standard output the text of $file"
}

# usage_error MESSAGE ARGUMENT...: the whole command line is the arguments.
usage_error() {
  local message=$1
  shift
  run "$SANDBOX_RUN" "$@"
  assert_status 125
  assert_file_is err "sandbox-run: error: $message"
  assert_file_is out ""
  assert_target_has_not_run
}
