#!/bin/sh
# argument_widths_regenerate_test.sh SOURCE: the checked-in table is what its generator makes of the kernel's headers.
# Any Linux 6.1 header package of Debian's will do; the line that names the revision is left out of the comparison.
set -eu
source=$1
headers=$(ls -d /usr/src/linux-headers-6.1.*-common 2>/dev/null | sort -V | tail -n 1)
if [ -z "$headers" ]; then
  echo "skipped: no kernel headers (Debian: apt-get install linux-headers-6.1.0-56-common, or a newer revision)"
  exit 77
fi
if ! command -v python3 >/dev/null; then
  echo "skipped: no python3 to run the generator"
  exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
table() { grep -v '^// Source: ' "$1"; }
python3 "$source/src/arch/argument_widths_generator.py" "$headers" > "$work/generated"
table "$work/generated" > "$work/new"
table "$source/src/arch/generated/argument_widths.inc" > "$work/old"
if ! diff -u "$work/old" "$work/new"; then
  echo "FAILED: src/arch/generated/argument_widths.inc is not what the generator makes of $headers"
  exit 1
fi

# A type that the generator does not know ends it: a guessed width would be a hole.
mkdir -p "$work/tree/include/linux" "$work/tree/include/asm-generic"
cp "$headers/Makefile" "$work/tree/"
cp "$headers/include/asm-generic/syscalls.h" "$work/tree/include/asm-generic/"
echo 'asmlinkage long sys_example(int fd, strange_t value);' > "$work/tree/include/linux/syscalls.h"
expected="sys_example: 'strange_t value' is of no type that this generator knows"
if message=$(python3 "$source/src/arch/argument_widths_generator.py" "$work/tree" 2>&1 >/dev/null); then
  echo "FAILED: the generator took an unknown type"
  exit 1
fi
if [ "$message" != "$expected" ]; then
  echo "FAILED: expected: $expected"
  echo "        found:    $message"
  exit 1
fi
echo "the table agrees with $headers"
