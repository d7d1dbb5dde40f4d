#!/bin/bash
# sandbox-policy scan: exactly the calls of programs whose code is full of traps.
. "$(dirname "$0")/lib.sh"

NUMBERS="alarm exit getegid getgid getpid getppid getuid pause restart_syscall rt_sigreturn sched_yield sync umask"

test_numbers() {
  assert_equal "$NUMBERS" "$(calls_of "$TEST_BIN/scan_numbers")"
  assert_equal "$NUMBERS" "$(calls_of "$TEST_BIN/scan_numbers_pie")"
}

# Both ends of a structure belong together; int $0x80 is x86's; what nothing leads to is left out (reboot).
test_data() {
  local calls="exit getpid getuid restart_syscall rt_sigreturn x86:getpid"
  assert_equal "$calls" "$(calls_of "$TEST_BIN/scan_data")"
  assert_equal "$calls" "$(calls_of "$TEST_BIN/scan_data_pie")"
}

# The version that the program is bound to; both ends of an indirect function; a copied pointer; start and end.
test_library() {
  calls_of "$TEST_BIN/scan_user" >all
  local call
  for call in getpid getuid getgid getppid umask alarm exit; do grep -qw "$call" all || report "expected $call"; done
  for call in reboot sync; do ! grep -qw "$call" all || report "did not expect $call"; done
}

# Of a library, all functions that it exports.
test_library_alone() {
  calls_of "$TEST_BIN/libscan_library.so" >all
  local call
  for call in getpid getuid getgid umask alarm reboot sync; do grep -qw "$call" all || report "expected $call: $(cat all)"; done
}

test_unknown_number() {
  run "${SCAN[@]}" "$TEST_BIN/scan_unknown"
  assert_status 1
  grep -A1 '^Not known:' out >unknown
  grep -Eqx '  scan_unknown: (begin|_start).* makes a call whose number is not known.*' unknown || report "expected the place"
  run "${SCAN[@]}" "$TEST_BIN/scan_unknown" -o p.yml
  assert_status 2
  assert_no_file p.yml
  assert_equal "sandbox-policy: error: p.yml: was not written, since not all calls are known; --assume says what else is to be allowed, or 'record' shows what a run calls" \
    "$(tail -n 1 err)"
  run "${SCAN[@]}" "$TEST_BIN/scan_unknown" -o p.yml --assume fstat
  assert_status 0
  grep -q '    - fstat .*# assumed' p.yml || report "expected fstat in the policy"
}

run_tests
