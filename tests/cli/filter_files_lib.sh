# What the tests of --bpf share: filter files and raw BPF.
# shellcheck shell=bash

# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$KERNEL_TESTS/raw_bpf.sh"

if [ -z "$OWN_ARCH" ]; then
  echo "skipped: the numbers of this machine's calls are not known here"
  exit 77
fi

ABI=$(uname -m)
FILES=$PWD
printf '%s\n' "$GOOD_POLICY" >"$FILES/good.yml"
(cd "$FILES" && "$TEST_BIN/make_filter" good.yml good.bpf && "$TEST_BIN/make_filter" good.yml good.raw --raw)
write_policy "$FILES/strict.yml" kill_process "allow read"
(cd "$FILES" && "$TEST_BIN/make_filter" strict.yml strict.bpf)

# refuses_filter FILE MESSAGE: the one error is about the file.
refuses_filter() { refuses "sandbox-run: error: $2" --bpf "$1"; }
