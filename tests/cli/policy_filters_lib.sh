# What the tests of written and foreign filters share.
# shellcheck shell=bash

. "$(dirname "${BASH_SOURCE[0]}")/policy/lib.sh"
. "$KERNEL_TESTS/raw_bpf.sh"

if [ -z "$OWN_ARCH" ]; then
  echo "skipped: the numbers of this machine's calls are not known here"
  exit 77
fi
printf '%s\n' "$GOOD_POLICY" >good.yml
GOOD=$PWD/good.yml
