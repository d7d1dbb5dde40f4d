#!/bin/bash
# The table of machines in the README: tests/vm/run.sh for each ABI and kernel, one after the other.
#
#   tests/vm/matrix.sh [ABI KERNEL]...     all of them if none is named; about an hour on two cores
#
# The table is printed at the end, with the day and the versions. What went wrong is in build/vm/matrix-ABI-KERNEL. The
# exit status is 0 only if all came out as expected.
set -euo pipefail
cd "$(dirname "$0")/../.."

cells=("$@")
if [ $# = 0 ]; then
  for abi in amd64 arm64 i386 armhf ppc64el s390x; do
    for kernel in 5.10 6.1 6.12; do
      [ "$abi-$kernel" = i386-6.12 ] || cells+=("$abi" "$kernel") # There is none since trixie.
    done
  done
  cells+=(riscv64 6.12)
fi
[ $((${#cells[@]} % 2)) = 0 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

mkdir -p build/vm
failed=0
rows=()
for ((i = 0; i < ${#cells[@]}; i += 2)); do
  abi=${cells[i]} kernel=${cells[i + 1]}
  log=build/vm/matrix-$abi-$(basename "$kernel")
  echo "$abi, $kernel" >&2
  if tests/vm/run.sh "$abi" "$kernel" >"$log" 2>&1 </dev/null; then
    result=$(sed -n 's/^passed: //p' "$log")
  else
    result="not as expected: $(tail -n 1 "$log")" failed=1
  fi
  compiler=$(sed -n 's/^built by //p' "$log")
  release=$(sed -n "s/^== $abi, //p" "$log")
  rows+=("| $abi | ${compiler:-none} | ${release:-$kernel} | $result |")
done

system=$(. /etc/os-release && echo "$PRETTY_NAME") qemu=$(dpkg-query -W -f='${Version}' qemu-system-common)
echo "On $(date +%F), $system, in qemu $qemu:"
echo
echo "| ABI | built by | Debian's kernel | what came out |"
echo "| --- | --- | --- | --- |"
printf '%s\n' "${rows[@]}"
exit "$failed"
