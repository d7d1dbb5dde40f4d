# What the tests of escapes from a sandbox of files share. Each way is first tried without a sandbox, where it works:
# "reached".
# shellcheck shell=bash

# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

LEAVE=$TEST_BIN/leave_files

# A sandbox of files alone, so that the kernel's Landlock is what is tried, and not the filter.
PLAIN_FILTER=$PWD/plain.yml
printf 'seccomp: {default_action: allow, syscalls: [{action: errno, names: [reboot]}]}\n' >"$PLAIN_FILTER"

# Below ABI 2 nothing is moved between directories, which the ways are about. Scopes came with ABI 6: before, the profile
# starts with --best-effort alone, and what it promises of files holds.
need_landlock 2
UNTRUSTED=("$SANDBOX_RUN" --profile untrusted)
[ "$(landlock_abi)" -ge 6 ] || UNTRUSTED=("$SANDBOX_RUN" -q --best-effort --profile untrusted)

# prepare: the working directory of the sandbox is inside/, the rest of the test's directory is outside.
prepare() {
  mkdir inside outside
  echo secret >outside/secret
  echo text >inside/file
  TOP=$PWD
}

# in_inside COMMAND...: what it prints, from inside/.
in_inside() { (cd "$TOP/inside" && exec "$@") 2>&1; }

# comes_to RESULT COMMAND...
comes_to() {
  local expected=$1 found
  shift
  found=$(in_inside "$@") || true
  assert_equal "$expected" "$found" "$*"
}

# untrusted_answers RESULT WAY...: under the profile; without it the way is open.
untrusted_answers() {
  local expected=$1
  shift
  comes_to reached "$LEAVE" "$@"
  comes_to "$expected" "${UNTRUSTED[@]}" -- "$LEAVE" "$@"
}

# files_answer RESULT WAY...: with the options in FILES, beside a filter that allows all.
FILES=(--rwx .)
files_answer() {
  local expected=$1
  shift
  comes_to "$expected" "$SANDBOX_RUN" -p "$PLAIN_FILTER" "${FILES[@]}" -- "$LEAVE" "$@"
}

# both_answer RESULT WAY...
both_answer() {
  untrusted_answers "$@"
  files_answer "$@"
}
