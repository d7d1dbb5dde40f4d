#!/bin/sh
# call_names.sh COMPILER: the system calls that the C headers know, as the initialisers of a table.
set -eu
echo '#include <sys/syscall.h>' | "$1" -E -dM - | sed -n 's/^#define SYS_\([a-z_0-9]*\) .*/{"\1", SYS_\1},/p' | sort
