#!/bin/bash
# sandbox-policy scan: what one run of a program did not show and another needed is in the scan. Three programs, all of
# the list with SANDBOX_RUN_TEST_FULL=1.
. "$(dirname "$0")/lib.sh"

command -v strace >/dev/null || { echo "skipped: there is no strace"; exit 77; }
strace -o /dev/null true || { echo "skipped: strace cannot trace here"; exit 77; }

test_beyond_recording() {
  local pairs=$TEST_DATA/scan/beyond_recording_pairs.txt least=8
  if [ -z "${SANDBOX_RUN_TEST_FULL:-}" ]; then
    grep -E '^(cp|ls|bash) ' "$pairs" >few
    pairs=few least=2
  fi
  PYTHONDONTWRITEBYTECODE=1 python3 "$TEST_DATA/scan/beyond_recording.py" --min $least "$TEST_BIN/sandbox-policy" "$pairs" \
    >table || report "$(cat table)"
  cat table
}

run_tests
