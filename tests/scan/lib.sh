# What the tests of sandbox-policy scan share.
# shellcheck shell=bash
# shellcheck source=../cli/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"

[ "$(uname -m)" = x86_64 ] || { echo "skipped: code of x86_64 alone is scanned"; exit 77; }
SCAN=("$TEST_BIN/sandbox-policy" scan)

# calls_of PROGRAM [OPTION]...: the names of its calls, by ABI, sorted and on one line.
calls_of() {
  run "${SCAN[@]}" --format json "$@"
  python3 -c '
import json
print(*sorted((c["abi"] + ":" if c["abi"] != "x86_64" else "") + c["name"] for c in json.load(open("out"))["calls"]))'
}
