#!/bin/bash
# hardening.sh PROGRAM...: what the top CMakeLists.txt asks for is in the programs. They have debugging information, in
# which GCC records its options; what else there is, is seen in the code of functions of the project's.
set -euo pipefail
for tool in readelf objdump; do
  command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
failed=0 checked=no
wrong() { echo "$*"; failed=1; }

for program; do
  name=${program##*/}
  segments=$(readelf -lW "$program")
  grep -q 'GNU_RELRO' <<<"$segments" || wrong "$name: nothing is read-only after relocation"
  grep -qE 'GNU_STACK .* RW +0x' <<<"$segments" || wrong "$name: the stack is executable"
  ! grep -qE 'LOAD .* (RWE|WE) ' <<<"$segments" || wrong "$name: a segment can be written and executed"

  producers=$(readelf -p .debug_str "$program" | grep -aE 'GNU C\+\+' || true)
  if [ -z "$producers" ]; then
    echo "skipped: $name has no debugging information of GCC's"
    exit 77
  fi
  options=(-fstack-protector-strong -ftrivial-auto-var-init=zero)
  [ "$(uname -m)" != x86_64 ] || options+=(-fstack-clash-protection)
  for option in "${options[@]}"; do
    without=$(grep -cavF -e "$option" <<<"$producers" || true)
    [ "$without" = 0 ] || wrong "$name: $without sorts of files are compiled without $option"
  done

  # A function of the project's that calls each of these; the C library itself has them too.
  calls=$(objdump -dC --no-show-raw-insn "$program" | awk '
    /^[0-9a-f]+ </ { ours = index($0, "<sandbox::") > 0 }
    ours && /(call|bl) / { sub(/.*</, ""); sub(/>.*/, ""); sub(/[@(+].*/, ""); seen[$0] = 1 }
    END { for (name in seen) print name }')
  grep -qx '__stack_chk_fail' <<<"$calls" || wrong "$name: no function checks its stack"
  ! grep -qxE '__[a-z]+_chk' <<<"$calls" || checked=yes
  grep -qxE 'std::__(glibcxx_assert_fail|replacement_assert)' <<<"$calls" || wrong "$name: no function checks an index"
done
# The launcher may well have no buffer whose size the compiler cannot judge.
[ "$checked" = yes ] || wrong "no function of any program calls a checked one of the C library"
exit "$failed"
