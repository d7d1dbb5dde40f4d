# What the tests of odd inputs share.
# shellcheck shell=bash

# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TOO_LARGE="is larger than 1048576 bytes, the most that a policy may have"
EMPTY="is empty: expected a policy with the key 'seccomp'"

# Differs in one name, on line 6, column 7.
BAD_POLICY=${GOOD_POLICY/- uname/- unmae}
BAD_NAME="unknown system call 'unmae' ($(uname -m)); did you mean 'uname'?"
case $(uname -m) in x86_64 | aarch64 | riscv64 | s390x) ;; *) skip "the ABI's name is not known here" ;; esac
