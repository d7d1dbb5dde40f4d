# What the tests of 'sandbox-policy record' share.
# shellcheck shell=bash

# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
umask 022 # Else the launcher may warn root of policies that others may write.
SANDBOX_POLICY=$TEST_BIN/sandbox-policy

# record FILE [OPTION]... -- COMMAND...: the recording ends well and says so in one line.
record() {
  local file=$1
  shift
  run "$SANDBOX_POLICY" record -o "$file" "$@"
  assert_status 0
  grep -Eqx "sandbox-policy: info: $file: [0-9]+ system calls?, [0-9]+ process(es)?(, [0-9]+ added)?; the policy allows \
[0-9]+(, among them for other C libraries .*)?" err || report "expected a line about $file"
  sed -i '$d' err
}

# deadly FILE: the same policy, but all else kills, in the file FILE.kill.
deadly() {
  sed 's/^  default_action: errno$/  default_action: kill_process/' "$1" >"$1.kill"
  grep -qx '  default_action: kill_process' "$1.kill" || fail "$1 has another default action"
}

# needs_no_more FILE COMMAND...: under the recorded policy the command does what it does without it; no call is denied,
# else it would be dead.
needs_no_more() {
  local file=$1
  shift
  run "$@"
  assert_status 0
  mv out bare
  sandboxed "$file" "$@"
  assert_status 0
  cmp out bare || report "expected the same output as without a policy"
  deadly "$file"
  sandboxed "$file.kill" "$@"
  assert_status 0
  cmp out bare || report "expected the same output as without a policy"
}

# counted NAME FILE: how often the policy says that it was called.
counted() { sed -n "s/^    - $1  *# \([0-9]*\).*/\1/p" "$2"; }

# allows NAME FILE: by its name, regardless of the arguments.
allows() { grep -Eq "^    - $1( |\$)" "$2"; }

assert_allows() { allows "$1" "$2" || fail "expected $1 in $2: $(cat "$2")"; }
assert_lacks() { ! grep -Eq "^    - (name: )?$1( |\$)" "$2" || fail "did not expect $1 in $2: $(cat "$2")"; }

# refuses STATUS MESSAGE OPTION...: nothing is started, nothing is written.
refuses() {
  local expected=$1 message=$2
  shift 2
  rm -f out err
  ls -A >before
  run "$SANDBOX_POLICY" record "$@"
  assert_status "$expected"
  assert_stderr "sandbox-policy: error: $message"
  rm -f out err
  assert_equal "$(cat before)" "$(ls -A)" "the folder"
}
