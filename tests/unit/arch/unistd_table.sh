#!/bin/sh
# unistd_table.sh COMPILER...: the kernel headers' system calls as C++ initialisers, {"read", __NR_read}, one a line.
# Names in capitals are not calls, and two of asm-generic's are counts.
set -eu
echo '#include <asm/unistd.h>' | "$@" -E -dM -x c++ - |
  sed -n 's/^#define __NR_\([a-z_][a-z0-9_]*\) .*/\1/p' | grep -v -x -e syscalls -e arch_specific_syscall | LC_ALL=C sort |
  sed 's/.*/{"&", __NR_&},/'
