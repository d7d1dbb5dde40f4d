#!/bin/bash
# What inputs cost that are made to cost as much as they can: hostile_inputs.py says which. Each has 256 MB and ten
# seconds of processor time, of which it takes less than two where the machine has nothing else to do.
. "$(dirname "$0")/lib.sh"

need python3

test_every_command() {
  local only=''
  # shellcheck disable=SC2034 # That of `run`; each of the many runs has a bound of its own.
  local BOUND=1400
  is_root || [ "$(id -un)" != nobody ] || only=' run$' # All of it has been tried as another user.
  run python3 "$CLI_TESTS/hostile_inputs.py" --bin "$TEST_BIN" --launcher "$SANDBOX_RUN" --cpu 10 --memory 256 \
    --only "$only"
  assert_status 0
  assert_file_is err ""
}

# enough_for KB MESSAGE COMMAND...: with so little address space the command fails with the message.
enough_for() {
  local memory=$1 message=$2
  shift 2
  run bash -c 'ulimit -v "$1"; shift; exec "$@"' - "$memory" "$@"
  assert_file_is err "$message"
  assert_file_is out ""
}

test_too_little_memory_is_said_with_the_file() {
  { printf 'seccomp: {default_action: allow, syscalls: [{action: errno, names: ['; yes "''," | head -300000 | tr -d '\n'
    printf 'read]}]}\n'; } >large.yml
  enough_for 60000 "sandbox-run: error: large.yml: not enough memory to read this policy" \
    "$SANDBOX_RUN" --policy large.yml -- "${TARGET[@]}"
  assert_status 125
  assert_target_has_not_run
  enough_for 60000 "sandbox-policy: error: large.yml: not enough memory for what is to be done with it" \
    "$TEST_BIN/sandbox-policy" check large.yml
  assert_status 2
}

run_tests
