#!/bin/sh
# constants_regenerate_test.sh SOURCE [MODE]: what is checked in under src/arch/generated is what constants_generator.py
# makes of the kernel's headers on this machine. MODE is --check (all ABIs: the headers of Debian's
# linux-libc-dev-*-cross), --check-native (x86 alone) or --check-libc (the C library's constants have the same values).
set -eu
source=$1
mode=${2:---check}

skip() {
  echo "skipped: $1"
  exit 77
}

[ "$(uname -m)" = x86_64 ] || skip "the generator lets an x86_64 compiler imitate the others"
for tool in python3 "${CC_X86_64:-gcc}" objcopy; do
  command -v "$tool" >/dev/null || skip "$tool is not installed"
done
exec python3 -B "$source/src/arch/constants_generator.py" "$mode"
