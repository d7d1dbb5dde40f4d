#!/bin/bash
# sandbox-policy scan: nothing that the programs of this machine are seen to call is missing. One command of twelve, all
# with SANDBOX_RUN_TEST_FULL=1.
. "$(dirname "$0")/lib.sh"

command -v strace >/dev/null || { echo "skipped: there is no strace"; exit 77; }
strace -o /dev/null true || { echo "skipped: strace cannot trace here"; exit 77; }

test_superset() {
  local choice=(--every 12 --min 4)
  [ -z "${SANDBOX_RUN_TEST_FULL:-}" ] || choice=(--min 40)
  python3 "$TEST_DATA/scan/superset.py" "${choice[@]}" "$TEST_BIN/sandbox-policy" \
    "$TEST_DATA/scan/superset_commands.txt" >table || report "$(grep -E 'MISSED|error|expected' table)"
  cat table
}

run_tests
